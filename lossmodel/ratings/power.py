"""How many assessors a question needs, asked before the test."""

import math

import numpy as np
from scipy.stats import t as student
from statsmodels.stats.power import TTestPower

from lossmodel.errors import BadInput

MAX_ASSESSORS = 100_000


def half_width(assessors: int, sd: float, *, level: float = 0.95) -> float:
    """Return the half width of Student's interval of a mean over so many assessors (or songs) that differ by `sd`."""
    return float(student.ppf(0.5 + level / 2, assessors - 1) * sd / math.sqrt(assessors))


def assessors_for_half_width(width: float, sd: float, *, level: float = 0.95) -> int:
    """Return the smallest panel whose mean is sure to ± `width` points.

    With the 15 points by which listeners differ on separated vocals, ± 6 points:

    >>> assessors_for_half_width(6, 15)
    27
    """
    _check(width, sd)
    panels = np.arange(2, MAX_ASSESSORS + 1)
    reached = student.ppf(0.5 + level / 2, panels - 1) * sd / np.sqrt(panels) <= width
    if not reached.any():
        raise BadInput(f"± {width:g} points at an SD of {sd:g} needs more than {MAX_ASSESSORS} assessors")
    return int(panels[reached.argmax()])


def assessors_for_difference(difference: float, sd: float, *, power: float = 0.8, level: float = 0.95) -> int:
    """Return the panel that finds a true `difference` in points with probability `power`.

    Two-sided paired t test; `sd` is the SD over assessors of their own differences (about 1.4 times the SD of
    single ratings if they are unrelated).
    """
    _check(difference, sd)
    found = TTestPower().solve_power(effect_size=difference / sd, alpha=1 - level, power=power, nobs=None)
    return max(2, math.ceil(float(np.atleast_1d(found)[0])))


def _check(points: float, sd: float) -> None:
    if points <= 0 or sd <= 0:
        raise BadInput(f"{points:g} points at an SD of {sd:g}: both must be above 0")
