"""Pictures of a forecast as plain SVG: who rates which item, and how the interval shrinks with assessors."""

from collections.abc import Mapping
from dataclasses import dataclass

from listening.design import Design, plan
from listening.design.incomplete import CELLS_OF_A_ROUND
from lossmodel.ratings import forecast
from lossmodel.ratings.components import Components
from lossmodel.ratings.forecast import Panel

SHOWN_SITTINGS = CELLS_OF_A_ROUND
"""One round of the plan: after it, every item was rated equally often."""
STEP = 20
CURVE_WIDTH, CURVE_HEIGHT, CURVE_POINTS = 560, 220, 40


@dataclass(frozen=True)
class Square:
    """One item in one sitting: where it stands, and whether it is rated twice there."""

    x: int
    y: int
    twice: bool


@dataclass(frozen=True)
class PlanPicture:
    """Items downwards, sittings to the right; `counts` are how often each item is rated in the round."""

    squares: list[Square]
    rows: list[tuple[str, int, int]]
    """(name, y of its text, sittings) of each item."""
    width: int
    height: int


@dataclass(frozen=True)
class Curve:
    """Half-widths in points against assessors: two lines, where the panel stands, and the ticks of both axes."""

    mean: str
    difference: str
    here: tuple[float, float, float]
    """x of the panel, and y of both half-widths there."""
    across: list[tuple[float, int]]
    up: list[tuple[float, float]]
    width: int = CURVE_WIDTH
    height: int = CURVE_HEIGHT


def plan_picture(design: Design, *, names: Mapping[int, str]) -> PlanPicture:
    """Return the first round of a plan as squares."""
    places = {item: place for place, item in enumerate(sorted(design.items, key=lambda item: names[item]))}
    squares, counts = [], dict.fromkeys(places, 0)
    for cell in range(SHOWN_SITTINGS):
        pages = [page for page in plan(design, cell) if not page.attention]
        twice = {page.item for page in pages if page.replicate}
        for item in {page.item for page in pages}:
            counts[item] += 1
            squares.append(Square(cell * STEP, places[item] * STEP, item in twice))
    rows = [(names[item], place * STEP + STEP // 2, counts[item]) for item, place in places.items()]
    return PlanPicture(squares, rows, SHOWN_SITTINGS * STEP, len(places) * STEP)


def curve(own: Panel, parts: Components) -> Curve:
    """Return how the half-widths of a mean and of a difference shrink up to twice the panel."""
    most = max(40, 2 * own.assessors)
    panels = sorted({4 + round((most - 4) * step / CURVE_POINTS) for step in range(CURVE_POINTS + 1)})
    tops = {number: _half_widths(own, parts, number) for number in {*panels, max(4, own.assessors)}}
    highest = max(0.1, *(max(pair) for pair in tops.values()))
    across = {number: round(CURVE_WIDTH * number / most, 1) for number in tops}

    def up(points: float) -> float:
        return round(CURVE_HEIGHT * (1 - points / highest), 1)

    lines = [" ".join(f"{across[number]},{up(tops[number][which])}" for number in panels) for which in (0, 1)]
    here = max(4, own.assessors)
    tick = _tick(highest)
    return Curve(
        lines[0], lines[1], (across[here], up(tops[here][0]), up(tops[here][1])),
        [(CURVE_WIDTH * share / 4, round(most * share / 4)) for share in range(1, 5)],
        [(up(each * tick), each * tick) for each in range(1, int(highest / tick) + 1)],
    )  # fmt: skip


def _half_widths(own: Panel, parts: Components, assessors: int) -> tuple[float, float]:
    panel = Panel(assessors, own.items, own.items_each, own.replicates)
    return forecast.mean_half_width(panel, parts), forecast.difference_half_width(panel, parts)


def _tick(highest: float) -> float:
    """Return the distance of ticks that makes three to seven of them up to `highest`.

    >>> [_tick(highest) for highest in (4.0, 12.0, 31.0)]
    [1, 2, 5]
    """
    return next(step for step in (1, 2, 5, 10, 20, 50) if highest / step < 7)
