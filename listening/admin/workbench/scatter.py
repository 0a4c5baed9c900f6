"""Predicted against rated as plain SVG: every point a stimulus, and a way to hear it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SIDE = 300
"""Units of the picture that 100 points take."""


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


def scatter(found: Mapping[str, Any] | None, sounds: Mapping[tuple[str, str], int]) -> Scatter | None:
    """Return the picture of what an analysis found of predictions; None where there were none."""
    if found is None:
        return None
    dots = [_dot(each, sounds.get((each["item"], each["condition"]))) for each in found["points"]]
    ticks = [(SIDE * points // 100, SIDE - SIDE * points // 100, points) for points in range(0, 101, 25)]
    return Scatter(dots, found, ticks)


def _dot(each: Mapping[str, Any], audio: int | None) -> Dot:
    words = f"{each['item']}, {each['condition']}: {each['rated']:.0f} / {each['predicted']:.0f}"
    low, high = (None if each[end] is None else _along(each[end]) for end in ("low", "high"))
    return Dot(_along(each["predicted"]), round(SIDE - _along(each["rated"]), 1), low, high, words, audio)


def _along(points: float) -> float:
    return round(SIDE * min(max(points, 0), 100) / 100, 1)
