"""An objective beside every metric, on the same stimuli and the same resampled songs: how well each agrees with people.

The trick: a resample of songs is a row of counts, so that every measure of every draw is a product of matrices, and
the difference of two predictors is taken draw by draw (a paired bootstrap), never between two separate intervals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lossmodel.metrics.families import HIGHER_IS_BETTER
from lossmodel.ratings.estimate import Estimate

Numbers = NDArray[np.float64]

RESAMPLES: Final = 1000
MIN_SONGS: Final = 3
"""Songs below which nothing is said of a metric: a line through the other songs needs two."""

ZERO_VARIANCE_PRODUCT: Final = 1e-12
"""Product of two variances below which one of them is none."""

CORRELATIONS: Final = ("pearson", "spearman", "within")
MEASURES: Final = (*CORRELATIONS, "rmse")
INTERVAL_RULE: Final = f"percentiles of {RESAMPLES:,} resamplings of songs, 95 %"
PAIRED_INTERVAL_RULE: Final = f"objective minus metric on the same songs, {INTERVAL_RULE}"


@dataclass(frozen=True)
class MetricComparison:
    """A metric alone on one attribute, and what the objective has more of each measure.

    `measures` and `differences` are by `MEASURES`. The correlations are the metric's own, turned round where lower is
    better; for the RMSE (points) it is put on the scale by a line fitted to the other songs. A difference above 0 is
    the objective's advantage in a correlation, below 0 in RMSE.
    """

    metric: str
    stimuli: int
    songs: int
    measures: Mapping[str, Estimate]
    differences: Mapping[str, Estimate]


def sampled(table: pd.DataFrame, seed: int) -> dict[str, Numbers]:
    """Return each of `MEASURES` and `coverage` as (1 + RESAMPLES,): first of the table as it is, then of each draw.

    `table` has item, rated, predicted, low and high (0-100). The draws depend on the seed and the number of songs
    alone, and are those of `evaluate.measure`. `within` is the mean of the Spearman correlations inside each song.
    """
    songs, index = np.unique(table["item"].to_numpy(dtype=str), return_inverse=True)
    drawn = np.random.default_rng(seed).integers(len(songs), size=(RESAMPLES, len(songs)))
    counts = np.stack([np.ones(len(songs)), *(np.bincount(each, minlength=len(songs)) for each in drawn)])
    x, y, low, high = (table[name].to_numpy(dtype=float) for name in ("rated", "predicted", "low", "high"))
    weights = counts[:, index]
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = np.array([_rank_correlation(x[index == song], y[index == song]) for song in range(len(songs))])
        return {
            "pearson": _correlations(x, y, weights),
            "spearman": _correlations(_ranks(x, weights), _ranks(y, weights), weights),
            "within": _means(inside, counts),
            "rmse": np.sqrt(_means((x - y) ** 2, weights)),
            "coverage": _means(((low <= x) & (x <= high)).astype(float), weights),
        }


def estimate(draws: Numbers, n: int, rule: str = INTERVAL_RULE) -> Estimate:
    """Return the first value with the 95 % percentile interval of the others; NaN where they have none."""
    if np.isnan(draws[0]):
        return Estimate(*3 * (float("nan"),), n, "not defined on these stimuli")
    low, high = np.nanquantile(draws[1:], [0.025, 0.975])
    return Estimate(float(draws[0]), float(low), float(high), n, rule)


def compare_with_metrics(predictions: pd.DataFrame, values: pd.DataFrame, *, seed: int) -> list[MetricComparison]:
    """Return every metric in `values` beside the predictions of one attribute, the closest to people first.

    `predictions` has item, condition, rated, predicted, low, high; `values` item, condition and a column a metric.
    Both are measured on the stimuli that the metric has a value for. A metric that is the same for all, or known on
    fewer than three songs, is left out.
    """
    names = [str(name) for name in values if name not in {"item", "condition"}]
    joined = predictions.merge(values, on=["item", "condition"], suffixes=("", "_metric"))
    found = [
        _compare_with_metric(joined[joined[name].notna()], name, seed) for name in names if _says_anything(joined, name)
    ]
    return sorted(found, key=lambda each: each.measures["rmse"].value)


def on_scale(raw: Numbers, rated: Numbers, items: Sequence[str] | NDArray[np.str_]) -> Numbers:
    """Return raw values as ratings, 0-100, by a line that was fitted to the other songs."""
    items, predicted = np.asarray(items), np.empty(len(raw))
    for song in np.unique(items):
        left = items == song
        slope, level = _line(raw[~left], rated[~left])
        predicted[left] = np.clip(slope * raw[left] + level, 0, 100)
    return predicted


def _compare_with_metric(own: pd.DataFrame, metric: str, seed: int) -> MetricComparison:
    raw = own[metric].to_numpy(dtype=float) * (1 if metric in HIGHER_IS_BETTER else -1)
    scaled = on_scale(raw, own["rated"].to_numpy(dtype=float), own["item"].to_numpy(dtype=str))
    objective = sampled(own, seed)
    alone = sampled(own.assign(predicted=raw), seed) | {
        "rmse": sampled(own.assign(predicted=scaled), seed)["rmse"],
    }
    return MetricComparison(
        metric=metric,
        stimuli=len(own),
        songs=int(own["item"].nunique()),
        measures={name: estimate(alone[name], len(own)) for name in MEASURES},
        differences={
            name: estimate(objective[name] - alone[name], len(own), PAIRED_INTERVAL_RULE) for name in MEASURES
        },
    )


def _says_anything(joined: pd.DataFrame, metric: str) -> bool:
    known = joined[joined[metric].notna()]
    return bool(known["item"].nunique() >= MIN_SONGS and known[metric].min() < known[metric].max())


def _line(raw: Numbers, rated: Numbers) -> tuple[float, float]:
    spread = float(((raw - raw.mean()) ** 2).sum())
    slope = float((raw - raw.mean()) @ (rated - rated.mean())) / spread if spread else 0.0
    return slope, float(rated.mean() - slope * raw.mean())


def _correlations(x: Numbers, y: Numbers, weights: Numbers) -> Numbers:
    """Return Pearson's r under each row of weights, (draws,)."""
    share = weights / weights.sum(axis=1, keepdims=True)
    x, y = (each - (share * each).sum(axis=1, keepdims=True) for each in (x, y))
    spread = (share * x * x).sum(axis=1) * (share * y * y).sum(axis=1)
    return np.asarray((share * x * y).sum(axis=1) / np.sqrt(np.where(spread > ZERO_VARIANCE_PRODUCT, spread, np.nan)))


def _ranks(values: Numbers, weights: Numbers) -> Numbers:
    """Return the rank of each value, those alike halfway, among `values` as often as each row of weights says."""
    different, place = np.unique(values, return_inverse=True)
    often = weights @ np.eye(len(different))[place]  # (draws, different values)
    return np.asarray((often.cumsum(axis=1) - often / 2 + 0.5)[:, place])


def _rank_correlation(x: Numbers, y: Numbers) -> float:
    once = np.ones((1, len(x)))
    return float(_correlations(_ranks(x, once), _ranks(y, once), once)[0])


def _means(values: Numbers, weights: Numbers) -> Numbers:
    """Return the mean of what is known of `values` under each row of weights, (draws,)."""
    known = ~np.isnan(values)
    return np.asarray(weights[:, known] @ values[known] / weights[:, known].sum(axis=1))
