"""What makes ratings differ: standard deviations of all that is crossed in a listening test.

    score[a, i, c] = level[c] + A[a] + I[i] + AI[a, i] + AC[a, c] + IC[i, c] + e,    all random parts normal

Assessors and items are random, systems are not (Shrout & Fleiss 1979, two-way random effects; here a third way).
"""

from dataclasses import dataclass, field
from itertools import combinations
from math import sqrt

import numpy as np

from lossmodel.errors import BadInput
from lossmodel.ratings.estimate import Values
from lossmodel.ratings.inference.crossed import CrossedMean, crossed_mean


@dataclass(frozen=True)
class Components:
    """What makes ratings of systems on one attribute differ: standard deviations in points (0-100)."""

    assessor: float
    """How high somebody rates on the whole."""
    item: float
    assessor_item: float
    assessor_condition: float
    """What somebody thinks of one system, on all items."""
    item_condition: float
    """How much better a system is on one item than on another, for all assessors."""
    residual: float
    """What is left: an assessor's opinion of one stimulus, and chance."""
    source: str = field(default="", compare=False)


PUBLISHED = Components(
    assessor=10.2, item=0.0, assessor_item=6.1, assessor_condition=6.2, item_condition=5.8, residual=13.0,
    source="SiSEC 2018 (Ward et al.): 24 assessors, 6 separators, 10 songs, overall similarity; items not told",
)  # fmt: skip
"""Of a published test of separated vocals, by `components`. In differences assessor, item and their pair cancel."""


def components(scores: Values, *, source: str = "") -> Components:
    """Return the components of a finished test. Shape: (assessors, items, systems), NaN as gaps.

    Without gaps they come from mean squares, a component below 0 being 0; `item` is then that of all systems together.
    With gaps, what matters for differences comes from the differences themselves: the mean over all pairs of half of
    what `crossed_mean` finds to vary in them, where a component below 0 counts as 0 in each pair, so that small ones
    come out a little large. `BadInput` where no two systems were rated by two assessors in two items.
    """
    if min(scores.shape) < 2:
        raise BadInput(f"{source or 'ratings'}: it takes two systems, rated by two assessors in the same two items")
    return _from_differences(scores, source) if np.isnan(scores).any() else _from_mean_squares(scores, source)


def differences(scores: Values) -> list[CrossedMean]:
    """Return the mean difference of every pair of systems in (assessors, items, systems), the first two first."""
    pairs = combinations(range(scores.shape[2]), 2)
    return [crossed_mean(scores[:, :, one] - scores[:, :, other]) for one, other in pairs]


def _from_mean_squares(scores: Values, source: str) -> Components:
    """Return the components whose expected mean squares are those of the table."""
    sizes = scores.shape
    rest = _mean_square(scores, 0, 1, 2)
    pairs = [_mean_square(scores.mean(way), 0, 1) * sizes[way] for way in range(3)]
    ways = [float(scores.mean(tuple(other for other in range(3) if other != way)).var(ddof=1)) for way in (0, 1)]
    assessor, item = (
        (own * scores.size / sizes[way] - pairs[1 - way] - pairs[2] + rest) * sizes[way] / scores.size
        for way, own in enumerate(ways)
    )
    squares = {
        "assessor": assessor, "item": item, "assessor_item": (pairs[2] - rest) / sizes[2],
        "assessor_condition": (pairs[1] - rest) / sizes[1], "item_condition": (pairs[0] - rest) / sizes[0],
        "residual": rest,
    }  # fmt: skip
    return Components(**{name: sqrt(max(square, 0.0)) for name, square in squares.items()}, source=source)


def _mean_square(scores: Values, *ways: int) -> float:
    """Return the mean square of what no lower effect explains."""
    for way in ways:
        scores = scores - scores.mean(way, keepdims=True)
    freedom = np.prod([size - 1 for size in scores.shape])
    return float((scores**2).sum() / freedom)


def _from_differences(scores: Values, source: str) -> Components:
    found = [each for each in differences(scores) if each.se is not None and min(each.assessors, each.items) > 1]
    if not found:
        raise BadInput(f"{source or 'ratings'}: it takes two systems, rated by two assessors in the same two items")
    by_condition, by_item, residual = (
        float(np.mean([getattr(each, name) for each in found])) / 2 for name in ("assessor", "item", "residual")
    )
    level, each = _levels(scores)
    squares = {
        "assessor": level.assessor - by_condition * each, "item": level.item - by_item * each,
        "assessor_item": level.residual - residual * each, "assessor_condition": by_condition,
        "item_condition": by_item, "residual": residual,
    }  # fmt: skip
    return Components(**{name: sqrt(max(square, 0.0)) for name, square in squares.items()}, source=source)


def _levels(scores: Values) -> tuple[CrossedMean, float]:
    """Return the mean over systems of what an assessor rated in an item, and the mean of 1 / (systems rated there)."""
    apart = scores - np.nanmean(scores, axis=(0, 1))
    rated = (~np.isnan(apart)).sum(axis=2)
    means = np.divide(np.nansum(apart, axis=2), rated, out=np.full(rated.shape, np.nan), where=rated > 0)
    return crossed_mean(means), float((1 / rated[rated > 0]).mean())
