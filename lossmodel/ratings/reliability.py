"""How far listeners agree with each other and with themselves.

Computed on the systems under test: hidden reference and anchors are rated alike by nearly everyone and would flatter
every figure. A figure belongs to one attribute of one study.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import f as fisher
from scipy.stats import rankdata

from lossmodel.ratings import table
from lossmodel.ratings.estimate import Estimate, Values, bootstrap, missing

SYSTEM_ROLES = ("system",)
Scaling = Literal["assessor", "page", "nobody"]
SCALING_COLUMNS: Mapping[Scaling, list[str]] = MappingProxyType(
    {"assessor": ["assessor"], "page": ["assessor", "item"], "nobody": []}
)
"""Within what ratings are stretched to 0-100."""
MIN_STIMULI = 3
"""Stimuli whose means can correlate."""
NO_SPREAD_POINTS = 1e-9


def reliability(frame: pd.DataFrame, *, roles: tuple[str, ...] = SYSTEM_ROLES, seed: int = 0) -> dict[str, Estimate]:
    """Return every figure of this module by name, for the ratings of one study and attribute."""
    scores = matrix(frame, roles=roles)
    return {
        "icc_single": icc(scores),
        "icc_panel": icc(scores, panel=True),
        "alpha": krippendorff(scores, seed=seed),
        "alpha_ranks": krippendorff(_ranked(frame, roles), seed=seed),
        "alpha_items": alpha_items(frame, roles=roles, seed=seed),
        "kendall_w": kendall_w(frame, roles=roles, seed=seed),
        "split_half": split_half(scores, seed=seed),
        "retest": retest(frame, roles=roles, seed=seed),
        "retest_rmse": retest_rmse(frame, roles=roles, seed=seed),
    }


def matrix(frame: pd.DataFrame, *, roles: tuple[str, ...] = SYSTEM_ROLES) -> Values:
    """Return the first ratings as (stimulus, assessor), NaN where an assessor did not rate a stimulus."""
    first = frame[frame["role"].isin(roles) & (frame["replicate"] == 0)]
    wide = first.pivot_table(index=["item", "condition"], columns="assessor", values="score", aggfunc="mean")
    return wide.to_numpy(dtype=np.float64)


def icc(scores: Values, *, panel: bool = False, level: float = 0.95) -> Estimate:
    """Return ICC(2,1), the reliability of one assessor, or ICC(2,k), that of the mean of this panel; up to 1.

    Absolute agreement in a two-way random model (Shrout & Fleiss 1979; interval of McGraw & Wong 1996, table 7).
    It needs a full table: assessors who left a stimulus out are left out.
    """
    full = scores[:, ~np.isnan(scores).any(axis=0)] if scores.size else scores
    n, k = full.shape
    rule = f"ICC(2,{'k' if panel else '1'}), {n} stimuli, {k} of {scores.shape[1]} assessors who rated them all"
    if n < 2 or k < 2 or np.ptp(full) == 0:
        return missing(k, f"{rule}: too few, or no spread")
    value, low, high = _icc_single(full, level)
    if panel:
        value, low, high = (k * single / (1 + (k - 1) * single) for single in (value, low, high))
    return Estimate(value, low, high, k, rule)


def krippendorff(scores: Values, *, seed: int = 0) -> Estimate:
    """Return Krippendorff's alpha for interval data, 1 for perfect agreement, 0 for chance; gaps are allowed.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"; interval by resampling stimuli.
    """
    rated = scores[(~np.isnan(scores)).sum(axis=1) >= 2]
    rule = f"Krippendorff's alpha (interval), {len(rated)} stimuli; 95 % by bootstrap over stimuli"
    if len(rated) < 2 or np.nanmax(rated) == np.nanmin(rated):
        return missing(scores.shape[1], f"{rule}: too few, or no spread")
    sums = _row_sums(rated)
    low, high = bootstrap(lambda rows: _alpha_of_sums(sums[:, rows]), len(rated), seed=seed)
    return Estimate(_alpha(rated), low, high, scores.shape[1], rule)


def alpha_items(
    frame: pd.DataFrame, *, roles: tuple[str, ...] = SYSTEM_ROLES, scaled_by: Scaling = "assessor", seed: int = 0
) -> Estimate:
    """Return the median over items of Krippendorff's alpha (interval) within an item; 95 % by bootstrap over items.

    First ratings are stretched to 0-100 from the lowest to the highest of each assessor, or of each assessor in each
    item (`page`), or not at all (`nobody`). What does not vary there has no scale and is left out.
    """
    first = frame[frame["role"].isin(roles) & (frame["replicate"] == 0)]
    scaled = _stretched(first, SCALING_COLUMNS[scaled_by])
    tables = [matrix(own, roles=roles) for _, own in scaled.groupby("item", sort=True)]
    rated = [own[(~np.isnan(own)).sum(axis=1) >= 2] for own in tables]
    each = np.array([_alpha(own) for own in rated if len(own) >= 2 and np.nanmax(own) > np.nanmin(own)])
    people = first["assessor"].nunique()
    rule = (
        f"Krippendorff's alpha (interval) within an item, ratings stretched by {scaled_by}, median of {len(each)} items"
    )
    if not len(each):
        return missing(people, f"{rule}: no item with two assessors, two stimuli and any spread")
    low, high = bootstrap(lambda rows: float(np.median(each[rows])), len(each), seed=seed)
    return Estimate(float(np.median(each)), low, high, people, f"{rule}; 95 % by bootstrap over items")


def _stretched(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return the ratings stretched to 0-100 within each group of `columns`; as they are where there are none."""
    if not columns:
        return frame
    scores = frame.groupby(columns)["score"]
    lowest = scores.transform("min")
    spread = scores.transform("max") - lowest
    return frame.assign(score=100 * (frame["score"] - lowest) / spread.where(spread > 0))


