"""Points of an analysis as plain SVG: every point a stimulus, and a way to hear it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SIDE = 300
"""Units of the picture that 100 points take."""
STRIP = 56
"""Height of a condition's row: its name, its mean with its interval, its stimuli."""
LANES, LANE = 4, 6
"""Stimuli of a condition stand in so many lanes, units apart, so that equal means do not hide each other."""
MAX_DOTS = 600
"""Stimuli drawn as points of all conditions; of a larger test, evenly chosen items."""
Sounds = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Dot:
    """One stimulus: where it stands, its interval along x, what is said of it, and its sound."""

    x: float
    y: float
    low: float | None
    high: float | None
    words: str
    audio: int | None


@dataclass(frozen=True)
class Scatter:
    """The picture, with what predicted, whether it was held out, and how well it agrees."""

    dots: list[Dot]
    found: Mapping[str, Any]
    ticks: list[tuple[int, int, int]]
    """(x, y, points) of both axes."""
    side: int = SIDE


@dataclass(frozen=True)
class Row:
    """One condition: where its name and its mean stand, its interval along x, and its stimuli."""

    name: str
    top: int
    x: float
    y: int
    low: float | None
    high: float | None
    dots: list[Dot]


@dataclass(frozen=True)
class Strip:
    """The rows of the conditions, with how many of the items are drawn."""

    rows: list[Row]
    ticks: list[tuple[int, int]]
    """(x, points) of the axis."""
    shown: int
    items: int
    side: int = SIDE

    @property
    def height(self) -> int:
        """Return the height of all rows."""
        return STRIP * len(self.rows)


def scatter(found: Mapping[str, Any] | None, sounds: Sounds) -> Scatter | None:
    """Return the picture of what an analysis found of predictions; None where there were none."""
    if found is None:
        return None
    dots = [_predicted(each, sounds) for each in found["points"]]
    return Scatter(dots, found, [(x, SIDE - x, points) for x, points in _ticks()])


def strips(conditions: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]], sounds: Sounds) -> Strip:
    """Return a row for each of `conditions`, in their order, with the means of `items`, one an item and condition."""
    names = sorted({each["item"] for each in items})
    shown = names[:: math.ceil(len(items) / MAX_DOTS) or 1]
    cells = {(each["item"], each["condition"]): each for each in items}
    rows = [
        _row(each, STRIP * number, [found for name in shown if (found := cells.get((name, each["condition"])))], sounds)
        for number, each in enumerate(conditions)
    ]
    return Strip(rows, _ticks(), len(shown), len(names))


def _row(found: Mapping[str, Any], top: int, items: Sequence[Mapping[str, Any]], sounds: Sounds) -> Row:
    low, high = _interval(found)
    dots = [
        Dot(
            _along(each["mean"]), top + 31 + LANE * (number % LANES), None, None,
            f"{each['item']}, {each['condition']}: {each['mean']:.0f}", sounds.get((each["item"], each["condition"])),
        )
        for number, each in enumerate(items)
    ]  # fmt: skip
    return Row(found["condition"], top, _along(found["mean"]), top + 22, low, high, dots)


def _predicted(each: Mapping[str, Any], sounds: Sounds) -> Dot:
    words = f"{each['item']}, {each['condition']}: {each['rated']:.0f} / {each['predicted']:.0f}"
    place = _along(each["predicted"]), round(SIDE - _along(each["rated"]), 1)
    return Dot(*place, *_interval(each), words, sounds.get((each["item"], each["condition"])))


def _interval(each: Mapping[str, Any]) -> tuple[float | None, float | None]:
    low, high = (None if each[end] is None else _along(each[end]) for end in ("low", "high"))
    return low, high


def _ticks() -> list[tuple[int, int]]:
    return [(SIDE * points // 100, points) for points in range(0, 101, 25)]


def _along(points: float) -> float:
    return round(SIDE * min(max(points, 0), 100) / 100, 1)
