"""What the tests take for granted, looked at: residuals, floor and ceiling, spread, and how ratings hang together."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import shapiro

from lossmodel.ratings.estimate import Values
from lossmodel.ratings.inference.cube import Cube

MAX_SHAPIRO_VALUES = 5000
"""Above so many the test's p-value is not accurate (scipy), and any table would fail it."""
NORMALITY_LEVEL = 0.01
END_SHARE = 0.1
"""Ratings at 0 or 100 from which the scale's end is said to bend the spread."""
SPREAD_RATIO = 3.0
"""Largest over smallest SD of a condition's residuals from which they are called unequal."""


@dataclass(frozen=True)
class Check:
    """One assumption: what was measured, whether it holds, and what it means for the results where it does not."""

    assumption: str
    value: float | None
    holds: bool | None
    remark: str


def assumptions(ratings: Cube) -> list[Check]:
    """Return the checks of the systems' ratings, from residuals of assessor + item x condition."""
    scores = ratings.scores
    rest = scores - np.nanmean(scores - _cell_means(scores), axis=(1, 2), keepdims=True) - _cell_means(scores)
    return [_normality(rest[~np.isnan(rest)]), _spread(rest), _ends(scores[~np.isnan(scores)])]


def _cell_means(scores: Values) -> Values:
    counts = np.count_nonzero(~np.isnan(scores), axis=0)
    means: Values = np.divide(np.nansum(scores, axis=0), counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    return means


def _normality(rest: Values) -> Check:
    name = "residuals are normal (Shapiro-Wilk's W)"
    if len(rest) < 3 or np.ptp(rest) < 1e-9:
        return Check(name, None, None, "too few ratings, or no spread")
    if len(rest) > MAX_SHAPIRO_VALUES:
        rest = np.random.default_rng(0).choice(rest, MAX_SHAPIRO_VALUES, replace=False)
    found = shapiro(rest)
    holds = bool(found.pvalue >= NORMALITY_LEVEL)
    remark = "" if holds else "means of many ratings are close to normal anyway; the sign flips do not assume it"
    return Check(name, float(found.statistic), holds, remark)


def _spread(rest: Values) -> Check:
    name = "conditions are rated with equal spread (largest SD over smallest)"
    deviations = [own.std(ddof=1) for own in _by_condition(rest) if len(own) > 2]
    if len(deviations) < 2 or min(deviations) < 1e-9:
        return Check(name, None, None, "fewer than two conditions with any spread")
    ratio = float(max(deviations) / min(deviations))
    holds = ratio <= SPREAD_RATIO
    remark = "" if holds else "each pair has its own variance here; the ANOVA's degrees of freedom are corrected"
    return Check(name, ratio, holds, remark)


def _by_condition(rest: Values) -> list[Values]:
    return [own[~np.isnan(own)] for own in np.moveaxis(rest, 2, 0)]


def _ends(scores: Values) -> Check:
    name = "ratings stay away from the ends of the scale (share at 0 or 100)"
    share = float(np.mean((scores <= 0) | (scores >= 100)))
    holds = share <= END_SHARE
    remark = "" if holds else "differences near the ends are larger than the scale can show"
    return Check(name, share, holds, remark)