def kendall_w(frame: pd.DataFrame, *, roles: tuple[str, ...] = SYSTEM_ROLES, seed: int = 0) -> Estimate:
    """Return Kendall's coefficient of concordance W, 0-1, corrected for ties: mean over items, each over its assessors.

    Kendall & Babington Smith 1939; assessors who left a stimulus of an item out are left out there.
    """
    first = frame[frame["role"].isin(roles) & (frame["replicate"] == 0)]
    found = [_concordance_of_orders(own) for _, own in first.groupby("item", sort=True)]
    each = np.array([value for value in found if value is not None])
    people = first["assessor"].nunique()
    rule = f"Kendall's W with ties, mean of {len(each)} items; 95 % by bootstrap over items"
    if not len(each):
        return missing(people, f"{rule}: no item with two assessors, two stimuli and any spread")
    low, high = bootstrap(lambda rows: float(each[rows].mean()), len(each), seed=seed)
    return Estimate(float(each.mean()), low, high, people, rule)


def _concordance_of_orders(item: pd.DataFrame) -> float | None:
    wide = item.pivot_table(index="condition", columns="assessor", values="score", aggfunc="mean").dropna(axis=1)
    n, m = wide.shape
    ranks = rankdata(wide.to_numpy(), axis=0)
    ties = sum(
        float((counts**3 - counts).sum()) for counts in (np.unique(own, return_counts=True)[1] for own in ranks.T)
    )
    most = m**2 * (n**3 - n) - m * ties
    if n < 2 or m < 2 or most <= 0:
        return None
    sums = ranks.sum(axis=1)
    return float(12 * ((sums - sums.mean()) ** 2).sum() / most)


