"""How full a study is: by its quota of sittings, and by what each cell, an item on one attribute, still needs."""

from typing import Any

from django.db.models import Count, QuerySet

from listening.models.study import Study
from listening.models.trial import Trial

Sittings = QuerySet[Any]
"""Sessions of one study."""

Cell = tuple[int, int]
"""Attribute and item."""


def rated(study: Study, sittings: Sittings) -> dict[Cell, int]:
    """Return how many of `sittings` rate each cell of `study`; where a cell takes several pages, the least of them.

    Trainings, attention trials and replicates fill no cell.
    """
    trials = Trial.objects.counted().filter(session__in=sittings, attention=False, replicate=0).order_by()
    pages = {tuple(page): sat for *page, sat in trials.values_list("attribute", "item", "part").annotate(Count("pk"))}
    design = study.design()
    parts = {item: range(len(design.parts.get(item, ((),)))) for item in design.items}
    return {
        (attribute, item): min(pages.get((attribute, item, part), 0) for part in parts[item])
        for attribute in design.attributes
        for item in design.items
    }


def needed(study: Study, sittings: Sittings) -> dict[int, int]:
    """Return how many more sittings each item needs by the quota of its cells; 0 or less for what has enough."""
    lacking: dict[int, int] = {}
    for (_attribute, item), count in rated(study, sittings).items():
        short = (study.cell_quota or 0) - count
        lacking[item] = max(lacking.get(item, short), short)
    return lacking


def is_filled(study: Study, sittings: Sittings) -> bool:
    """Tell whether `sittings` are as many as the study's quota, or give every cell what its own quota asks."""
    if study.quota is not None and sittings.count() >= study.quota:
        return True
    return study.cell_quota is not None and max(needed(study, sittings).values(), default=1) <= 0


def sittings_needed(study: Study) -> int | None:
    """Return after how many sittings `study` is full if nobody drops out; None without a quota."""
    cells = study.design().sittings_for(study.cell_quota) if study.cell_quota else None
    return min((quota for quota in (study.quota, cells) if quota is not None), default=None)
