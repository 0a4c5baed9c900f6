"""The scales of webMUSHRA's Likert pages: which points they have, and whether these stand in an order of merit.

A page lists its points with a value and a label each. They are ordered if their values are numbers, if the page marks
the points below the one that is chosen (`imgHigherResponseSelected`), or if their labels are grades that are known here
(Bad … Excellent, Very annoying … Imperceptible), from either end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from listening.importers.webmushra_yaml import as_text, mappings
from listening.presets import PRESETS, AttributeText, Form

IMPAIRMENT = ("very annoying", "annoying", "slightly annoying", "perceptible, but not annoying", "imperceptible")
"""The grades of ITU-R BS.1116-3, 1 to 5."""


@dataclass(frozen=True)
class Scale:
    """The points of a scale by their value; scores 0–100, none where they have no order; both ends by their label."""

    values: tuple[str, ...]
    scores: tuple[float, ...] = ()
    low: str = ""
    high: str = ""


def scales_of(page: Mapping[str, Any]) -> list[Scale]:
    """Return the scales of a page: one, or several where its `response` is a list of lists."""
    response = page.get("response")
    listed = response if isinstance(response, list) and all(isinstance(each, list) for each in response) else [response]
    return [scale for own in listed if (scale := _scale(mappings(own))).values]


def attributes_of(scales: Sequence[Scale]) -> dict[Scale, AttributeText]:
    """Return the attribute of each scale: that of ACR for its grades, else one called `scale`, or `scale-1` …"""
    distinct = list(dict.fromkeys(scale for scale in scales if scale.scores))
    known = PRESETS["acr"].attributes[0]
    names = {scale: f"scale-{n}" if len(distinct) > 1 else "scale" for n, scale in enumerate(distinct, start=1)}
    return {
        scale: known
        if (scale.low, scale.high, len(scale.values)) == (known.low, known.high, 5)
        else AttributeText(
            name, name.replace("-", " ").capitalize(), f"{scale.low} – {scale.high}", "", scale.low, scale.high
        )
        for scale, name in names.items()
    }


def _scale(points: Sequence[Mapping[str, Any]]) -> Scale:
    values = tuple(as_text(point.get("value")) for point in points)
    labels = [as_text(point.get("label")) or value for point, value in zip(points, values, strict=True)]
    if len(set(values)) < max(2, len(values)):
        return Scale(values)
    marked = any(point.get("imgHigherResponseSelected") for point in points)
    scores = _by_number(values) or _by_grade(labels) or (_evenly(len(values)) if marked else ())
    if not scores:
        return Scale(values)
    ends = {score: label[:80] for score, label in zip(scores, labels, strict=True)}
    return Scale(values, scores, ends[0.0], ends[100.0])


def _by_number(values: Sequence[str]) -> tuple[float, ...]:
    """Return the scores of values that are numbers, as far apart as these are; none for other values."""
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return ()
    low, high = min(numbers), max(numbers)
    return tuple(100 * (number - low) / (high - low) for number in numbers) if low < high < float("inf") else ()


def _by_grade(labels: Sequence[str]) -> tuple[float, ...]:
    """Return the scores of labels that are a list of grades known here; none for other labels."""
    lists = [method.rules.choices for method in PRESETS.values() if method.rules.form == Form.CATEGORY]
    known = {tuple(grade.casefold() for grade in grades) for grades in [*lists, IMPAIRMENT]}
    said = tuple(label.casefold() for label in labels)
    rising = _evenly(len(said))
    return rising if said in known else rising[::-1] if said[::-1] in known else ()


def _evenly(count: int) -> tuple[float, ...]:
    return tuple(100 * place / (count - 1) for place in range(count))
