"""Ratings as a test needs them: one row from words, a panel from numbers."""

import numpy as np
import pandas as pd

from lossmodel.ratings import table


def rating(**changes) -> dict:
    row = {
        "study": "s", "session": "1", "assessor": "A", "attribute": "quality", "item": "song", "condition": "net",
        "role": "system", "replicate": 0, "trial": 1, "position": 1, "score": 50.0, "seconds": 4.5, "simulated": False,
    }  # fmt: skip
    return row | changes


def ratings(*rows: dict) -> pd.DataFrame:
    return table.check(pd.DataFrame(rows))


def referenced(assessor: str, scores: list[float]) -> list[dict]:
    """The hidden references of one assessor, one an item."""
    return [
        rating(assessor=assessor, session=assessor, item=f"item{at}", condition="ref", role="reference", score=score)
        for at, score in enumerate(scores)
    ]


def anchored(assessor: str, scores: list[float]) -> list[dict]:
    """The mid anchors of one assessor, one an item."""
    return [
        rating(assessor=assessor, session=assessor, item=f"item{at}", condition="mid", role="anchor", score=score)
        for at, score in enumerate(scores)
    ]


def panel(
    truth: dict[str, float],
    *,
    assessors: int = 8,
    items: int = 5,
    noise: float = 8.0,
    seed: int = 0,
    offset: float = 0.0,
) -> pd.DataFrame:
    """Every assessor rates every condition in every item: truth + own offset + noise, within 0–100."""
    rng = np.random.default_rng(seed)
    offsets = rng.normal(0, offset, assessors)
    rows = [
        rating(
            assessor=f"P{person}", session=f"P{person}", item=f"item{item}", condition=condition,
            score=float(np.clip(level + offsets[person] + rng.normal(0, noise), 0, 100)),
        )
        for person in range(assessors)
        for item in range(items)
        for condition, level in truth.items()
    ]  # fmt: skip
    return ratings(*rows)
