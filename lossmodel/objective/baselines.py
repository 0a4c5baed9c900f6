"""What published metrics reach on the same ratings: the figures to stand beside an objective's own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from lossmodel.manifest import Pair
from lossmodel.metrics.measure import HIGHER_IS_BETTER, Measured
from lossmodel.metrics.measure import measure as measure_pairs
from lossmodel.objective.evaluate import Measures, measure
from lossmodel.progress import Report, silent
from lossmodel.ratings.table import stimulus_means

METRICS: Final = ("sdr", "sir", "sar", "si_sdr", "mrstft", "log_mel")


def baselines(
    ratings: pd.DataFrame, pairs: Sequence[Pair], *, seed: int = 1, report: Report = silent
) -> dict[str, dict[str, Measures]]:
    """Return, by attribute and metric, how well a metric alone agrees with the mean ratings of systems.

    Correlations are those of the metric itself, turned round where lower is better, so nothing is fitted; for the
    RMSE it is put on the scale by a line fitted to the other songs. Metrics that a stimulus lacks, or
    that are the same for all, are left out.
    """
    means = stimulus_means(ratings)
    means = means[means["role"] == "system"].rename(columns={"mean": "rated"})
    needed = set(zip(means["item"], means["condition"]))
    wanted = [pair for pair in pairs if (pair.item, pair.condition) in needed]
    values = _table(measure_pairs(wanted, only=METRICS, report=report))
    joined = means.merge(values, on=["item", "condition"]).assign(low=np.nan, high=np.nan, in_calibration=True)
    groups = joined.groupby("attribute", sort=False)
    return {str(name): {metric: _judged(own, metric, seed) for metric in _complete(own)} for name, own in groups}


def lines(found: dict[str, dict[str, Measures]]) -> list[str]:
    """Return one line an attribute and metric, for people."""
    return [
        f"{attribute}, {metric} alone: r {each.pearson}, rho {each.spearman}, "
        f"within songs {each.within}, RMSE {each.rmse} points"
        for attribute, metrics in found.items()
        for metric, each in metrics.items()
    ]


def _table(rows: Sequence[Measured]) -> pd.DataFrame:
    return pd.DataFrame([{"item": row.pair.item, "condition": row.pair.condition, **row.values} for row in rows])


def _complete(own: pd.DataFrame) -> list[str]:
    return [each for each in METRICS if each in own and own[each].notna().all() and own[each].std() > 0]


def _judged(own: pd.DataFrame, metric: str, seed: int) -> Measures:
    raw = own[metric] if metric in HIGHER_IS_BETTER else -own[metric]
    agreement = measure(own.assign(predicted=raw), seed)
    return replace(agreement, rmse=measure(own.assign(predicted=_on_scale(own, raw)), seed).rmse)


def _on_scale(own: pd.DataFrame, raw: pd.Series) -> pd.Series:
    """Return the metric as a rating: a line fitted to the other songs, kept within 0–100."""
    predicted = pd.Series(0.0, index=own.index)
    for song in own["item"].unique():
        left = own["item"] == song
        slope, level = np.polyfit(raw[~left], own.loc[~left, "rated"], 1)
        predicted[left] = (slope * raw[left] + level).clip(0, 100)
    return predicted
