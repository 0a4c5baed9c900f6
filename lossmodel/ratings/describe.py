"""What was rated, before anything is tested: each condition over all items, and in each item.

Means stand with the interval for other assessors and items (`inference.crossed`); beside it the BCa one, which assumes
no distribution and is too narrow below about ten assessors.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lossmodel.ratings.estimate import Values
from lossmodel.ratings.inference.crossed import crossed_mean
from lossmodel.ratings.inference.cube import Cube, cube
from lossmodel.ratings.inference.resampling import resample
from lossmodel.ratings.modes import one_mode_p

SCALE = (0.0, 100.0)
ONE_MODE_LEVEL = 0.05
WHISKER_IQRS = 1.5
"""Interquartile ranges beyond the quartiles from which a rating is called an outlier (Tukey 1977)."""


@dataclass(frozen=True)
class Summary:
    """The ratings of one condition; of one item, or of all where `item` is "". None: not computable, see `rule`.

    `low` and `high` are the mean's 95 % interval by Student's t, cut at the ends of the scale; `bca_low`, `bca_high` by
    resampling; `median_low`, `median_high` the median's. `one_mode_p` is Silverman's p-value of "one mode", and
    `outliers` counts ratings beyond Tukey's fences; none is dropped.
    """

    condition: str
    role: str
    item: str
    ratings: int
    assessors: int
    items: int
    median: float
    q1: float
    q3: float
    mean: float
    low: float | None
    high: float | None
    sd: float | None
    bca_low: float | None
    bca_high: float | None
    median_low: float | None
    median_high: float | None
    one_mode_p: float | None
    outliers: int
    rule: str

    @property
    def has_several_modes(self) -> bool:
        """Return whether the ratings crowd in more than one place, at 5 %."""
        return self.one_mode_p is not None and self.one_mode_p < ONE_MODE_LEVEL


def summaries(frame: pd.DataFrame, *, seed: int = 0) -> list[Summary]:
    """Return one summary a condition, over all its items, for the ratings of one panel."""
    ratings = cube(frame)
    return [
        _summary(str(condition), str(role), "", own["score"].to_numpy(np.float64), _scores(ratings, condition), seed)
        for (condition, role), own in frame.groupby(["condition", "role"], sort=True)
    ]


def item_summaries(frame: pd.DataFrame, *, seed: int = 0) -> list[Summary]:
    """Return one summary a condition and item, for the ratings of one panel; without resampling."""
    ratings = cube(frame)
    places = {name: at for at, name in enumerate(ratings.items)}
    return [
        _summary(str(condition), str(role), str(item), own["score"].to_numpy(np.float64),
                 ratings.of(str(condition))[:, [places[str(item)]]], seed, resampled=False)
        for (condition, role, item), own in frame.groupby(["condition", "role", "item"], sort=True)
    ]  # fmt: skip


def quartiles(scores: Values) -> tuple[float, float]:
    """Return the medians of the lower and the upper half (BS.1534-3 §4.1.3); the middle of an odd count is in neither.

    >>> quartiles(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    (1.5, 4.5)
    """
    ordered = np.sort(scores)
    half = max(len(ordered) // 2, 1)
    return float(np.median(ordered[:half])), float(np.median(ordered[-half:]))


def outliers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings of one panel beyond Tukey's fences of their condition and item: to look at, not to drop."""
    parts = [own[_is_outlier(own["score"].to_numpy(np.float64))] for own in _cells(frame)]
    return pd.concat(parts) if parts else frame.iloc[:0]


def _cells(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for _, own in frame.groupby(["condition", "item"], sort=True):
        yield own


def _is_outlier(scores: Values) -> np.ndarray:
    q1, q3 = quartiles(scores)
    reach = WHISKER_IQRS * (q3 - q1)
    found: np.ndarray = (scores < q1 - reach) | (scores > q3 + reach)
    return found


def _scores(ratings: Cube, condition: object) -> Values:
    return ratings.of(str(condition))


def _on_scale(interval: tuple[float, float] | None) -> tuple[float | None, float | None]:
    return (max(interval[0], SCALE[0]), min(interval[1], SCALE[1])) if interval else (None, None)


def _summary(
    condition: str, role: str, item: str, scores: Values, cells: Values, seed: int, *, resampled: bool = True
) -> Summary:
    mean = crossed_mean(cells)
    low, high = _on_scale(mean.interval())
    drawn = resample(cells, seed=seed) if resampled else None
    q1, q3 = quartiles(scores)
    return Summary(
        condition, role, item,
        ratings=len(scores), assessors=mean.assessors, items=mean.items,
        median=float(np.median(scores)), q1=q1, q3=q3,
        mean=mean.value, low=low, high=high, sd=float(scores.std(ddof=1)) if len(scores) > 1 else None,
        bca_low=drawn.mean[0] if drawn else None, bca_high=drawn.mean[1] if drawn else None,
        median_low=drawn.median[0] if drawn else None, median_high=drawn.median[1] if drawn else None,
        one_mode_p=one_mode_p(scores, seed=seed), outliers=int(np.count_nonzero(_is_outlier(scores))), rule=mean.rule,
    )  # fmt: skip
