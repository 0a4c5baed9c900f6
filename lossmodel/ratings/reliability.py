"""How far listeners agree with each other and with themselves.

Computed on the systems under test: hidden reference and anchors are rated alike by nearly everyone and would flatter
every figure. A figure belongs to one attribute of one study.
"""

import numpy as np
import pandas as pd
from scipy.stats import f as fisher
from scipy.stats import rankdata

from lossmodel.ratings import table
from lossmodel.ratings.estimate import Estimate, Values, bootstrap, missing

SYSTEMS = ("system",)


def reliability(frame: pd.DataFrame, *, roles: tuple[str, ...] = SYSTEMS, seed: int = 0) -> dict[str, Estimate]:
    """Return every figure of this module by name, for the ratings of one study and attribute."""
    scores = matrix(frame, roles=roles)
    return {
        "icc_single": icc(scores),
        "icc_panel": icc(scores, panel=True),
        "alpha": krippendorff(scores, seed=seed),
        "alpha_ranks": krippendorff(_ranked(frame, roles), seed=seed),
        "split_half": split_half(scores, seed=seed),
        "retest": retest(frame, roles=roles, seed=seed),
    }


def matrix(frame: pd.DataFrame, *, roles: tuple[str, ...] = SYSTEMS) -> Values:
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
    low, high = bootstrap(lambda rows: _alpha(rated[rows]), len(rated), seed=seed)
    return Estimate(_alpha(rated), low, high, scores.shape[1], rule)


def split_half(scores: Values, *, seed: int = 0, splits: int = 500) -> Estimate:
    """Return the correlation of the stimulus means of two random halves of the panel: median and 95 % of splits."""
    people = scores.shape[1]
    rule = f"Pearson r of the means of two random halves of {people} assessors, {splits} splits"
    if people < 4 or len(scores) < 3:
        return missing(people, f"{rule}: too few assessors or stimuli")
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(people) for _ in range(splits)]
    found = [_correlation(scores[:, order[: people // 2]], scores[:, order[people // 2 :]]) for order in orders]
    low, value, high = np.nanquantile(found, [0.025, 0.5, 0.975])
    return Estimate(float(value), float(low), float(high), people, rule)


def retest(frame: pd.DataFrame, *, roles: tuple[str, ...] = SYSTEMS, seed: int = 0) -> Estimate:
    """Return the median over assessors of `concordance` between their first and second ratings of a stimulus."""
    chosen = frame[frame["role"].isin(roles)].set_index(table.with_part(frame, ["assessor", "item", "condition"]))
    first, second = (chosen[chosen["replicate"] == number]["score"] for number in (0, 1))
    pairs = pd.concat([first, second], axis=1, keys=["first", "second"], join="inner").groupby("assessor")
    each = np.array([concordance(own["first"].to_numpy(), own["second"].to_numpy()) for _, own in pairs])
    each = each[~np.isnan(each)]
    rule = f"median concordance (CCC) of {len(each)} assessors with replicates; 95 % by bootstrap over assessors"
    if len(each) < 2:
        return missing(len(each), f"{rule}: nobody rated twice, or too few did")
    low, high = bootstrap(lambda rows: float(np.median(each[rows])), len(each), seed=seed)
    return Estimate(float(np.median(each)), low, high, len(each), rule)


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
    counts = (~np.isnan(scores)).sum(axis=1)
    total = counts.sum()
    within = np.nansum((scores - np.nanmean(scores, axis=1, keepdims=True)) ** 2, axis=1)
    observed = (counts / (counts - 1) * within).sum() / total
    expected = np.nansum((scores - np.nanmean(scores)) ** 2) / (total - 1)
    return float(1 - observed / expected) if expected > 0 else float("nan")


def _ranked(frame: pd.DataFrame, roles: tuple[str, ...]) -> Values:
    """Return `matrix` of each score's rank within its trial: what remains when people use the scale differently."""
    chosen = frame[frame["role"].isin(roles) & (frame["replicate"] == 0)]
    trials = chosen.groupby(["session", "assessor", "item"])["score"]
    return matrix(chosen.assign(score=trials.transform(rankdata)), roles=roles)


def _correlation(first: Values, second: Values) -> float:
    means = np.stack([np.nanmean(first, axis=1), np.nanmean(second, axis=1)])
    return float(np.corrcoef(means)[0, 1])
