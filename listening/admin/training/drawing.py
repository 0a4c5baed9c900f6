"""Curves over steps as plain SVG: one drawing for each loss, one line for each training."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from listening.admin.training.metrics import Points

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 10, 28
LOGARITHMIC_FROM_RATIO = 20.0
"""A curve whose largest value is so many times its smallest is drawn on a logarithmic scale."""
MAX_POINTS = 300
"""Points of a line: what a screen can show."""


@dataclass(frozen=True)
class Line:
    """One training's curve: its `path` in the drawing, the newest value, and the place that decides its colour."""

    name: str
    place: int
    path: str
    last: float


@dataclass(frozen=True)
class Tick:
    """A number beside an axis, and where it stands."""

    text: str
    at: float


@dataclass(frozen=True)
class Drawing:
    """One loss over the steps of one or several trainings."""

    name: str
    lines: Sequence[Line]
    across: Sequence[Tick]
    upwards: Sequence[Tick]
    logarithmic: bool

    width, height, left, right, bottom = WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM


def drawings(runs: Mapping[str, Mapping[str, Points]], first: str = "total") -> list[Drawing]:
    """Return a drawing for each loss of `runs` (name of a run → loss → points), the one called `first` first."""
    names = dict.fromkeys(name for curves in runs.values() for name in curves)
    order = sorted(names, key=lambda name: (name != first, name == "norm"))
    return [
        drawing(name, {run: curves[name] for run, curves in runs.items() if name in curves}, list(runs))
        for name in order
    ]


def drawing(name: str, curves: Mapping[str, Points], order: Sequence[str]) -> Drawing:
    """Return one loss as lines within axes that hold all of them."""
    steps = [step for points in curves.values() for step, _value in points]
    values = [value for points in curves.values() for _step, value in points]
    low, high = min(values), max(values)
    logarithmic = low > 0 and high / low >= LOGARITHMIC_FROM_RATIO
    x = _scale(0, max(steps), LEFT, WIDTH - RIGHT)
    y = _scale(*((math.log(low), math.log(high)) if logarithmic else (low, high)), HEIGHT - BOTTOM, TOP)

    def height(value: float) -> float:
        return y(math.log(value) if logarithmic else value)

    lines = [
        Line(run, order.index(run), _path((x(step), height(value)) for step, value in thinned(points)), points[-1][1])
        for run, points in curves.items()
    ]
    middle = math.sqrt(low * high) if logarithmic else (low + high) / 2
    upwards = [Tick(f"{value:.3g}", height(value)) for value in dict.fromkeys((low, middle, high))]
    across = [Tick(f"{step:,}", x(step)) for step in dict.fromkeys((0, max(steps) // 2, max(steps)))]
    return Drawing(name, lines, across, upwards, logarithmic)


def thinned(points: Points) -> Points:
    """Return at most `MAX_POINTS` points: the means of neighbours."""
    size = math.ceil(len(points) / MAX_POINTS)
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [(group[-1][0], sum(value for _step, value in group) / len(group)) for group in groups]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = (high - low) or 1.0
    return lambda value: round(start + (value - low) / span * (end - start), 1)


def _path(places: Iterable[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:g} {y:g}" for x, y in places)
