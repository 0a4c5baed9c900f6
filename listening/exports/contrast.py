"""Whether people found a retrained separator better than each other system, and whether its objective foresaw it.

Light enough for the web process: the database groups, numpy computes. What was predicted was stored by the rendering.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from django.db.models import Avg

from listening.exports.results import ratings
from listening.models import Condition, Role, Study

Paired = Mapping[tuple[int, int], float]
"""The difference of two scores by (assessor, item)."""


@dataclass(frozen=True)
class Difference:
    """A mean difference in points with its interval; None for the ends where too few give none."""

    mean: float
    low: float | None
    high: float | None

    @property
    def verdict(self) -> str:
        """Return `better` or `worse` where the whole interval is on one side of 0, else `open`."""
        if self.low is not None and self.low > 0:
            return "better"
        return "worse" if self.high is not None and self.high < 0 else "open"


@dataclass(frozen=True)
class Contrast:
    """The new condition less another one on one attribute: as heard by people, and as the objective predicted."""

    attribute: str
    condition: str
    other: str
    simulated: bool
    heard: Difference
    assessors: int
    items: int
    foreseen: Difference | None

    @property
    def agrees(self) -> bool | None:
        """Tell whether the prediction has the direction that people heard; None where they leave it open."""
        if self.foreseen is None or self.heard.verdict == "open":
            return None
        return (self.foreseen.mean > 0) == (self.heard.verdict == "better")


def contrasts(study: Study) -> list[Contrast]:
    """Return the rendered condition of `study` against each other system; none where it was not drafted by a rendering.

    Each assessor's replicates of an item are averaged, and only items are compared that the assessor rated under both.
    """
    if study.rendering is None:
        return []
    new = study.conditions.filter(checkpoint=study.rendering.checkpoint_id).first()
    if new is None:
        return []
    found = []
    attributes = dict(study.attributes.values_list("key", "name"))
    scores = _scores(study)
    for key, name in attributes.items():
        for simulated in (False, True):
            for other in study.conditions.filter(role=Role.SYSTEM).exclude(pk=new.pk):
                own = _paired(scores[key, simulated], new.pk, other.pk)
                if own:
                    foreseen = forecast(study.rendering.forecast, key, new.name, other.name)
                    found.append(_contrast(name, new, other, own, foreseen, simulated=simulated))
    return found


def two_way(differences: Paired) -> Difference:
    """Return the mean of paired differences with its 95 % interval for other assessors and other items.

    The rule is that of every analysis (`lossmodel.ratings.inference.crossed`). Without ends where there is a single
    assessor or item, or all differences are equal.

    >>> two_way({(1, 1): 3.0, (1, 2): 3.0, (2, 1): 3.0, (2, 2): 3.0})
    Difference(mean=3.0, low=None, high=None)
    """
    from lossmodel.ratings.inference.crossed import crossed_mean  # scipy's statistics, only where a page needs them

    person, item = (np.unique(np.array(each), return_inverse=True)[1] for each in zip(*differences))
    table = np.full((person.max() + 1, item.max() + 1), np.nan)
    table[person, item] = list(differences.values())
    found = crossed_mean(table)
    low, high = found.interval() or (None, None)
    return Difference(found.value, low, high) if min(table.shape) > 1 else Difference(found.value, None, None)


def forecast(stored: Mapping[str, Any], attribute: str, condition: str, other: str) -> Difference | None:
    """Return the predicted difference of two conditions over the items that have both; None where none was stored.

    The intervals of the single predictions (90 %) are combined as independent: halves add as squares.
    """
    items = (stored.get("attributes") or {}).get(attribute, {})
    both = [(own[condition], own[other]) for own in items.values() if condition in own and other in own]
    if not both:
        return None
    mean = sum(new["mean"] - old["mean"] for new, old in both) / len(both)
    squares = sum(((each["high"] - each["low"]) / 2) ** 2 for pair in both for each in pair)
    half = sqrt(squares) / len(both)
    return Difference(mean, mean - half, mean + half)


def _contrast(
    attribute: str, new: Condition, other: Condition, own: Paired, foreseen: Difference | None, *, simulated: bool
) -> Contrast:
    assessors, items = (len(set(each)) for each in zip(*own))
    return Contrast(attribute, new.name, other.name, simulated, two_way(own), assessors, items, foreseen)


def _scores(study: Study) -> Mapping[tuple[str, bool], dict[int, dict[tuple[int, int], float]]]:
    """Return mean scores as (attribute's key, simulated) → condition → (assessor, item) → score, in one query."""
    trial, assessor = "slot__trial__", "slot__trial__session__assessor"
    group = (f"{trial}attribute__key", f"{assessor}__simulated", "slot__stimulus__condition", assessor, f"{trial}item")
    found: dict[tuple[str, bool], dict[int, dict[tuple[int, int], float]]] = defaultdict(lambda: defaultdict(dict))
    for key, simulated, condition, person, item, mean in (
        ratings(study).order_by().values_list(*group).annotate(Avg("score"))
    ):
        found[key, simulated][condition][person, item] = mean
    return found


def _paired(scores: Mapping[int, Mapping[tuple[int, int], float]], new: int, other: int) -> Paired:
    one, two = scores.get(new, {}), scores.get(other, {})
    return {key: one[key] - two[key] for key in one.keys() & two.keys()}
