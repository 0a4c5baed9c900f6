"""Intervals by resampling assessors and items at once: no distribution is assumed, both are samples.

The product of two bootstraps (Owen 2007, "The pigeonhole bootstrap") counts each rating as often as its assessor was
drawn times as often as its item was. The means' interval is bias-corrected and accelerated (BCa; Efron 1987).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from lossmodel.ratings.estimate import Values

DRAWS = 1000
MAX_WEIGHTS_HELD = 2_000_000

Interval = tuple[float, float]


@dataclass(frozen=True)
class Resampled:
    """95 % intervals of a mean (BCa) and of a median (percentiles) over other assessors and items."""

    mean: Interval
    median: Interval


def resample(scores: Values, *, seed: int = 0, draws: int = DRAWS, level: float = 0.95) -> Resampled | None:
    """Return the intervals for `scores`, shape (assessors, items) with NaN as gaps; None for fewer than two assessors.

    One item is not resampled: the intervals are then for that item. The same scores and seed give the same intervals.
    """
    person, item = np.nonzero(~np.isnan(scores))
    if len(np.unique(person)) < 2:
        return None
    cells = scores[person, item]
    order = np.argsort(cells, kind="stable")
    means, medians = _draws(cells[order], person[order], item[order], scores.shape, seed, draws)
    tails = np.array([0.5 - level / 2, 0.5 + level / 2])
    mean = np.quantile(means, _bca(tails, means, float(cells.mean()), _left_out(scores)))
    median = np.quantile(medians, tails)
    return Resampled((float(mean[0]), float(mean[1])), (float(median[0]), float(median[1])))


def _draws(
    cells: Values, person: NDArray[np.intp], item: NDArray[np.intp], shape: tuple[int, ...], seed: int, draws: int
) -> tuple[Values, Values]:
    """Return mean and (lower) median of each draw; `cells` ascend, so that weights replace sorting."""
    rng = np.random.default_rng(seed)
    means, medians = [], []
    for count in _blocks(draws, len(cells)):
        weights = _times(rng, shape[0], count)[:, person] * _times(rng, shape[1], count)[:, item]
        total = weights.sum(axis=1)
        drawn = total > 0
        weights, total = weights[drawn], total[drawn]
        means.append(weights @ cells / total)
        medians.append(cells[(weights.cumsum(axis=1) >= total[:, None] / 2).argmax(axis=1)])
    return np.concatenate(means), np.concatenate(medians)


def _times(rng: np.random.Generator, n: int, draws: int) -> Values:
    """Return how often each of `n` was drawn, shape (draws, n)."""
    return rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64)


def _blocks(draws: int, size: int) -> Iterator[int]:
    most = max(1, MAX_WEIGHTS_HELD // size)
    for start in range(0, draws, most):
        yield min(most, draws - start)


def _bca(tails: Values, drawn: Values, observed: float, left_out: Values) -> Values:
    """Return `tails` moved for the bias of the draws and the acceleration seen in `left_out` (Efron 1987, eq. 6.6)."""
    below = (np.count_nonzero(drawn < observed) + np.count_nonzero(drawn <= observed)) / (2 * len(drawn))
    bias = ndtri(np.clip(below, 1 / (2 * len(drawn)), 1 - 1 / (2 * len(drawn))))
    apart = left_out.mean() - left_out
    spread = (apart**2).sum() ** 1.5
    acceleration = (apart**3).sum() / (6 * spread) if spread > 0 else 0.0
    moved = bias + ndtri(tails)
    found: Values = ndtr(bias + moved / (1 - acceleration * moved))
    return found


def _left_out(scores: Values) -> Values:
    """Return the mean without each assessor in turn, then without each item where there are several."""
    total, count = np.nansum(scores), np.count_nonzero(~np.isnan(scores))
    axes = (1, 0) if scores.shape[1] > 1 else (1,)
    found = []
    for axis in axes:
        sums, counts = np.nansum(scores, axis=axis), np.count_nonzero(~np.isnan(scores), axis=axis)
        some = (counts > 0) & (counts < count)
        found.append((total - sums[some]) / (count - counts[some]))
    return np.concatenate(found)