def split_half(scores: Values, *, seed: int = 0, splits: int = 500) -> Estimate:
    """Return the correlation of the stimulus means of two random halves of the panel: median and 95 % of splits."""
    people = scores.shape[1]
    rule = f"Pearson r of the means of two random halves of {people} assessors, {splits} splits"
    if people < 4 or len(scores) < MIN_STIMULI or np.ptp(np.nanmean(scores, axis=1)) < NO_SPREAD_POINTS:
        return missing(people, f"{rule}: too few assessors or stimuli")
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(people) for _ in range(splits)]
    found = [_correlation(scores[:, order[: people // 2]], scores[:, order[people // 2 :]]) for order in orders]
    if np.isnan(found).all():
        return missing(people, f"{rule}: no halves have rated the same stimuli")
    low, value, high = np.nanquantile(found, [0.025, 0.5, 0.975])
    return Estimate(float(value), float(low), float(high), people, rule)


def retest(frame: pd.DataFrame, *, roles: tuple[str, ...] = SYSTEM_ROLES, seed: int = 0) -> Estimate:
    """Return the median over assessors of `concordance` between their first and second ratings of a stimulus."""
    return _of_repeated(frame, roles, concordance, "median concordance (CCC)", seed)


def retest_rmse(frame: pd.DataFrame, *, roles: tuple[str, ...] = SYSTEM_ROLES, seed: int = 0) -> Estimate:
    """Return the median over assessors of the root mean square of second less first ratings, in points."""
    return _of_repeated(frame, roles, _root_mean_square, "median RMS of second less first rating, in points,", seed)


def _of_repeated(
    frame: pd.DataFrame, roles: tuple[str, ...], statistic: Callable[[Values, Values], float], name: str, seed: int
) -> Estimate:
    chosen = frame[frame["role"].isin(roles)].set_index(table.with_part(frame, ["assessor", "item", "condition"]))
    first, second = (chosen[chosen["replicate"] == number]["score"] for number in (0, 1))
    pairs = pd.concat([first, second], axis=1, keys=["first", "second"], join="inner").groupby("assessor")
    each = np.array([statistic(own["first"].to_numpy(), own["second"].to_numpy()) for _, own in pairs])
    each = each[~np.isnan(each)]
    rule = f"{name} of {len(each)} assessors with replicates; 95 % by bootstrap over assessors"
    if len(each) < 2:
        return missing(len(each), f"{rule}: too few assessors rated twice")
    low, high = bootstrap(lambda rows: float(np.median(each[rows])), len(each), seed=seed)
    return Estimate(float(np.median(each)), low, high, len(each), rule)


def _root_mean_square(first: Values, second: Values) -> float:
    return float(np.sqrt(np.mean((second - first) ** 2)))


def concordance(first: Values, second: Values) -> float:
    """Return Lin's concordance correlation coefficient (1989), -1 to 1: agreement in value, not only in order.

    NaN for fewer than two ratings, or where neither varies.

    >>> concordance(np.array([10.0, 20.0, 30.0]), np.array([20.0, 30.0, 40.0])).__round__(3)
    0.571
    """
    if len(first) < 2 or (spread := first.var() + second.var()) == 0:
        return float("nan")
    covariance = float(np.mean((first - first.mean()) * (second - second.mean())))
    return float(2 * covariance / (spread + (first.mean() - second.mean()) ** 2))


def _icc_single(full: Values, level: float) -> tuple[float, float, float]:
    n, k = full.shape
    grand, rows, columns = full.mean(), full.mean(axis=1), full.mean(axis=0)
    between = k * ((rows - grand) ** 2).sum() / (n - 1)
    people = n * ((columns - grand) ** 2).sum() / (k - 1)
    rest = ((full - rows[:, None] - columns + grand) ** 2).sum() / ((n - 1) * (k - 1))
    value = (between - rest) / (between + (k - 1) * rest + k * (people - rest) / n)
    if rest == 0:
        return float(value), float("nan"), float("nan")
    a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
    freedom = (a * people + b * rest) ** 2 / ((a * people) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1)))
    tail = 0.5 + level / 2
    upper, lower = fisher.ppf(tail, n - 1, freedom), fisher.ppf(tail, freedom, n - 1)
    other = k * people + (k * n - k - n) * rest
    low = n * (between - upper * rest) / (upper * other + n * between)
    high = n * (lower * between - rest) / (other + n * lower * between)
    return float(value), float(low), float(high)


def _alpha(scores: Values) -> float:
    """Return 1 - observed/expected disagreement, from sums of squares instead of pairs."""
    return _alpha_of_sums(_row_sums(scores))


def _row_sums(scores: Values) -> Values:
    """Return each row's number of scores, sum, and sum of squares about its own mean, shape (3, row)."""
    apart = scores - np.nanmean(scores)
    counts = (~np.isnan(apart)).sum(axis=1)
    sums = np.nansum(apart, axis=1)
    within = np.nansum((apart - (sums / counts)[:, None]) ** 2, axis=1)
    return np.stack([counts, sums, within])


def _alpha_of_sums(rows: Values) -> float:
    """Return alpha from `_row_sums` of the rows drawn, so that a draw takes no look at single ratings."""
    counts, sums, within = rows
    total = counts.sum()
    observed = (counts / (counts - 1) * within).sum() / total
    between = (sums**2 / counts).sum() - sums.sum() ** 2 / total
    expected = (within.sum() + between) / (total - 1)
    return float(1 - observed / expected) if expected > 0 else float("nan")


def _ranked(frame: pd.DataFrame, roles: tuple[str, ...]) -> Values:
    """Return `matrix` of each score's rank within its trial: what remains when people use the scale differently."""
    chosen = frame[frame["role"].isin(roles) & (frame["replicate"] == 0)]
    trials = chosen.groupby(["session", "assessor", "item"])["score"]
    return matrix(chosen.assign(score=trials.rank()), roles=roles)


def _correlation(first: Values, second: Values) -> float:
    """Return how the means of two halves correlate, over the stimuli that both have rated; NaN for fewer than three."""
    both = ~(np.isnan(first).all(axis=1) | np.isnan(second).all(axis=1))
    if both.sum() < MIN_STIMULI:
        return float("nan")
    means = np.stack([np.nanmean(first[both], axis=1), np.nanmean(second[both], axis=1)])
    return float(np.corrcoef(means)[0, 1])
