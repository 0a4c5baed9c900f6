"""Ratings whose truth is known: assessors, items and what varies between them, drawn from a seed."""

import numpy as np

from lossmodel.ratings.inference.cube import Cube


def cube_of(scores) -> Cube:
    names = ([f"{letter}{at}" for at in range(size)] for letter, size in zip("aic", scores.shape, strict=True))
    return Cube(scores, *map(tuple, names))


def drawn(
    rng,
    *,
    assessors: int = 12,
    items: int = 8,
    conditions: int = 2,
    assessor_by_condition: float = 5.0,
    item_by_condition: float = 0.0,
    gap: float = 0.0,
):
    """Scores around 50 (SDs: assessor 10, item 8, page 4, rest 8); the first condition is `gap` points above."""
    size = (assessors, items, conditions)
    parts = [
        (10, (assessors, 1, 1)), (8, (1, items, 1)), (4, (assessors, items, 1)), (8, size),
        (assessor_by_condition, (assessors, 1, conditions)), (item_by_condition, (1, items, conditions)),
    ]  # fmt: skip
    scores = 50 + sum(sd * rng.standard_normal(shape) for sd, shape in parts)
    scores[:, :, 0] += gap
    return scores


def share_found(make, test, *, draws: int = 300) -> float:
    """Return how often `test` of a table from `make` has p below .05."""
    return float(np.mean([test(make()) < 0.05 for _ in range(draws)]))
