"""What can be said of conditions: medians and means with intervals, differences, and whether conditions matter.

Ratings of one person belong together, so every bootstrap draws assessors, not ratings.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from numpy.typing import NDArray
from statsmodels.stats.anova import AnovaRM
from statsmodels.stats.multitest import multipletests

from lossmodel.ratings.estimate import Values

CELL = ["assessor", "condition", "item"]
BLOCK = 2_000_000
"""Numbers drawn at once by a resampling."""


@dataclass(frozen=True)
class Summary:
    """One condition of one attribute: median, quartiles and mean, with 95 % intervals from a bootstrap of assessors."""

    attribute: str
    condition: str
    role: str
    median: float
    median_low: float
    median_high: float
    q1: float
    q3: float
    mean: float
    mean_low: float
    mean_high: float
    ratings: int
    assessors: int
    items: int


@dataclass(frozen=True)
class Difference:
    """How much higher `first` is rated than `second`: medians, with the p-value of the permutation test."""

    attribute: str
    first: str
    second: str
    value: float
    n: int
    p: float
    p_adjusted: float
    rule: str


@dataclass(frozen=True)
class Effect:
    """Whether conditions (or items, or both together) move the ratings at all."""

    attribute: str
    source: str
    statistic: float
    df: tuple[float, ...]
    p: float
    partial_eta2: float
    n: int
    rule: str


def summaries(frame: pd.DataFrame, *, seed: int = 0, draws: int = 1000) -> list[Summary]:
    """Return one summary for each attribute and condition, over all its items."""
    groups = frame.groupby(["attribute", "condition", "role"], sort=True)
    return [_summary((str(a), str(c), str(r)), own, seed, draws) for (a, c, r), own in groups]


def quartiles(scores: Values) -> tuple[float, float]:
    """Return the medians of the lower and the upper half (BS.1534-3 §4.1.3); the middle of an odd count is in neither.

    >>> quartiles(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    (1.5, 4.5)
    """
    ordered = np.sort(scores)
    half = max(len(ordered) // 2, 1)
    return float(np.median(ordered[:half])), float(np.median(ordered[-half:]))


def permutation_test(first: Values, second: Values, *, seed: int = 0, draws: int = 10_000) -> float:
    """Return the two-sided p of the difference of medians: BS.1534-3 Attachment 3.

    The ratings are pooled and dealt again `draws` times; p is the share of deals whose medians differ at least as
    much as the observed ones. A p of 0 means less than 1/`draws`.
    """
    pooled = np.concatenate([first, second])
    observed = abs(np.median(first) - np.median(second))
    rng = np.random.default_rng(seed)
    reached = 0
    for count in _blocks(draws, len(pooled)):
        dealt = rng.permuted(np.broadcast_to(pooled, (count, len(pooled))), axis=1)
        medians = np.median(dealt[:, : len(first)], axis=1) - np.median(dealt[:, len(first) :], axis=1)
        reached += int((np.abs(medians) >= observed - 1e-9).sum())
    return reached / draws


def neighbours(frame: pd.DataFrame, *, seed: int = 0, draws: int = 10_000) -> list[Difference]:
    """Return, per attribute, each system against the next lower one by median, Hochberg's step-up applied."""
    found: list[Difference] = []
    for attribute, panel in frame[frame["role"] == "system"].groupby("attribute", sort=True):
        own = {str(name): scores.to_numpy() for name, scores in panel.groupby("condition", sort=True)["score"]}
        order = sorted(own, key=lambda name: (-np.median(own[name]), name))
        found += _contrasts(str(attribute), own, list(pairwise(order)), seed, draws)
    return found


def effects(frame: pd.DataFrame) -> list[Effect]:
    """Return whether system conditions matter, per attribute; none where there is one condition or one assessor.

    Where every assessor rated every condition in every item: repeated-measures ANOVA, condition × item (BS.1534-3
    Attachment 4; without a correction for sphericity). Else a mixed model, score ~ condition + item with a random
    intercept for each assessor, and a Wald test of the conditions.
    """
    return [each for name, panel in frame.groupby("attribute", sort=True) for each in _effects(str(name), panel)]


def _summary(names: tuple[str, str, str], own: pd.DataFrame, seed: int, draws: int) -> Summary:
    own = own.sort_values("score", kind="stable")
    scores = own["score"].to_numpy(dtype=np.float64)
    person, people = pd.factorize(_person(own))
    means, medians = _resampled(scores, person, len(people), seed, draws)
    (mean_low, mean_high), (median_low, median_high) = _tails(means), _tails(medians)
    q1, q3 = quartiles(scores)
    return Summary(
        *names,
        median=float(np.median(scores)),
        median_low=median_low,
        median_high=median_high,
        q1=q1,
        q3=q3,
        mean=float(scores.mean()),
        mean_low=mean_low,
        mean_high=mean_high,
        ratings=len(scores),
        assessors=len(people),
        items=len(own["item"].unique()),
    )


def _tails(drawn: Values) -> tuple[float, float]:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def _person(frame: pd.DataFrame) -> pd.Series:
    """Return who rated, told apart across studies that name their assessors alike."""
    return frame["study"].str.cat(frame["assessor"], sep=": ")


def _resampled(scores: Values, person: NDArray[np.intp], people: int, seed: int, draws: int) -> tuple[Values, Values]:
    """Return mean and (lower) median of each draw of assessors; `scores` ascend, so that weights replace sorting."""
    rng = np.random.default_rng(seed)
    times = rng.multinomial(people, np.full(people, 1 / people), size=draws)
    weights = times[:, person].astype(np.float64)  # (draw, rating)
    total = weights.sum(axis=1, keepdims=True)
    middle = (weights.cumsum(axis=1) >= total / 2).argmax(axis=1)
    return (weights @ scores) / total[:, 0], scores[middle]


def _blocks(draws: int, size: int) -> Iterator[int]:
    most = max(1, BLOCK // size)
    for start in range(0, draws, most):
        yield min(most, draws - start)


def _contrasts(
    attribute: str, own: dict[str, Values], pairs: Sequence[tuple[str, str]], seed: int, draws: int
) -> Iterator[Difference]:
    p_values = [permutation_test(own[a], own[b], seed=seed, draws=draws) for a, b in pairs]
    adjusted = multipletests(p_values, method="simes-hochberg")[1] if pairs else []
    rule = f"permutation of pooled ratings, {draws} draws (BS.1534-3 Att. 3); Hochberg over {len(pairs)} contrasts"
    for (a, b), p, p_adjusted in zip(pairs, p_values, adjusted):
        value = float(np.median(own[a]) - np.median(own[b]))
        yield Difference(attribute, a, b, value, len(own[a]) + len(own[b]), p, float(p_adjusted), rule)


def _effects(attribute: str, panel: pd.DataFrame) -> list[Effect]:
    systems = panel[panel["role"] == "system"]
    cells = systems.assign(assessor=_person(systems)).groupby(CELL, sort=True)["score"].mean().reset_index()
    people, conditions, items = (cells[name].nunique() for name in CELL)
    if min(people, conditions) < 2 or cells["score"].nunique() < 2:
        return []
    if len(cells) == people * conditions * items and items > 1:
        return _repeated_measures(attribute, cells)
    return [_mixed(attribute, cells)]


def _repeated_measures(attribute: str, cells: pd.DataFrame) -> list[Effect]:
    table = AnovaRM(cells, "score", "assessor", within=["condition", "item"]).fit().anova_table
    people, rule = cells["assessor"].nunique(), "repeated-measures ANOVA, condition × item, F test"
    effects = []
    for source, (f, above, below, p) in zip(table.index, table[["F Value", "Num DF", "Den DF", "Pr > F"]].to_numpy()):
        eta = f * above / (f * above + below)
        effects.append(Effect(attribute, source, float(f), (above, below), float(p), float(eta), people, rule))
    return effects


def _mixed(attribute: str, cells: pd.DataFrame) -> Effect:
    several = len(cells["item"].unique()) > 1
    formula = "score ~ C(condition) + C(item)" if several else "score ~ C(condition)"
    with warnings.catch_warnings(record=True) as remarks:  # the reader is told in the rule, not on the terminal
        warnings.simplefilter("always")
        fitted = smf.mixedlm(formula, cells, groups="assessor").fit()
    tested = [at for at, name in enumerate(fitted.params.index) if name.startswith("C(condition)")]
    wald = fitted.wald_test(np.eye(len(fitted.params))[tested], scalar=True)
    doubt = "; the fit did not settle (no spread between assessors?)" if remarks else ""
    rule = f"mixed model, {formula}, random intercept per assessor; Wald chi-squared{doubt}"
    df, people = (float(len(tested)),), len(cells["assessor"].unique())
    return Effect(attribute, "condition", float(wald.statistic), df, float(wald.pvalue), float("nan"), people, rule)
