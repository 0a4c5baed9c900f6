"""What more ratings would buy: the error on unseen songs against how many songs were rated by how many people.

Each draw puts some songs aside, and fits to the first few of the others as rated by the first few of the assessors.
The mean squared error, measured against the mean rating of everybody, then goes to a law with three parts,

    MSE(songs, raters) = floor + a / songs + b / raters,        floor, a, b >= 0,

in which `a` is what is not known of other songs, `b` what few raters leave of their own scales and noise, and the
floor what neither mends: the form of the model, and the noise of the mean ratings themselves. The raters are drawn
from each study's panel, whose mean is predicted, so what that panel as a whole gets wrong is in none of the three.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls

from lossmodel.errors import BadInput
from lossmodel.objective.fitting.refit import Refit
from lossmodel.progress import Report, silent
from lossmodel.ratings.estimate import Estimate
from lossmodel.ratings.table import stimulus_means

Numbers = NDArray[np.float64]

SONGS_PER_HELD_OUT_SONG: Final = 4
"""One song in so many is put aside in a draw, at least one."""

MAX_GRID_VALUES: Final = 4
"""Values of songs, and of raters, that are tried at most: each about twice the one before."""

RESAMPLES: Final = 1000
INTERVAL_RULE: Final = f"percentiles of {RESAMPLES:,} resamplings of the held-out songs, 95 %"


@dataclass(frozen=True)
class Point:
    """The error when fitted to so many songs and raters; `rmse` (points) and `pearson` are over all draws."""

    songs: int
    raters: int
    ratings: int
    rmse: float
    pearson: float


@dataclass(frozen=True)
class ExpectedGain:
    """What `ratings` further ratings would take from the RMSE, in points (above 0: better), by how they are spent."""

    ratings: int
    on: str
    gain: Estimate


@dataclass(frozen=True)
class Curve:
    """The learning curve of one attribute. `law` is (floor, a, b) of the module's formula, in squared points."""

    songs: int
    raters: int
    systems: float
    draws: int
    points: tuple[Point, ...]
    law: tuple[float, float, float]
    purchases: tuple[ExpectedGain, ...]

    @property
    def sentence(self) -> str:
        """Return what to do next in one sentence."""
        best = max(self.purchases, key=lambda each: each.gain.value)
        gain = best.gain
        return (
            f"Another {best.ratings:,} ratings, spent on {best.on}, would reduce the RMSE by about"
            f" {gain.value:.1f} points [{gain.low:.1f}, {gain.high:.1f}]"
        )


def learning_curve(
    ratings: pd.DataFrame, refit: Refit, *, seed: int, draws: int = 8, report: Report = silent
) -> dict[str, Curve]:
    """Return the learning curve of each attribute in the tidy `ratings`; those with fewer than 4 songs have none.

    `refit` is what `lossmodel.objective.fitting.refit.refitter` returns. All draws come from `seed`.
    """
    truth = stimulus_means(ratings).rename(columns={"mean": "rated"})
    truth = truth[truth["role"] == "system"]
    groups = [(str(name), own) for name, own in ratings.groupby("attribute", sort=False)]
    found: dict[str, Curve] = {}
    for number, (name, own) in enumerate(groups):

        def part(step: int, steps: int, before: int = number) -> None:
            report(before * steps + step, len(groups) * steps)

        errors = _resampled_errors(own, truth[truth["attribute"] == name], refit, (seed, draws), part)
        if not errors.empty:
            found[name] = _curve(errors, truth[truth["attribute"] == name], own, (seed, draws))
    return found


def grid(most: int, least: int) -> list[int]:
    """Return up to `MAX_GRID_VALUES` numbers from `least` to `most`, each about the same multiple of the one before.

    >>> grid(22, 1)
    [1, 3, 8, 22]
    >>> grid(3, 3)
    [3]
    """
    return sorted({round(each) for each in np.geomspace(min(least, most), most, MAX_GRID_VALUES)})


