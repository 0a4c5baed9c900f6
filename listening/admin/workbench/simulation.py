"""The plan of a study by simulation: its systems, with fewer and more assessors and items, by the report's tests."""

from dataclasses import dataclass

from lossmodel.ratings import planning
from lossmodel.ratings.components import Components
from lossmodel.ratings.forecast import Panel
from lossmodel.ratings.planning import DesignPrecision, Question

MAX_DRAWS, MIN_DRAWS = 300, 50
WORK_OF_A_PAGE = 2.5e8
"""Scores of differences that are looked at while somebody waits: some four seconds."""
WORK_OF_A_PAIR = 4000
"""What a pair of systems costs besides its scores, in scores."""


@dataclass(frozen=True)
class Simulation:
    """Outlooks row by row: a number of items each, with each number of `assessors`; none where it takes too long."""

    assessors: list[int]
    rows: list[tuple[int, list[DesignPrecision]]]
    systems: int
    draws: int


def simulated(panel: Panel, systems: int, parts: Components, difference: float) -> Simulation:
    """Return what simulated tests say of the panel, of half of it and of twice as much, and the same with its items."""
    systems = max(2, systems)
    assessors, items = _around(panel.assessors), _around(panel.items_each)
    pairs = systems * (systems - 1) // 2
    work = sum(pairs * (WORK_OF_A_PAIR + 2 * people * number) for people in assessors for number in items)
    draws = min(MAX_DRAWS, int(WORK_OF_A_PAGE / work))
    if draws < MIN_DRAWS:
        return Simulation(assessors, [], systems, draws)
    found = planning.grid(assessors, items, Question(systems, difference), parts, draws=draws)
    rows = [(number, [each for each in found if each.items == number]) for number in items]
    return Simulation(assessors, rows, systems, draws)


def _around(number: int) -> list[int]:
    """Return half, all and twice of a number, at least two.

    >>> _around(9), _around(2)
    ([4, 9, 18], [2, 4])
    """
    return sorted({max(2, each) for each in (number // 2, number, 2 * number)})
