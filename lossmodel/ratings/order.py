"""Whether ratings drift: with the pages of a sitting, with the minutes spent on them, with the place on a page.

What drifts is how far a rating lies from the mean of its stimulus, so that what was rated when does not matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from lossmodel.ratings.inference.crossed import crossed_mean

WAYS: Final = {
    "page": "page of the sitting", "minute": "minutes of rating before the page", "place": "place on the page"
}  # fmt: skip
MIN_PLACES: Final = 2
NO_SPREAD: Final = 1e-9
SECONDS_PER_MINUTE: Final = 60


@dataclass(frozen=True)
class Step:
    """The mean distance of ratings from their stimuli's means, in points, `at` one place of a way (see `WAYS`)."""

    way: str
    at: int
    mean: float
    ratings: int


@dataclass(frozen=True)
class Trend:
    """By how many points ratings rise with each step: the mean of the assessors' own slopes, 95 % by Student's t.

    None where fewer than two assessors have a slope.
    """

    way: str
    slope: float
    low: float | None
    high: float | None
    p: float | None
    assessors: int


@dataclass(frozen=True)
class Drift:
    """The order and time effects of a panel; empty for a way that the table does not tell."""

    steps: list[Step]
    trends: list[Trend]


def drift(ratings: pd.DataFrame) -> Drift:
    """Return how the ratings of one panel drift along each way that its table tells."""
    placed = residuals(ratings)
    steps, trends = [], []
    for way in WAYS:
        known = placed.dropna(subset=[way])
        if known[way].nunique() >= MIN_PLACES:
            steps += list(_steps(way, known))
            trends.append(_trend(way, known))
    return Drift(steps, trends)


def residuals(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return assessor, session, stimulus, `apart` (points above its mean), and the place along each way."""
    stimuli = ratings.groupby(["item", "condition"])
    apart = ratings["score"] - stimuli["score"].transform("mean")
    return pd.DataFrame({
        "assessor": ratings["assessor"], "session": ratings["session"], "stimulus": stimuli.ngroup(), "apart": apart,
        "page": ratings["trial"].astype("Float64"), "minute": _minutes(ratings),
        "place": ratings["position"].astype("Float64"),
    })  # fmt: skip


def _minutes(ratings: pd.DataFrame) -> pd.Series:
    """Return for how many minutes the sitting had rated before the page began; NA where a page's time is not known."""
    keys = ["session", "trial"]
    pages = ratings.dropna(subset=keys).drop_duplicates(keys).sort_values(keys)[[*keys, "seconds"]]
    before = pages.groupby("session")["seconds"].transform(lambda own: own.cumsum(skipna=False) - own)
    pages["minute"] = (before // SECONDS_PER_MINUTE).astype("Float64")
    found = ratings[keys].merge(pages[[*keys, "minute"]], on=keys, how="left")["minute"]
    return found.set_axis(ratings.index)


def _steps(way: str, known: pd.DataFrame) -> Iterator[Step]:
    for at, own in known.groupby(way, sort=True)["apart"]:
        yield Step(way, round(float(str(at))), float(own.mean()), len(own))


def _trend(way: str, known: pd.DataFrame) -> Trend:
    """Return the trend; the way is taken from its mean of the stimulus too, whose ratings are from all along it."""
    x = known[way].astype(float)
    x = x - x.groupby(known["stimulus"]).transform("mean")
    x = x - x.groupby(known["assessor"]).transform("mean")
    sums = pd.DataFrame({"xy": x * known["apart"], "xx": x**2}).groupby(known["assessor"]).sum()
    slopes = (sums["xy"] / sums["xx"])[sums["xx"] > NO_SPREAD].to_numpy(np.float64)
    mean = crossed_mean(slopes[:, None])
    low, high = mean.interval() or (None, None)
    return Trend(way, mean.value, low, high, mean.p, len(slopes))
