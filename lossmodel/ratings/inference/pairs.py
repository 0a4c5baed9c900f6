"""Every pair of conditions: how far apart, how sure, for whom that holds.

First stands what a reader takes it for: the difference that is to be expected with other assessors and other items
(`crossed`). The sign-flip p says less and assumes less: for these items, without a distribution. The ordinal check
(`ordinal`) counts only the order of the ratings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from lossmodel.ratings.estimate import Values
from lossmodel.ratings.inference.crossed import CrossedMean, crossed_mean
from lossmodel.ratings.inference.cube import Cube
from lossmodel.ratings.inference.mixed import Factor, MixedModel
from lossmodel.ratings.inference.multiplicity import HOCHBERG, HOLM, adjusted, compact_letters
from lossmodel.ratings.inference.ordinal import by_order
from lossmodel.ratings.inference.permutation import sign_flip_p

LEVEL = 0.05
MAX_LETTERS = 6
OWN_ITEMS = "conditions on different items: mixed model with assessors and items random (REML; Satterthwaite)"
TOO_FEW_ITEMS = "conditions on different items, one each: condition and item cannot be separated"


@dataclass(frozen=True)
class Difference:
    """How much higher `first` is rated than `second`, in points; the better one by mean comes first.

    `low` and `high` are the 95 % interval and `p` the two-sided p-value for other assessors and items, `p_holm` and
    `p_hochberg` adjusted over all pairs; `sign_flip_p` is over assessors, for these items. `effect_size` is the
    difference in standard deviations of single ratings (Westfall, Kenny & Judd 2014). `ordinal_value` (-1 to 1)
    is how much higher `first` stands in its assessors' orders, `p_ordinal` and `p_ordinal_holm` its p-values for other
    assessors and items; `ordinal_agrees` tells whether these find it too, at 5 % and in the same direction, or neither
    does. None: not computable, see `rule`.
    """

    first: str
    second: str
    value: float
    se: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    p_hochberg: float | None
    sign_flip_p: float | None
    effect_size: float | None
    df: float | None
    assessors: int
    items: int
    rule: str
    ordinal_value: float | None = None
    p_ordinal: float | None = None
    p_ordinal_holm: float | None = None
    ordinal_agrees: bool | None = None

    def p_worse_by(self, margin: float) -> float | None:
        """Return the one-sided p-value of "`first` is worse than `second` by `margin` points or more"."""
        return self._mean().p_above(-margin)

    def p_second_worse_by(self, margin: float) -> float | None:
        """Return the one-sided p-value of "`second` is worse than `first` by `margin` points or more"."""
        return replace(self._mean(), value=-self.value).p_above(-margin)

    def p_not_equivalent(self, margin: float) -> float | None:
        """Return the p-value of "they differ by `margin` points or more": two one-sided tests (Schuirmann 1987)."""
        first, second = self.p_worse_by(margin), self.p_second_worse_by(margin)
        return None if first is None or second is None else max(first, second)

    def turned(self) -> "Difference":
        """Return the same difference as `second` minus `first`."""
        return replace(
            self, first=self.second, second=self.first, value=0.0 - self.value, low=_negated(self.high),
            high=_negated(self.low), effect_size=_negated(self.effect_size), ordinal_value=_negated(self.ordinal_value),
        )  # fmt: skip

    def _mean(self) -> CrossedMean:
        return CrossedMean(self.value, self.se, self.df, self.assessors, self.items, 0.0, 0.0, 0.0, self.rule)


def differences(ratings: Cube, *, seed: int = 0) -> list[Difference]:
    """Return every pair of the conditions in `ratings`, by their means from the highest."""
    order = by_mean(ratings)
    pairs = list(combinations(order, 2))
    found = [_pair(ratings, first, second) for first, second in pairs]
    flips = _sign_flips(ratings, pairs, seed)
    holm, hochberg = (adjusted([mean.p for mean in found], method) for method in (HOLM, HOCHBERG))
    told = [
        _difference(ratings, pair, mean, p_holm=one, p_hochberg=other, flip=flip)
        for pair, mean, one, other, flip in zip(pairs, found, holm, hochberg, flips, strict=True)
    ]
    return _checked(by_order(ratings), told)


def to_baseline(found: Sequence[Difference], baseline: str) -> list[Difference]:
    """Return each other condition minus `baseline`, from the highest down; empty where it is in no pair."""
    own = [
        each if each.second == baseline else each.turned() for each in found if baseline in (each.first, each.second)
    ]
    return sorted(own, key=lambda each: (-each.value, each.first))


def by_mean(ratings: Cube) -> list[str]:
    """Return the conditions from the highest mean to the lowest, ties by name."""
    means = dict(zip(ratings.conditions, np.nanmean(ratings.scores, axis=(0, 1)).tolist(), strict=True))
    return sorted(ratings.conditions, key=lambda name: (-means[name], name))


def letters(order: list[str], found: list[Difference], *, level: float = LEVEL) -> dict[str, str]:
    """Return compact letters: conditions that share one do not differ at `level` after Holm's adjustment.

    Empty where a condition would need more than `MAX_LETTERS`: they would tell a reader nothing.
    """
    different = {(each.first, each.second): each.p_holm is not None and each.p_holm <= level for each in found}
    shared = compact_letters(order, different)
    return shared if max(map(len, shared.values()), default=0) <= MAX_LETTERS else {}


def _negated(value: float | None) -> float | None:
    return None if value is None else 0.0 - value


def _pair(ratings: Cube, first: str, second: str) -> CrossedMean:
    apart = ratings.of(first) - ratings.of(second)
    if np.isnan(apart).all():
        return _own_items(ratings.of(first), ratings.of(second))
    return crossed_mean(apart)


def _checked(places: Cube, found: list[Difference]) -> list[Difference]:
    """Return the differences with the ordinal check beside them, from `places` in their assessors' orders."""
    ordinal = [_pair(places, each.first, each.second) for each in found]
    holm = adjusted([mean.p for mean in ordinal])
    return [
        replace(
            each, ordinal_value=mean.value, p_ordinal=mean.p, p_ordinal_holm=p, ordinal_agrees=_agree(each, mean, p)
        )
        for each, mean, p in zip(found, ordinal, holm, strict=True)
    ]


