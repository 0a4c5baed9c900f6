"""The ratings that webMUSHRA's `write.php`, or pymushra, has written, with comments and questionnaires as replies."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from listening import presets
from listening.importers.account import counted
from listening.importers.options import Options
from listening.importers.published import COMMENT, Asked, Line, Said
from listening.importers.tables import number, read_rows
from listening.importers.webmushra_sittings import (
    QUALITY,
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
from listening.importers.webmushra_yaml import as_text, mappings
from listening.models import Question
from listening.presets import AttributeText
from listening.stimuli import HIDDEN_REFERENCE
from lossmodel.cells import restored
from lossmodel.errors import BadInput

NEEDED = ("trial_id", "rating_stimulus", "rating_score")
OWN = frozenset({"session_test_id", "session_uuid", *NEEDED, "rating_time", "rating_comment"})
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


NO_RESULTS = Results()


def read_results(
    path: Path, slug: str, sheets: Sequence[Sheet], options: Options, asked: Mapping[str, Mapping[str, Any]]
) -> Results:
    """Return the ratings of the pages `sheets`, with comments and the columns of the questionnaire as replies.

    Raises `BadInput` for a file that is no table of ratings, scores of a scale that is not told, and rows that cannot
    be put to a page.
    """
    notes: list[str] = []
    table = [(where, _as_typed(row)) for where, row in read_rows(path, NEEDED, aliases=PYMUSHRA, note=notes.append)]
    rows, left_out = _ratings(path, table, sheets)
    own = OWN | TECHNICAL | (OUR_COLUMNS if is_ours(rows[0][1]) else frozenset())
    columns = [name for name in rows[0][1] if name not in own]
    sittings = sittings_of(rows, slug, sheets, columns, options.session_column)
    low, high = _scale(path, rows, options)
    if (low, high) != (0.0, 100.0):
        notes.append(f"scores from {low:g} to {high:g} became 0 to 100")
    if not options.session_column and not rows[0][1].get("session_uuid"):
        notes.append(f"{path.name} names no sessions: a session ends where the person changes or a page is repeated")
    once = [answered_once(pages, Counter(sheet.id for sheet in sheets), left_out) for pages in sittings.values()]
    placed = [(page, sheet) for pages in once for page, sheet in placed_on(pages, sheets)]
    questions, said = _replies(placed, columns, asked)
    lines = [line for page, sheet in placed for line in _lines(page, sheet, low, high)]
    return Results(lines, _attributes(lines), questions, said, notes, left_out)


def _as_typed(row: dict[str, str]) -> dict[str, str]:
    """Return the cells of a row; those of a table of ours without the sign that makes them no formulas."""
    return {name: restored(cell) for name, cell in row.items()} if is_ours(row) else row


def _ratings(path: Path, table: Sequence[Row], sheets: Sequence[Sheet]) -> tuple[list[Row], list[str]]:
    """Return the rows of known pages of sliders, and how many rows of what others are left out."""
    known = {sheet.id for sheet in sheets}
    other: Counter[str] = Counter()
    rows = []
    for where, row in table:
        if row.get("wm_type", "mushra") == "mushra" and split_id(row["trial_id"], known)[0] in known:
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
    left_out = [f"{counted(count, 'row')} of page {name!r}, no page of sliders" for name, count in other.items()]
    return rows, left_out


def _scale(path: Path, rows: Sequence[Row], options: Options) -> tuple[float, float]:
    """Return the ends of the scale: as told, or 0 and 100 unless the scores look like those of a few points."""
    if options.scale:
        return options.scale
    scores = [number(where, "rating_score", row["rating_score"]) for where, row in rows]
    if max(scores) <= FEW_POINTS and all(score.is_integer() for score in scores):
        low, high = min(scores), max(scores)
        raise BadInput(
            f"{path}: all {len(scores)} scores are whole numbers from {low:g} to {high:g}; give their scale: "
            "--scale 1-5 for five points, or --scale 0-100"
        )
    return 0.0, 100.0


def _lines(page: Page, sheet: Sheet, low: float, high: float) -> Iterator[Line]:
    for where, row in page.rows:
        element, score = row["rating_stimulus"], number(where, "rating_score", row["rating_score"])
        if not low <= score <= high:
            raise BadInput(f"{where}: score {score:g}; scores must be from {low:g} to {high:g}")
        yield Line(
            where=where,
            sitting=page.sitting,
            assessor=page.assessor,
            attribute=page.attribute,
            item=sheet.item,
            condition=sheet.conditions.get(element) or OURS.get(element, element),
            score=100 * (score - low) / (high - low) if (low, high) != (0.0, 100.0) else score,
            position=page.position,
            seconds=number(where, "rating_time", row["rating_time"]) / 1000 if row.get("rating_time") else None,
            part=page.part,
            simulated=is_ours(row) and row.get("simulated") == "True",
        )


def _attributes(lines: Sequence[Line]) -> list[AttributeText]:
    """Return the attributes where there are others than the preset's one, with the words of a method that has them."""
    keys = list(dict.fromkeys(line.attribute for line in lines))
    if keys == [QUALITY]:
        return []
    known = {text.key: text for method in presets.PRESETS.values() for text in method.attributes}
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
                name = sheet.conditions.get(element) or OURS.get(element, element)
                comments.append(Said(page.sitting, page.assessor, COMMENT, f"{sheet.item}, {name}: {text}"))
    return questions, [*said.values(), *comments]


def _question(name: str, entry: Mapping[str, Any]) -> Asked:
    options = [as_text(each.get("value")) for each in mappings(entry.get("response"))]
    kind = KINDS.get(as_text(entry.get("type")), Question.Kind.TEXT)
    return Asked(as_text(entry.get("label")) or name or "question", kind=kind, choices=options)
