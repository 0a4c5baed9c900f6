"""Mean opinion scores: grades from 1 to 5, which a table holds as 0, 25, 50, 75, 100, on their own scale again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from lossmodel.manifest import ROLES
from lossmodel.ratings.describe import Summary
from lossmodel.ratings.estimate import Estimate, Values, bootstrap, missing
from lossmodel.ratings.methods import GRADE_METHODS, method
from lossmodel.ratings.reliability import matrix

LOWEST_GRADE: Final = 1.0
HIGHEST_GRADE: Final = 5.0
POINTS_PER_GRADE: Final = 25.0


@dataclass(frozen=True)
class OpinionScore:
    """The mean opinion score (1-5) of one condition, of one item or of all (`item` ""), as its `Summary` has it.

    `low` and `high` are the 95 % interval for other assessors and items, `sd` is that of single grades.
    """

    condition: str
    role: str
    item: str
    mos: float
    low: float | None
    high: float | None
    sd: float | None
    ratings: int
    assessors: int
    rule: str


@dataclass(frozen=True)
class Opinion:
    """What grades say on their own scale; `sos` is the parameter a of Hossfeld's hypothesis (see `sos_parameter`)."""

    scores: list[OpinionScore]
    sos: Estimate


def opinion(panel: pd.DataFrame, summaries: Sequence[Summary], *, seed: int = 0) -> Opinion | None:
    """Return the opinion scores of `summaries`, which are of one panel's ratings; None where these are no grades."""
    if method(panel) not in GRADE_METHODS:
        return None
    stimuli = grade(matrix(panel, roles=ROLES))
    return Opinion([_score(each) for each in summaries], sos_parameter(stimuli, seed=seed))


def grade(score: Values) -> Values:
    """Return scores of 0-100 as grades.

    >>> grade(np.array([0.0, 75.0, 100.0])).tolist()
    [1.0, 4.0, 5.0]
    """
    found: Values = LOWEST_GRADE + score / POINTS_PER_GRADE
    return found


def sos_parameter(grades: Values, *, seed: int = 0) -> Estimate:
    """Return a of SOS² = a (-x² + 6x - 5): how far apart the grades of a stimulus are, 0 for no spread, 1 the widest.

    `grades` has shape (stimulus, assessor), NaN as gaps; x is a stimulus' mean, SOS its unbiased standard deviation.
    Least squares over stimuli (Hossfeld, Schatz & Egger 2011, "SOS: The MOS is not enough!"), 95 % by bootstrap
    over stimuli. Stimuli with fewer than two grades are left out.
    """
    graded = grades[(~np.isnan(grades)).sum(axis=1) >= 2]
    rule = f"a of SOS² = a (-x² + 6x - 5), {len(graded)} stimuli; 95 % by bootstrap over stimuli"
    means, variances = np.nanmean(graded, axis=1), np.nanvar(graded, axis=1, ddof=1)
    widest = (HIGHEST_GRADE - means) * (means - LOWEST_GRADE)
    if len(graded) < 2 or not widest.any():
        return missing(grades.shape[1], f"{rule}: too few, or all grades at the ends of the scale")

    def slope(rows: np.ndarray) -> float:
        squares = (widest[rows] ** 2).sum()
        return float((widest[rows] * variances[rows]).sum() / squares) if squares else float("nan")

    low, high = bootstrap(slope, len(graded), seed=seed)
    return Estimate(slope(np.arange(len(graded))), low, high, grades.shape[1], rule)


def _score(each: Summary) -> OpinionScore:
    low, high = (None if end is None else LOWEST_GRADE + end / POINTS_PER_GRADE for end in (each.low, each.high))
    sd = None if each.sd is None else each.sd / POINTS_PER_GRADE
    mos = LOWEST_GRADE + each.mean / POINTS_PER_GRADE
    return OpinionScore(
        each.condition, each.role, each.item, mos, low, high, sd, each.ratings, each.assessors, each.rule
    )
