"""Whether conditions matter at all: repeated-measures ANOVA with corrected degrees of freedom, min F', Friedman.

All in closed form from means; memory is that of the ratings.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import f as fisher
from scipy.stats import friedmanchisquare

from lossmodel.ratings.estimate import Values
from lossmodel.ratings.inference.cube import Cube


@dataclass(frozen=True)
class Effect:
    """A test of equal means. `p` is None where it cannot be computed, and `rule` says why.

    `df` are the degrees of freedom as tested (corrected, where `rule` says so); `epsilon` is Greenhouse and Geisser's,
    1 where every difference between two means varies alike; `partial_eta2` is the share of the variance explained.
    """

    source: str
    statistic: float | None
    df: tuple[float, ...]
    p: float | None
    epsilon: float | None
    partial_eta2: float | None
    n: int
    rule: str


@dataclass(frozen=True, eq=False)
class _Test:
    """An uncorrected F test and the two estimates of its epsilon."""

    f: float
    above: float
    below: float
    greenhouse_geisser: float
    huynh_feldt: float

    def p(self, epsilon: float = 1.0) -> float:
        return float(fisher.sf(self.f, epsilon * self.above, epsilon * self.below))


def omnibus(ratings: Cube) -> list[Effect]:
    """Return the tests that conditions are rated alike; one Effect that says why where there is nothing to test.

    They need a complete table; assessors who left something out are left out, and counted. First min F', for other
    assessors and items (Clark 1973); then the ANOVA over assessors (F1, for these items), Greenhouse-Geisser and
    Huynh-Feldt corrected, and Friedman's test of assessors' means.
    """
    full = ratings.scores[~np.isnan(ratings.scores).any(axis=(1, 2))]
    people, items, conditions = full.shape
    left_out = len(ratings.scores) - people
    where = f"{people} assessors who rated everything ({left_out} left out)" if left_out else f"{people} assessors"
    if conditions < 2 or people < 2:
        reason = "one condition" if conditions < 2 else "fewer than two assessors rated everything"
        return [_missing("condition", people, f"not computed: {reason}")]
    by_assessor = _repeated_measures(full.mean(axis=1))
    if by_assessor is None:
        return [_missing("condition", people, "not computed: all assessors agree exactly")]
    first = [_min_f(by_assessor, full, where)] if items > 1 else []
    return [*first, *_corrected(by_assessor, people, where), _friedman(full.mean(axis=1), where)]


def interaction(ratings: Cube) -> Effect:
    """Return whether differences between conditions depend on the item (F over assessors, Greenhouse-Geisser)."""
    full = ratings.scores[~np.isnan(ratings.scores).any(axis=(1, 2))]
    people, items, conditions = full.shape
    if min(people, items, conditions) < 2:
        return _missing("condition x item", people, "not computed: one condition, one item or one complete assessor")
    doubly = full - full.mean(axis=1, keepdims=True) - full.mean(axis=2, keepdims=True)
    doubly = doubly + full.mean(axis=(1, 2), keepdims=True)
    test = _f_test(doubly.reshape(people, -1), (items - 1) * (conditions - 1))
    if test is None:
        return _missing("condition x item", people, "not computed: all assessors agree exactly")
    rule = f"repeated-measures ANOVA over {people} assessors, Greenhouse-Geisser"
    return _effect("condition x item", test, test.greenhouse_geisser, people, rule)


def _repeated_measures(means: Values) -> _Test | None:
    """Return the F test of equal columns of `means`, shape (subjects, conditions)."""
    return _f_test(means - means.mean(axis=1, keepdims=True), means.shape[1] - 1)


def _f_test(within: Values, above: int) -> _Test | None:
    """Return the F test that the columns of `within` have mean 0; None where subjects do not differ.

    `within`, shape (subjects, cells), lies in the `above`-dimensional space of the effect's contrasts. The epsilons
    come from the eigenvalues of the contrasts' covariance (Greenhouse & Geisser 1959; Huynh & Feldt 1976 as corrected
    by Lecoutre 1991), whose sums are those of a Gram matrix over subjects.
    """
    people = len(within)
    mean = within.mean(axis=0)
    rest = within - mean
    below = above * (people - 1)
    error = float((rest**2).sum())
    if error <= 1e-12 * max(float((within**2).sum()), 1.0):
        return None
    f = people * float((mean**2).sum()) / above / (error / below)
    gram = rest @ rest.T if people <= rest.shape[1] else rest.T @ rest
    epsilon = float(np.trace(gram) ** 2 / (above * (gram**2).sum()))
    n = people - 1
    feldt = ((n + 1) * above * epsilon - 2) / (above * (n - above * epsilon)) if n > above * epsilon else 1.0
    return _Test(f, float(above), float(below), min(epsilon, 1.0), float(np.clip(feldt, epsilon, 1.0)))


def _min_f(by_assessor: _Test, full: Values, where: str) -> Effect:
    people, items, _ = full.shape
    by_item = _repeated_measures(full.mean(axis=0))
    rule = f"min F' for other assessors and items (Clark 1973), {where}, {items} items"
    if by_item is None or by_assessor.f + by_item.f == 0:
        return _missing("condition", people, f"not computed: {rule}; items do not differ")
    one, two = by_assessor, by_item
    f = one.f * two.f / (one.f + two.f)
    df = (one.f + two.f) ** 2 / (one.f**2 / two.below + two.f**2 / one.below)
    p = float(fisher.sf(f, one.above, df))
    return Effect("condition", f, (one.above, df), p, None, None, people, rule)


def _corrected(test: _Test, people: int, where: str) -> list[Effect]:
    rule = f"repeated-measures ANOVA over {where}, for these items, "
    return [
        _effect("condition", test, test.greenhouse_geisser, people, rule + "Greenhouse-Geisser"),
        _effect("condition", test, test.huynh_feldt, people, rule + "Huynh-Feldt"),
    ]


def _effect(source: str, test: _Test, epsilon: float, people: int, rule: str) -> Effect:
    eta = test.f * test.above / (test.f * test.above + test.below)
    df = (epsilon * test.above, epsilon * test.below)
    return Effect(source, test.f, df, test.p(epsilon), test.greenhouse_geisser, eta, people, rule)


def _friedman(means: Values, where: str) -> Effect:
    people, conditions = means.shape
    rule = f"Friedman's test of the assessors' means, {where}, for these items"
    if conditions < 3:
        return _missing("condition", people, f"not computed: {rule}; it needs three conditions")
    found = friedmanchisquare(*means.T)
    return Effect(
        "condition", float(found.statistic), (conditions - 1.0,), float(found.pvalue), None, None, people, rule
    )


def _missing(source: str, people: int, why: str) -> Effect:
    return Effect(source, None, (), None, None, None, people, why)
