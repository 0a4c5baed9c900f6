"""The same conditions in several studies: what each panel said, on its own scale and on that of the first.

Panels use a scale differently: one rates the low anchor 5, another 25. Hidden reference and anchors are the same sounds
in every study, so their means tie the scales together (a line through them, by least squares; how sure that line is, is
not part of the intervals). Two studies have no assessor in common, and perhaps no item; what differs between them is
tested with both as random effects.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from lossmodel.ratings.describe import summaries
from lossmodel.ratings.estimate import Values
from lossmodel.ratings.inference.crossed import CrossedMean
from lossmodel.ratings.inference.mixed import Factor, MixedModel
from lossmodel.ratings.inference.multiplicity import HOLM, adjusted
from lossmodel.ratings.panels import panels

RULE = "mixed model: study fixed; assessor, item and item x study random (REML; Satterthwaite)"
ANCHORING_ROLES = ("reference", "anchor")
MIN_ANCHORING_SPREAD_POINTS = 20.0
"""Nearer to one another, the common anchors tell of an offset alone."""


@dataclass(frozen=True)
class Scale:
    """How one study's ratings are brought to the scale of the first: `slope` × score + `offset`."""

    attribute: str
    study: str
    slope: float
    offset: float
    anchored_by: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """How much higher a condition is rated in `second` than in `first`, on the first study's scale, in points.

    None: not computable, see `rule`. `p_holm` is adjusted over all changes of an attribute.
    """

    attribute: str
    condition: str
    first: str
    second: str
    value: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    common_items: int
    rule: str


@dataclass(frozen=True, eq=False)
class Across:
    """Means by attribute, condition and study (`mean` as rated, `anchored` on the first study's scale), and changes."""

    means: pd.DataFrame
    scales: list[Scale]
    changes: list[Change]


def across(ratings: pd.DataFrame) -> Across:
    """Compare the conditions that two or more studies of a checked ratings table share; people only, none pooled."""
    own = {key: frame for key, frame in panels(ratings) if not key.simulated}
    means, scales, changes = [], [], []
    for attribute in sorted({key.attribute for key in own}):
        by_study = {key.study: frame for key, frame in own.items() if key.attribute == attribute}
        tied = [_scale(attribute, by_study, study) for study in by_study]
        scales += tied
        anchored = {each.study: _on(each, by_study[each.study]) for each in tied}
        means += [row for each in tied for row in _means(each, by_study[each.study], anchored[each.study])]
        changes += _changes(attribute, anchored)
    return Across(pd.DataFrame(means), scales, changes)


def _scale(attribute: str, by_study: dict[str, pd.DataFrame], study: str) -> Scale:
    first = next(iter(by_study))
    there, here = (_anchoring(by_study[name]) for name in (first, study))
    common = sorted(there.keys() & here.keys())
    if study == first or not common:
        return Scale(attribute, study, 1.0, 0.0, tuple(common))
    x, y = (np.array([own[name] for name in common]) for own in (here, there))
    if np.ptp(x) < MIN_ANCHORING_SPREAD_POINTS:
        return Scale(attribute, study, 1.0, float((y - x).mean()), tuple(common))
    slope, offset = np.polyfit(x, y, 1)
    return Scale(attribute, study, float(slope), float(offset), tuple(common))


def _anchoring(frame: pd.DataFrame) -> dict[str, float]:
    """Return the mean of each hidden reference and anchor, by its name; every reference is called alike."""
    own = frame[frame["role"].isin(ANCHORING_ROLES)]
    names = own["condition"].where(own["role"] == "anchor", "hidden reference")
    return {str(name): float(mean) for name, mean in own.groupby(names)["score"].mean().items()}


def _on(scale: Scale, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(score=scale.slope * frame["score"] + scale.offset)


def _means(scale: Scale, frame: pd.DataFrame, anchored: pd.DataFrame) -> list[dict[str, object]]:
    moved = {each.condition: each.mean for each in summaries(anchored)}
    return [
        {
            "attribute": scale.attribute, "condition": each.condition, "role": each.role, "study": scale.study,
            "mean": each.mean, "low": each.low, "high": each.high, "anchored": moved[each.condition],
            "assessors": each.assessors, "items": each.items,
        }
        for each in summaries(frame)
    ]  # fmt: skip


def _changes(attribute: str, anchored: dict[str, pd.DataFrame]) -> list[Change]:
    found = []
    for first, second in combinations(anchored, 2):
        one, other = (own[own["role"] == "system"] for own in (anchored[first], anchored[second]))
        for condition in sorted(set(one["condition"]) & set(other["condition"])):
            pair = [own[own["condition"] == condition] for own in (one, other)]
            found.append(_change((attribute, condition, first, second), *pair))
    p_values = adjusted([each.p for each in found], HOLM)
    return [replace(each, p_holm=p) for each, p in zip(found, p_values, strict=True)]


def _change(names: tuple[str, str, str, str], one: pd.DataFrame, other: pd.DataFrame) -> Change:
    common = len(set(one["item"]) & set(other["item"]))
    mean = _difference(one, other)
    low, high = mean.interval() or (None, None)
    return Change(*names, mean.value, low, high, mean.p, None, common, mean.rule)


def _difference(one: pd.DataFrame, other: pd.DataFrame) -> CrossedMean:
    """Return the mean of `other` less that of `one`, with its standard error."""
    both = pd.concat([one.assign(side=0), other.assign(side=1)])
    cells = both.groupby(["side", "assessor", "item"], sort=True)["score"].mean().reset_index()
    side = cells["side"].to_numpy(dtype=np.float64)
    value = float(cells["score"][side == 1].mean() - cells["score"][side == 0].mean())
    people = [cells.loc[cells["side"] == at, "assessor"].nunique() for at in (0, 1)]
    items = cells["item"].nunique()
    if min(people) < 2:
        return CrossedMean(value, None, None, sum(people), items, 0.0, 0.0, 0.0, "one assessor in a study: no interval")
    if items < 2 or cells["score"].nunique() < 2:
        return CrossedMean(value, None, None, sum(people), items, 0.0, 0.0, 0.0, "one item, or no spread: no interval")
    return _fitted(cells, side)


def _fitted(cells: pd.DataFrame, side: Values) -> CrossedMean:
    person = pd.factorize(cells["side"].astype(str) + ":" + cells["assessor"])[0]
    item = pd.factorize(cells["item"])[0]
    within = pd.factorize(cells["side"].astype(str) + ":" + cells["item"])[0]
    named = {"assessor": person, "item": item}
    if len(np.unique(within)) > len(np.unique(item)):
        named["item x study"] = within
    factors = [Factor(name, own) for name, own in named.items() if own.max() < len(own) - 1]
    model = MixedModel(cells["score"].to_numpy(np.float64), np.column_stack([np.ones(len(side)), side]), factors)
    found = model.contrast(np.array([0.0, 1.0]))
    counts = (len(np.unique(person)), len(np.unique(item)))
    parts = model.variances
    between = (parts.get("assessor", 0.0), parts.get("item", 0.0), parts["residual"])
    return CrossedMean(found.value, found.se, found.df, *counts, *between, RULE)
