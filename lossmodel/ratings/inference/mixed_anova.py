"""Whether conditions matter in a table with gaps: an F test in a mixed model with assessors and items random."""

import numpy as np
from scipy.stats import f as fisher

from lossmodel.ratings.inference.anova import Effect
from lossmodel.ratings.inference.cube import Cube
from lossmodel.ratings.inference.mixed import Factor, MixedModel

MAX_DENSE_LEVELS = 1500
"""Levels of all random effects but the largest, which are solved densely: above, the test would take minutes."""


def condition_effect(ratings: Cube) -> Effect:
    """Return the F test of equal means: assessors, items and how either responds to conditions are random.

    Numerator and denominator degrees of freedom are those of `MixedModel.joint`.
    """
    person, item, condition = np.nonzero(~np.isnan(ratings.scores))
    people = len(np.unique(person))
    q = len(ratings.conditions) - 1
    factors = _factors(ratings, person, item, condition)
    dense = sum(each.levels for each in factors) - max((each.levels for each in factors), default=0)
    reason = _reason(q, people, len(person), dense)
    if reason:
        return Effect("condition", None, (), None, None, None, people, f"mixed model not computed: {reason}")
    fixed = np.column_stack([np.ones(len(person)), condition[:, None] == np.arange(1, q + 1)]).astype(np.float64)
    model = MixedModel(ratings.scores[person, item, condition], fixed, factors)
    found = model.joint(np.eye(q + 1)[1:])
    rule = f"mixed model, random: {', '.join(each.name for each in factors)} (REML; Fai and Cornelius)"
    p = float(fisher.sf(found.f, *found.df))
    return Effect("condition", found.f, found.df, p, None, None, people, rule)


def _reason(q: int, people: int, observations: int, dense: int) -> str:
    if q < 1:
        return "one condition"
    if people < 2:
        return "one assessor"
    if observations <= q + 1:
        return "no more ratings than conditions"
    return f"{dense} random effects are too many" if dense > MAX_DENSE_LEVELS else ""


def _factors(ratings: Cube, person: np.ndarray, item: np.ndarray, condition: np.ndarray) -> list[Factor]:
    """Return the random effects that the table can tell apart: those with fewer groups than ratings."""
    groups = {"assessor": person, "item": item}
    by_condition = {f"{name} x condition": own * len(ratings.conditions) + condition for name, own in groups.items()}
    grouped = {name: np.unique(own, return_inverse=True)[1] for name, own in (groups | by_condition).items()}
    return [Factor(name, own) for name, own in grouped.items() if 0 < own.max() < len(person) - 1]
