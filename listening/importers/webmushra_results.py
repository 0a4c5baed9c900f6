"""The ratings that webMUSHRA's `write.php`, or pymushra, has written, with comments and questionnaires as replies."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from listening import presets
from listening.importers.import_report import counted
from listening.importers.options import Options
from listening.importers.published import COMMENT, Asked, Line, Said
from listening.importers.tables import Note, number, read_rows
from listening.importers.webmushra_answers import IMPAIRMENT_SCALE, Reading, trials, without_order
from listening.importers.webmushra_likert import attributes_of
from listening.importers.webmushra_sittings import (
    REFERENCE,
    Page,
    Row,
    Sheet,
    answered_once,
    is_ours,
    placed_on,
    sittings_of,
    split_id,
)
from listening.importers.webmushra_types import BS1116, MUSHRA, PageType
from listening.importers.webmushra_yaml import as_text, mappings
from listening.models import Question
from listening.presets import AttributeText
from listening.stimuli import HIDDEN_REFERENCE
from lossmodel.cells import restored
from lossmodel.errors import BadInput

NEEDED = ("trial_id", "rating_stimulus", "rating_score")
OWN = frozenset(
    {"session_test_id", "session_uuid", *NEEDED, "rating_time", "rating_comment", "choice_reference",
     "rating_reference", "rating_reference_score"}
)  # fmt: skip
FURTHER_SCALE = re.compile(r"stimuli_rating\d+")
"""The column of a Likert page's further scales."""
OUR_COLUMNS = frozenset({"participant", "simulated"})
"""Columns in which our own tables tell of the assessor; in others they are questions like any other."""
PYMUSHRA = MappingProxyType(
    {
        "wm_id": "trial_id", "wm_testId": "session_test_id", "questionaire_uuid": "session_uuid",
        "responses_stimulus": "rating_stimulus", "responses_score": "rating_score", "responses_time": "rating_time",
        "responses_comment": "rating_comment",
    }
)  # fmt: skip
"""How pymushra calls the columns in the tables that it gives out."""
TECHNICAL = frozenset({"wm_type", "wm_config", "wm_date"})
"""Columns of pymushra that nobody replied to."""

ANCHORS = {"anchor35": "lowpass-3500", "anchor70": "lowpass-7000"}
OURS = {REFERENCE: HIDDEN_REFERENCE, **ANCHORS}
"""How conditions are called here that webMUSHRA adds by itself."""

FEW_POINTS = 10.0
"""Whole scores that never exceed this come from a scale of a few points rather than from a slider up to 100."""
KINDS = {"number": Question.Kind.NUMBER, "likert": Question.Kind.CHOICE}


@dataclass(frozen=True)
class Results:
    """What a file of results holds, of which attributes, and what of it was left out."""

    lines: Sequence[Line] = ()
    attributes: Sequence[AttributeText] = ()
    questions: Mapping[str, Asked] = field(default_factory=dict)
    said: Sequence[Said] = ()
    notes: Sequence[str] = ()
    left_out: Sequence[str] = ()


def read_results(
    path: Path, slug: str, kind: PageType, sheets: Sequence[Sheet], options: Options,
    asked: Mapping[str, Mapping[str, Any]],
) -> Results:  # fmt: skip
    """Return the ratings of the pages `sheets`, with comments and the columns of the questionnaire as replies.

    Raises `BadInput` for a file that is no table of ratings, scores of a scale that is not told, and rows that cannot
    be put to a page.
    """
    notes: list[str] = []
    table = _table(path, kind, notes.append)
    rows, left_out = _ratings(path, table, kind, sheets)
    own = OWN | TECHNICAL | (OUR_COLUMNS if is_ours(rows[0][1]) else frozenset())
    columns = [name for name in rows[0][1] if name not in own and not FURTHER_SCALE.fullmatch(name)]
    graded = attributes_of([scale for sheet in sheets for scale in sheet.scales])
    texts = list(graded.values()) or [kind.attribute or presets.preset(kind.preset).attributes[0]]
    sittings = sittings_of(rows, slug, sheets, columns, options.session_column, texts[0].key)
    low, high = _scale(path, rows, kind, options)
    if (low, high) != (0.0, 100.0):
        notes.append(f"scores from {low:g} to {high:g} became 0 to 100")
    if not options.session_column and not rows[0][1].get("session_uuid"):
        notes.append(f"{path.name} names no sessions: a session ends where the person changes or a page is repeated")
    once = [answered_once(pages, Counter(sheet.id for sheet in sheets), left_out) for pages in sittings.values()]
    placed = [(page, sheet) for pages in once for page, sheet in placed_on(pages, sheets)]
    questions, said = _replies(placed, columns, asked)
    lines = list(_lines(placed, Reading(low, high, graded, left_out)))
    if not lines:
        raise BadInput(f"{path}: no rating in it: {'; '.join(left_out)}; take it away to import the test as a draft")
    return Results(lines, _attributes(lines, texts), questions, said, notes, left_out)


def _table(path: Path, kind: PageType, note: Note) -> list[Row]:
    """Return the rows of the file, columns called as in `mushra.csv`."""
    aliases = PYMUSHRA | kind.columns
    return [(where, _as_typed(row)) for where, row in read_rows(path, NEEDED, aliases=aliases, note=note)]


