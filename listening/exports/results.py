"""What a study found so far: the mean rating of each condition with its interval, for pages and the API.

Light enough for the web process: the database groups, numpy averages. People and simulated assessors are never pooled.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Avg, Count, Q, QuerySet

from listening.models import Rating, Role, Study

CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True)
class Mean:
    """The mean rating (0–100) of one condition on one attribute, with its 95 % interval over assessors.

    `low` and `high` are None where a single assessor gives no interval.
    """

    attribute: str
    condition: str
    role: str
    simulated: bool
    mean: float
    low: float | None
    high: float | None
    assessors: int
    ratings: int


def ratings(study: Study) -> QuerySet[Rating]:
    """Return the ratings that count, the same as in every export."""
    return Rating.objects.counted(study)


def means(study: Study) -> list[Mean]:
    """Return every condition's mean per attribute, in the study's order of attributes, best first.

    Each assessor's ratings of a condition are averaged over items and replicates first, so n counts people; the
    interval is Student's t over assessors, as in ITU-R BS.1534-3 §9.
    """
    groups: dict[tuple[int, int, bool], list[tuple[float, int]]] = defaultdict(list)
    machines = set(study.sessions.filter(assessor__simulated=True).values_list("assessor", flat=True))
    for attribute, condition, assessor, mean, count in _assessor_means(study):
        groups[attribute, condition, assessor in machines].append((mean, count))
    names = dict(study.attributes.values_list("pk", "name"))
    conditions = {pk: (name, role) for pk, name, role in study.conditions.values_list("pk", "name", "role")}
    order = list(names)
    found = [
        (order.index(attribute), simulated, _mean(names[attribute], *conditions[condition], own, simulated=simulated))
        for (attribute, condition, simulated), own in groups.items()
    ]
    return [mean for _place, _simulated, mean in sorted(found, key=lambda each: (*each[:2], -each[2].mean))]


@dataclass(frozen=True)
class ComprehensionCount:
    """How many of the sessions in which an attribute's comprehension was checked had understood it."""

    attribute: str
    understood: int
    checked: int


def comprehension(study: Study) -> list[ComprehensionCount]:
    """Return how each attribute was understood in practice, in the study's order; those never checked are left out."""
    own = study.attributes.filter(comprehensions__session__in=study.sessions.sat())
    right = Count("comprehensions", filter=Q(comprehensions__understood=True))
    found = own.annotate(right=right, checked=Count("comprehensions")).exclude(checked=0)
    return [ComprehensionCount(*row) for row in found.values_list("name", "right", "checked")]


def _assessor_means(study: Study) -> Iterable[Any]:
    """Return (attribute, condition, assessor, mean, ratings) of each assessor, the first three by their keys.

    Keys alone: on 100,000 ratings, joining and grouping by names takes twice as long.
    """
    group = ("slot__trial__attribute", "slot__stimulus__condition", "slot__trial__session__assessor")
    return ratings(study).order_by().values_list(*group).annotate(Avg("score"), Count("score"))


def _mean(attribute: str, condition: str, role: str, own: list[tuple[float, int]], *, simulated: bool) -> Mean:
    scores = np.array([mean for mean, _count in own])
    half = half_width(scores)
    mean = float(scores.mean())
    low, high = (None, None) if half is None else (max(0.0, mean - half), min(100.0, mean + half))
    ratings = sum(count for _mean, count in own)
    return Mean(attribute, condition, str(Role(role).label), simulated, mean, low, high, len(own), ratings)


def half_width(values: np.ndarray, level: float = CONFIDENCE_LEVEL) -> float | None:
    """Return half the width of Student's t interval of the mean; None for fewer than two values.

    >>> round(half_width(np.array([1.0, 2.0, 3.0])), 3)
    2.484
    """
    from scipy.special import stdtrit  # a tenth of the time of scipy.stats, and only where a page needs it

    if values.size < 2:
        return None
    return float(stdtrit(values.size - 1, 0.5 + level / 2) * values.std(ddof=1) / np.sqrt(values.size))