def _resampled_errors(
    ratings: pd.DataFrame, truth: pd.DataFrame, refit: Refit, draw: tuple[int, int], report: Report
) -> pd.DataFrame:
    """Return one row a stimulus put aside, draw, number of songs and of raters: rated and predicted."""
    songs = truth["item"].unique()
    panels = [own["assessor"].unique() for _, own in ratings.groupby("study")]
    aside = max(1, len(songs) // SONGS_PER_HELD_OUT_SONG)
    if len(songs) - aside < 3:
        return pd.DataFrame()
    seed, draws = draw
    cells = [(k, m) for k in grid(len(songs) - aside, 3) for m in grid(max(map(len, panels)), 1)]
    rows = []
    for number in range(draws):
        rng = np.random.default_rng([seed, number])
        order, *people = ([str(each) for each in rng.permutation(own)] for own in (songs, *panels))
        for step, (k, m) in enumerate(cells):
            heard = {name for panel in people for name in panel[:m]}
            chosen = ratings[ratings["item"].isin(order[aside : aside + k]) & ratings["assessor"].isin(heard)]
            rows += list(_predicted(chosen, order[:aside], truth, refit, (number, k, m)))
            report(number * len(cells) + step + 1, draws * len(cells))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _predicted(
    chosen: pd.DataFrame, aside: Sequence[str], truth: pd.DataFrame, refit: Refit, cell: tuple[int, int, int]
) -> Iterator[pd.DataFrame]:
    """Yield the predictions of the songs put aside; nothing where so few ratings cannot be fitted, or miss a song."""
    number, songs, raters = cell
    systems = chosen[chosen["role"] == "system"]
    if systems["item"].nunique() < songs:
        return
    try:
        found = refit(chosen, aside)
    except BadInput:
        return
    joined = found.merge(truth[["item", "condition", "rated"]], on=["item", "condition"])
    yield joined.assign(draw=number, songs=songs, raters=raters, ratings=len(systems))


def _curve(errors: pd.DataFrame, truth: pd.DataFrame, ratings: pd.DataFrame, draw: tuple[int, int]) -> Curve:
    squared = (errors["rated"] - errors["predicted"]) ** 2
    errors = errors.assign(squared=squared)
    points = tuple(_point(own) for _, own in errors.groupby(["songs", "raters"], sort=True))
    songs, raters = int(truth["item"].nunique()), int(ratings.groupby("study")["assessor"].nunique().max())
    systems = len(truth) / songs
    laws = _error_models(errors, draw[0])
    floor, a, b = map(float, laws[0])
    purchases = tuple(_expected_gains(laws, songs, raters, systems, len(truth)))
    return Curve(songs, raters, systems, draw[1], points, (floor, a, b), purchases)


def _point(own: pd.DataFrame) -> Point:
    return Point(
        songs=int(own["songs"].iloc[0]),
        raters=int(own["raters"].iloc[0]),
        ratings=round(own["ratings"].mean()),
        rmse=float(np.sqrt(own["squared"].mean())),
        pearson=float(own["rated"].corr(own["predicted"])),
    )


def _error_models(errors: pd.DataFrame, seed: int) -> Numbers:
    """Return the law (floor, a, b) of all songs, then of each resampling of those put aside, (1 + RESAMPLES, 3)."""
    cells = errors.pivot_table("squared", ["songs", "raters"], "item", aggfunc=["sum", "count"], fill_value=0)
    sums, counts = (cells[name].to_numpy(dtype=float) for name in ("sum", "count"))
    design = np.array([[1.0, 1 / songs, 1 / raters] for songs, raters in cells.index.to_list()])
    aside = sums.sum(axis=0).size
    drawn = np.random.default_rng(seed).multinomial(aside, np.full(aside, 1 / aside), size=RESAMPLES)
    return np.array([_fitted_error_model(design, sums @ each, counts @ each) for each in (np.ones(aside), *drawn)])


def _fitted_error_model(design: Numbers, sums: Numbers, counts: Numbers) -> Numbers:
    """Return the non-negative parts that explain the mean squared errors best; errors of a cell count relatively."""
    known = counts > 0
    mean = sums[known] / counts[known]
    found, _ = nnls(design[known] / mean[:, None], np.ones(int(known.sum())))
    return np.asarray(found, dtype=np.float64)


def _expected_gains(laws: Numbers, songs: int, raters: int, systems: float, n: int) -> Iterator[ExpectedGain]:
    """Yield what about half as many ratings again would buy on new songs, and with more raters of the same."""
    more = _round(songs * raters * systems / 2)
    further = more / (systems * raters), more / (systems * songs)
    ways = {
        f"about {further[0]:.0f} new songs (all {raters} assessors)": (songs + further[0], raters),
        f"about {further[1]:.0f} more assessors of the same songs": (songs, raters + further[1]),
    }
    now = np.sqrt(laws @ _terms(songs, raters))
    for on, then in ways.items():
        gains = now - np.sqrt(laws @ _terms(*then))
        low, high = np.quantile(gains[1:], [0.025, 0.975])
        yield ExpectedGain(more, on, Estimate(float(gains[0]), float(low), float(high), n, INTERVAL_RULE))


def _terms(songs: float, raters: float) -> Numbers:
    return np.array([1.0, 1 / songs, 1 / raters])


def _round(number: float) -> int:
    """Return about `number` with one digit that is not 0.

    >>> _round(1320), _round(47)
    (1000, 50)
    """
    size = 10 ** max(0, int(np.floor(np.log10(max(number, 1)))))
    return max(1, int(round(number / size) * size))
