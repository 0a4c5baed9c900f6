"""What makes the ratings of a finished study differ, as the forecast of another one takes it."""

import numpy as np

from listening.models import Rating, Role, Study
from lossmodel.errors import BadInput
from lossmodel.ratings.components import Components
from lossmodel.ratings.components import components as of_scores

MIN_ASSESSORS = 4
"""Fewer say next to nothing about how assessors differ."""


def components(study: Study, attribute: int | None = None) -> Components:
    """Return the components of the systems' ratings on one attribute (its first): people, finished, no replicates.

    Raises `BadInput` unless `MIN_ASSESSORS` rated every system on every item: mean squares need a full table.
    """
    scores = full_table(study, attribute)
    source = f"{study.slug}: {scores.shape[0]} assessors, {scores.shape[2]} systems, {scores.shape[1]} items"
    return of_scores(scores, source=source)


def full_table(study: Study, attribute: int | None = None) -> np.ndarray:
    """Return the ratings of the assessors who rated all. Shape: (assessors, items, systems)."""
    found = _scores(study, attribute)
    assessors, items, systems = (sorted({key[way] for key in found}) for way in range(3))
    places = [{name: place for place, name in enumerate(names)} for names in (assessors, items, systems)]
    table = np.full([len(assessors), len(items), len(systems)], np.nan)
    for key, score in found.items():
        table[tuple(place[name] for place, name in zip(places, key))] = score
    full: np.ndarray = table[np.isfinite(table).all((1, 2))]
    if len(full) < MIN_ASSESSORS or min(full.shape) < 2:
        told = f"{study.slug}: {len(full)} of {len(assessors)} assessors rated every system on every item"
        raise BadInput(f"{told}, but {MIN_ASSESSORS} are needed; choose a study in which everybody rates all items")
    return full


def _scores(study: Study, attribute: int | None) -> dict[tuple[int, int, int], float]:
    """Return each score by assessor, item and condition."""
    first = study.attributes.values_list("pk", flat=True).first()
    own = Rating.objects.counted(study).filter(
        slot__trial__attribute=attribute or first, slot__trial__replicate=0,
        slot__trial__session__assessor__simulated=False, slot__trial__session__finished_at__isnull=False,
        slot__stimulus__condition__role=Role.SYSTEM,
    )  # fmt: skip
    trial, stimulus = "slot__trial__", "slot__stimulus__"
    rows = own.order_by().values_list(f"{trial}session__assessor", f"{trial}item", f"{stimulus}condition", "score")
    return {(assessor, item, condition): score for assessor, item, condition, score in rows}
