"""What a row of webMUSHRA's results says of its sounds: choices, two scores at once, points of a Likert scale.

What we have exported ourselves has one shape for every method: a row a rating, as in `mushra.csv`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from listening.importers.tables import number
from listening.importers.webmushra_likert import Scale
from listening.importers.webmushra_sittings import REFERENCE, Page, Row, Sheet
from listening.importers.webmushra_types import BS1116, LIKERT_MULTI, MUSHRA, PAIRED
from listening.presets import AttributeText
from lossmodel.errors import BadInput

ANSWERS: Mapping[str, tuple[float, float]] = {"correct": (100, 0), "incorrect": (0, 100), "undecided": (50, 50)}
"""The ratings of the hidden reference and of the other sound by what was chosen; `correct` is the reference."""
UNANSWERED = frozenset({"unknown", "na", ""})
IMPAIRMENT_SCALE = (1.0, 5.0)


@dataclass(frozen=True)
class Reading:
    """How scores are read: the ends of their scale, the attribute of each Likert scale, what the conditions are called.

    `left_out` takes a sentence for each row without an answer.
    """

    low: float
    high: float
    attributes: Mapping[Scale, AttributeText] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def score(self, where: str, row: Mapping[str, str], column: str) -> float:
        """Return a score on 0–100; `BadInput` for none, and outside the scale."""
        score = number(where, column, row.get(column))
        if not self.low <= score <= self.high:
            raise BadInput(f"{where}: score {score:g}; scores must be from {self.low:g} to {self.high:g}")
        return 100 * (score - self.low) / (self.high - self.low) if (self.low, self.high) != (0, 100) else score


Rated = tuple[str, Row, str, float]
"""The attribute, the row, the element, and its score."""


def trials(page: Page, sheet: Sheet, read: Reading) -> Iterator[tuple[int, list[Rated]]]:
    """Yield the trials of a page: their part of it, and what was rated in each."""
    if sheet.type == MUSHRA or page.ours:
        rated = [
            (page.attribute, row, row[1]["rating_stimulus"], read.score(*row, "rating_score")) for row in page.rows
        ]
        yield page.part, rated
    elif sheet.type in {PAIRED, BS1116}:
        for row in page.rows:
            if two := _two(row, sheet.type, read):
                own = row[1]["rating_stimulus"]
                both = [(page.attribute, row, name, score) for name, score in zip((REFERENCE, own), two, strict=True)]
                yield _place(sheet, row), both
    else:
        yield from _graded(page, sheet, read)


def _two(row: Row, kind: str, read: Reading) -> tuple[float, float] | None:
    """Return the scores of the reference and of the other sound; None where nothing was answered."""
    where, cells = row
    if kind == BS1116:
        return read.score(where, cells, "rating_reference_score"), read.score(where, cells, "rating_score")
    answer = cells["rating_score"].strip().casefold()
    if answer in UNANSWERED:
        read.left_out.append(f"{where}: nothing was chosen")
        return None
    if answer not in ANSWERS:
        raise BadInput(f"{where}: choice_answer {cells['rating_score']!r}; known are {', '.join(ANSWERS)}, unknown")
    return ANSWERS[answer]


def _graded(page: Page, sheet: Sheet, read: Reading) -> Iterator[tuple[int, list[Rated]]]:
    """Yield the trials of a Likert page: a scale at a time, all sounds together or one after the other."""
    for place, scale in enumerate(sheet.scales, start=1):
        if not scale.scores:
            continue
        rated = [
            (read.attributes[scale].key, row, row[1]["rating_stimulus"], score)
            for row in page.rows
            if (score := _point(row, place, scale, read)) is not None
        ]
        if sheet.type == LIKERT_MULTI:
            yield 0, rated
        else:
            yield from ((_place(sheet, one[1]), [one]) for one in rated)


def _point(row: Row, place: int, scale: Scale, read: Reading) -> float | None:
    """Return the score of a row on its scale number `place`; None where nothing was said."""
    where, cells = row
    column = "rating_score" if place == 1 else f"stimuli_rating{place}"
    said = cells.get(column, "").strip()
    if said.casefold() in UNANSWERED:
        read.left_out.append(f"{where}: {cells['rating_stimulus']} was not rated")
        return None
    if said not in scale.values:
        raise BadInput(f"{where}: {said!r} is no point of its page's scale; known are {', '.join(scale.values)}")
    return scale.scores[scale.values.index(said)]


def without_order(page: Page, sheet: Sheet) -> Iterator[tuple[Row, str]]:
    """Yield what was replied on scales whose points have no order."""
    for place, scale in enumerate(sheet.scales, start=1):
        column = "rating_score" if place == 1 else f"stimuli_rating{place}"
        yield from ((row, row[1].get(column, "").strip()) for row in page.rows if not scale.scores and not page.ours)


def _place(sheet: Sheet, row: Row) -> int:
    """Return which of the page's sounds the row is of; `BadInput` for none of them."""
    where, cells = row
    names: Sequence[str] = [*sheet.files, *sheet.made]
    if cells["rating_stimulus"] not in names:
        raise BadInput(
            f"{where}: no sound of page {sheet.id!r} is called {cells['rating_stimulus']!r}; add it or the row"
        )
    return names.index(cells["rating_stimulus"])