def _as_typed(row: dict[str, str]) -> dict[str, str]:
    """Return the cells of a row; those of a table of ours without the sign that makes them no formulas."""
    return {name: restored(cell) for name, cell in row.items()} if is_ours(row) else row


def _ratings(path: Path, table: Sequence[Row], kind: PageType, sheets: Sequence[Sheet]) -> tuple[list[Row], list[str]]:
    """Return the rows of known pages of the type, and how many rows of what others are left out."""
    known = {sheet.id for sheet in sheets}
    other: Counter[str] = Counter()
    rows = []
    for where, row in table:
        if row.get("wm_type", kind.name) == kind.name and split_id(row["trial_id"], known)[0] in known:
            rows.append((where, row))
        else:
            other[row["trial_id"]] += 1
    if not table:
        raise BadInput(f"{path}: contains no rating; remove it to import the test as a draft")
    if not rows:
        pages = ", ".join(sorted(map(repr, other))) or "none"
        raise BadInput(
            f"{path}: no rating of a page of the configuration; its pages are: {pages};"
            " give the results of this configuration"
        )
    left_out = [
        f"{counted(count, 'row')} of page {name!r}, no page of type {kind.name}" for name, count in other.items()
    ]
    return rows, left_out


def _scale(path: Path, rows: Sequence[Row], kind: PageType, options: Options) -> tuple[float, float]:
    """Return the ends of the scale: as told, or 0 and 100 unless the scores look like those of a few points."""
    if options.scale:
        return options.scale
    if kind.name != MUSHRA:
        return IMPAIRMENT_SCALE if kind.name == BS1116 and not is_ours(rows[0][1]) else (0.0, 100.0)
    scores = [number(where, "rating_score", row["rating_score"]) for where, row in rows]
    if max(scores) <= FEW_POINTS and all(score.is_integer() for score in scores):
        low, high = min(scores), max(scores)
        raise BadInput(
            f"{path}: all {len(scores)} scores are whole numbers from {low:g} to {high:g}; give their scale: "
            "--scale 1-5 for five points, or --scale 0-100"
        )
    return 0.0, 100.0


def _lines(placed: Sequence[tuple[Page, Sheet]], read: Reading) -> Iterator[Line]:
    """Yield every rating; where a page is several trials, each has a place of its own in the sitting."""
    places: Counter[str] = Counter()
    for page, sheet in placed:
        for part, rated in trials(page, sheet, read):
            whole = page.ours or sheet.type == MUSHRA
            position = page.position if whole else places[page.sitting]
            places[page.sitting] += 1
            for attribute, (where, row), element, score in rated:
                yield Line(
                    where, page.sitting, page.assessor, attribute, sheet.item, _condition(sheet, element), score,
                    position, _seconds(where, row), part, is_ours(row) and row.get("simulated") == "True",
                )  # fmt: skip


def _condition(sheet: Sheet, element: str) -> str:
    return sheet.conditions.get(element) or OURS.get(element, element)


def _seconds(where: str, row: Mapping[str, str]) -> float | None:
    return number(where, "rating_time", row["rating_time"]) / 1000 if row.get("rating_time") else None


def _attributes(lines: Sequence[Line], texts: Sequence[AttributeText]) -> list[AttributeText]:
    """Return the attributes that were rated, with the words of `texts` or else of a method that has them."""
    known = {text.key: text for method in presets.PRESETS.values() for text in method.attributes}
    known |= {text.key: text for text in texts}
    keys = dict.fromkeys(line.attribute for line in lines)
    return [known.get(key) or AttributeText(key, key, f"{key}?", "", "0", "100") for key in keys]


def _replies(
    placed: Sequence[tuple[Page, Sheet]], columns: Sequence[str], asked: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Asked], list[Said]]:
    """Return the columns of the questionnaire as questions that each sitting replied to once, and the comments."""
    questions = {name: _question(name, asked.get(name, {})) for name in columns}
    said = {
        (page.sitting, name): Said(page.sitting, page.assessor, name, page.rows[0][1][name])
        for page, _sheet in placed
        for name in columns
    }
    comments = []
    for page, sheet in placed:
        for _where, row in page.rows:
            if text := row.get("rating_comment", "").strip():
                element = row["rating_stimulus"]
                comments.append(_about(page, sheet, element, text))
        comments += [_about(page, sheet, row["rating_stimulus"], text) for (_, row), text in without_order(page, sheet)]
    return questions, [*said.values(), *comments]


def _about(page: Page, sheet: Sheet, element: str, text: str) -> Said:
    return Said(page.sitting, page.assessor, COMMENT, f"{sheet.item}, {_condition(sheet, element)}: {text}")


def _question(name: str, entry: Mapping[str, Any]) -> Asked:
    options = [as_text(each.get("value")) for each in mappings(entry.get("response"))]
    kind = KINDS.get(as_text(entry.get("type")), Question.Kind.TEXT)
    return Asked(as_text(entry.get("label")) or name or "question", kind=kind, choices=options)
