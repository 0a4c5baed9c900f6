"""How well an objective predicts people on songs (and systems) that it has not seen.

Only systems count: hidden reference and anchors are easy, and flatter every measure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from scipy.stats import rankdata

from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.objective.config import FitRecipe
from lossmodel.objective.fitting.fit import Mask, Rated, fit_head, gather
from lossmodel.objective.fitting.regression import Numbers
from lossmodel.progress import Report, silent

By = Literal["song", "song-and-system"]
RESAMPLES = 1000
"""Draws of songs behind each interval."""

Measure = Callable[[Numbers, Numbers], float]
"""A measure of (rated, predicted)."""


@dataclass(frozen=True)
class Estimate:
    """A measure with the 95 % interval of resampling songs."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


@dataclass(frozen=True)
class Measures:
    """Agreement with the mean ratings of one attribute.

    `pearson` and `spearman` over all stimuli, `within` the mean of the Spearman correlations inside each song,
    `rmse` in points, `coverage` the share of ratings inside the 90 % interval, `calibrated` the share that the
    objective said to be in calibration.
    """

    stimuli: int
    songs: int
    pearson: Estimate
    spearman: Estimate
    within: Estimate
    rmse: Estimate
    coverage: float
    calibrated: float


@dataclass(frozen=True)
class Evaluation:
    """Measures by attribute, and the predictions they come from.

    `predictions` has one row a system stimulus: attribute, item, condition, rated, predicted, low, high,
    in_calibration, and spread (the ensemble's standard deviation in points).
    """

    by: By
    measures: dict[str, Measures]
    predictions: pd.DataFrame

    def lines(self) -> list[str]:
        """Return the evaluation for people, a heading and a line an attribute."""
        heading = f"left out: {self.by.replace('-', ' ')}; systems only; [95 % interval over songs]"
        return [heading, *(f"{name}: {_line(found)}" for name, found in self.measures.items())]

    def to_json(self) -> dict[str, Any]:
        """Return the measures as plain numbers, for a card."""
        return {"by": self.by, "measures": {name: asdict(found) for name, found in self.measures.items()}}


def cross_validate(
    ratings: pd.DataFrame,
    pairs: Sequence[Pair],
    recipe: FitRecipe,
    *,
    by: By = "song",
    cache: Path | None = None,
    report: Report = silent,
) -> Evaluation:
    """Return how well each system stimulus is predicted by a fit that has not seen its song.

    With `by="song-and-system"` the fit has not seen its condition on any other song either. `BadInput` as from
    `fit`, and for fewer than 3 items.
    """
    return cross_validate_gathered(gather(ratings, pairs, recipe, cache=cache, report=report), recipe, by=by)


def cross_validate_gathered(rated: Sequence[Rated], recipe: FitRecipe, *, by: By = "song") -> Evaluation:
    """Return the same from what `fit.gather` returned."""
    predictions = pd.concat([_predict_every_fold(each, recipe, by) for each in rated], ignore_index=True)
    groups = predictions.groupby("attribute", sort=False)
    return Evaluation(by, {str(name): measure(group, recipe.seed) for name, group in groups}, predictions)


def measure(predictions: pd.DataFrame, seed: int) -> Measures:
    """Return the measures of the predictions of one attribute (rows as in `Evaluation.predictions`)."""
    rated, predicted = (predictions[name].to_numpy(dtype=float) for name in ("rated", "predicted"))
    songs, index = np.unique(predictions["item"].to_numpy(dtype=str), return_inverse=True)
    rows = [np.flatnonzero(index == song) for song in range(len(songs))]
    draws = np.random.default_rng(seed).integers(len(songs), size=(RESAMPLES, len(songs)))

    def over_stimuli(measured: Measure) -> Estimate:
        samples = (np.concatenate([rows[song] for song in drawn]) for drawn in draws)
        return _estimate(measured(rated, predicted), [measured(rated[some], predicted[some]) for some in samples])

    with np.errstate(invalid="ignore", divide="ignore"):
        within = np.array([_spearman(rated[song], predicted[song]) for song in rows])
        return Measures(
            stimuli=len(predictions),
            songs=len(songs),
            pearson=over_stimuli(_pearson),
            spearman=over_stimuli(_spearman),
            within=_estimate(float(_mean_of_known(within)), _mean_of_known(within[draws])),
            rmse=over_stimuli(_rmse),
            coverage=float(predictions["rated"].between(predictions["low"], predictions["high"]).mean()),
            calibrated=float(predictions["in_calibration"].mean()),
        )


def _predict_every_fold(rated: Rated, recipe: FitRecipe, by: By) -> pd.DataFrame:
    if (songs := len(np.unique(rated.item))) < 3:
        raise BadInput(f"attribute {rated.attribute!r}: {songs} items; leaving one out needs at least 3")
    return pd.concat([_predict_left_out(rated, left, unseen, recipe) for left, unseen in _folds(rated, by)])


def _folds(rated: Rated, by: By) -> Iterator[tuple[Mask, Mask]]:
    """Yield (rows to predict, rows that the fit must not see)."""
    for song in np.unique(rated.item):
        of_song = rated.item == song
        if by == "song":
            yield of_song & rated.systems, of_song
            continue
        for condition in np.unique(rated.condition[of_song & rated.systems]):
            of_condition = rated.condition == condition
            yield of_song & of_condition & rated.systems, of_song | of_condition


@torch.no_grad()
def _predict_left_out(rated: Rated, left: Mask, unseen: Mask, recipe: FitRecipe) -> pd.DataFrame:
    head, test = fit_head(rated.only(~unseen), recipe), rated.only(left)
    found = head(torch.from_numpy(test.raw).float())
    columns = {"predicted": found.mean, "low": found.low, "high": found.high, "in_calibration": found.in_calibration}
    columns |= {"spread": found.spread}
    return pd.DataFrame(
        {
            "attribute": rated.attribute,
            "item": test.item,
            "condition": test.condition,
            "rated": test.score,
            **{name: values.numpy() for name, values in columns.items()},
        }
    )


def _estimate(value: float, resampled: Sequence[float] | Numbers) -> Estimate:
    known = np.asarray(resampled)[~np.isnan(resampled)]
    low, high = np.quantile(known, [0.025, 0.975]) if known.size else (np.nan, np.nan)
    return Estimate(value, float(low), float(high))


def _mean_of_known(values: Numbers) -> Numbers:
    """Return the mean of what is not NaN along the last axis; NaN where nothing is, as in songs with one value only."""
    known = ~np.isnan(values)
    return np.asarray(np.where(known, values, 0.0).sum(-1) / known.sum(-1))


def _pearson(x: Numbers, y: Numbers) -> float:
    x, y = x - x.mean(), y - y.mean()
    return float((x @ y) / np.sqrt((x @ x) * (y @ y)))


def _spearman(x: Numbers, y: Numbers) -> float:
    return _pearson(rankdata(x), rankdata(y))


def _rmse(x: Numbers, y: Numbers) -> float:
    return float(np.sqrt(np.mean((x - y) ** 2)))


def _line(found: Measures) -> str:
    figures = f"r {found.pearson}, rho {found.spearman}, within songs {found.within}, RMSE {found.rmse} points"
    shares = f"90 % interval holds {found.coverage:.0%}, {found.calibrated:.0%} in calibration"
    return f"{figures}; {shares}; n = {found.stimuli} on {found.songs} songs"