def _agree(each: Difference, ordinal: CrossedMean, p_holm: float | None) -> bool | None:
    if each.p_holm is None or p_holm is None:
        return None
    sure = each.p_holm <= LEVEL
    return sure == (p_holm <= LEVEL) and (not sure or each.value * ordinal.value > 0)


def _own_items(first: Values, second: Values) -> CrossedMean:
    """Return the difference of two conditions that no assessor rated in the same item."""
    value = float(np.nanmean(first) - np.nanmean(second))
    sides = [np.nonzero(~np.isnan(each)) for each in (first, second)]
    counts = [len(np.unique(item)) for _, item in sides]
    people = len(np.unique(np.concatenate([person for person, _ in sides])))
    if min(counts) < 2:
        return CrossedMean(value, None, None, people, sum(counts), 0.0, 0.0, 0.0, TOO_FEW_ITEMS)
    person = np.unique(np.concatenate([person for person, _ in sides]), return_inverse=True)[1]
    item = np.unique(np.concatenate([item for _, item in sides]), return_inverse=True)[1]
    side = np.repeat([0.5, -0.5], [len(sides[0][0]), len(sides[1][0])])
    scores = np.concatenate([first[sides[0]], second[sides[1]]])
    factors = [Factor("assessor", person), Factor("assessor x condition", person, side), Factor("item", item)]
    model = MixedModel(scores, np.column_stack([np.ones(len(side)), side]), factors)
    found, parts = model.contrast(np.array([0.0, 1.0])), model.variances
    between = (parts["assessor x condition"], parts["item"], parts["residual"])
    return CrossedMean(found.value, found.se, found.df, people, sum(counts), *between, OWN_ITEMS)


def _sign_flips(ratings: Cube, pairs: list[tuple[str, str]], seed: int) -> list[float | None]:
    if not pairs:
        return []
    columns = [_assessor_means(ratings.of(first) - ratings.of(second)) for first, second in pairs]
    rated = [int((~np.isnan(column)).sum()) for column in columns]
    found = sign_flip_p(np.column_stack(columns), seed=seed)
    return [float(p) if count > 1 else None for p, count in zip(found, rated, strict=True)]


def _assessor_means(apart: Values) -> Values:
    """Return each assessor's mean difference over items, NaN where there is none."""
    counts = (~np.isnan(apart)).sum(axis=1)
    means: Values = np.divide(np.nansum(apart, axis=1), counts, out=np.full(len(apart), np.nan), where=counts > 0)
    return means


def _difference(
    ratings: Cube,
    pair: tuple[str, str],
    mean: CrossedMean,
    *,
    p_holm: float | None,
    p_hochberg: float | None,
    flip: float | None,
) -> Difference:
    low, high = mean.interval() or (None, None)
    spread = np.sqrt(np.mean([np.nanvar(ratings.of(name)) for name in pair]))
    size = float(mean.value / spread) if spread > 0 else None
    counts = (mean.assessors, mean.items)
    return Difference(
        *pair, mean.value, mean.se, low, high, mean.p, p_holm, p_hochberg, flip, size, mean.df, *counts, mean.rule
    )
