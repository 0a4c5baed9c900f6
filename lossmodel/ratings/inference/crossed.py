"""The mean of a table assessor x item, for other assessors and other items than those at hand.

Rows and columns are both samples, so a mean varies with either:

    d[a, i] = m + A[a] + I[i] + e[a, i],    var(mean) = var(A) / a + var(I) / i + var(e) / (a i)

A t test over assessors alone leaves the second term out: where conditions differ from song to song it calls chance a
difference in 13-48 % of the tests instead of 5 % (Clark 1973, "The language-as-fixed-effect fallacy"; Judd, Westfall &
Kenny 2012). A complete table has the closed form of REML, from mean squares; any other goes through `mixed`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit  # Student's t, in a tenth of the memory of scipy.stats

from lossmodel.ratings.estimate import Values

BOTH = "mean over assessors and items, both random (REML; Satterthwaite)"
ASSESSORS_ONLY = "one item: for other assessors, and for this item only"
ITEMS_ONLY = "one assessor: for other items, and for this assessor only"
SINGLE = "a single value: no interval"
NO_SPREAD = "all values are equal: no interval"


@dataclass(frozen=True)
class CrossedMean:
    """A mean with what is needed to test it. `se` and `df` are None where the data do not allow an interval.

    `assessor`, `item` and `residual` are the variance components in squared points; `rule` says what was done, or why
    it could not be.
    """

    value: float
    se: float | None
    df: float | None
    assessors: int
    items: int
    assessor: float
    item: float
    residual: float
    rule: str

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Return the two-sided interval at `level` by Student's t, or None."""
        if self.se is None or self.df is None:
            return None
        width = float(stdtrit(self.df, 0.5 + level / 2)) * self.se
        return self.value - width, self.value + width

    def p_above(self, bound: float) -> float | None:
        """Return the one-sided p-value of "the mean is at most `bound`"."""
        if self.se is None or self.df is None:
            return None
        return float(stdtr(self.df, (bound - self.value) / self.se))

    @property
    def p(self) -> float | None:
        """Return the two-sided p-value of "the mean is 0"."""
        above = self.p_above(0)
        return None if above is None else 2 * min(above, 1 - above)


def crossed_mean(values: Values) -> CrossedMean:
    """Return the mean of `values`, shape (assessors, items) with NaN as gaps, and how sure it is.

    With gaps the mean is the generalised least squares one, and not that of the cells.

    >>> crossed_mean(np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 4.0]])).rule
    'mean over assessors and items, both random (REML; Satterthwaite)'
    """
    rated = ~np.isnan(values)
    values = values[rated.any(axis=1)][:, rated.any(axis=0)]
    people, items = values.shape
    cells = values[~np.isnan(values)]
    if not len(cells):
        return CrossedMean(float("nan"), None, None, 0, 0, 0.0, 0.0, 0.0, "nothing was rated")
    if len(cells) == 1 or np.ptp(cells) == 0:
        rule = SINGLE if len(cells) == 1 else NO_SPREAD
        return CrossedMean(float(cells[0]), None, None, people, items, 0.0, 0.0, 0.0, rule)
    if people == 1 or items == 1:
        return _one_way(cells, people, items)
    return _unbalanced(values) if np.isnan(values).any() else _balanced(values)


def _one_way(cells: Values, people: int, items: int) -> CrossedMean:
    spread = float(cells.var(ddof=1))
    se, df = float(np.sqrt(spread / len(cells))), float(len(cells) - 1)
    components, rule = ((spread, 0.0), ASSESSORS_ONLY) if items == 1 else ((0.0, spread), ITEMS_ONLY)
    return CrossedMean(float(cells.mean()), se, df, people, items, *components, 0.0, rule)


def _balanced(values: Values) -> CrossedMean:
    """Return REML's estimate from mean squares: components below 0 become 0, and their squares join the residual's."""
    people, items = values.shape
    mean, rows, columns = values.mean(), values.mean(axis=1), values.mean(axis=0)
    squares = np.array([
        items * ((rows - mean) ** 2).sum(),
        people * ((columns - mean) ** 2).sum(),
        ((values - rows[:, None] - columns + mean) ** 2).sum(),
    ])  # fmt: skip
    degrees = np.array([people - 1, items - 1, (people - 1) * (items - 1)], dtype=float)
    varies = _above_residual(squares, degrees)
    pooled = np.append(~varies, True)
    df_rest = degrees[pooled].sum()
    rest = squares[pooled].sum() / df_rest
    own, df_own = (squares / degrees)[:2][varies], degrees[:2][varies]
    share = 1 - len(own)
    variance = own.sum() + share * rest
    df = variance**2 / ((own**2 / df_own).sum() + (share * rest) ** 2 / df_rest)
    between = np.zeros(2)
    between[varies] = (own - rest) / np.array([items, people])[varies]
    se = float(np.sqrt(variance / values.size))
    components = (float(between[0]), float(between[1]), float(rest))
    return CrossedMean(float(mean), se, float(df), people, items, *components, BOTH)


def _above_residual(squares: Values, degrees: Values) -> NDArray[np.bool_]:
    """Return which of assessors and items vary by more than the residual, with which the other is pooled if not."""
    varies: NDArray[np.bool_] = (squares / degrees)[:2] > (squares / degrees)[2]
    if varies.sum() != 1:
        return varies
    rest = np.append(~varies, True)
    above: NDArray[np.bool_] = (squares / degrees)[:2] > squares[rest].sum() / degrees[rest].sum()
    return varies & above


def _unbalanced(values: Values) -> CrossedMean:
    from lossmodel.ratings.inference.mixed import (  # with scipy.optimize, for whoever has such a table
        Factor,
        MixedModel,
    )

    person, item = np.nonzero(~np.isnan(values))
    cells = values[person, item]
    factors = [Factor("assessor", person), Factor("item", item)]
    model = MixedModel(cells, np.ones((len(cells), 1)), factors)
    found = model.contrast(np.ones(1))
    parts = model.variances
    people, items = values.shape
    components = (parts["assessor"], parts["item"], parts["residual"])
    return CrossedMean(found.value, found.se, found.df, people, items, *components, BOTH)
