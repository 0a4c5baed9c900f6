"""Which panel finds a difference: tables are simulated from variance components and analysed as a real one would be.

One system is better than all others, which are alike, by the difference that is looked for; it is found where its
difference from one of them is significant at 5 % after Holm's adjustment over all pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent
from lossmodel.ratings.components import Components, differences
from lossmodel.ratings.estimate import Values
from lossmodel.ratings.inference.multiplicity import adjusted

LEVEL = 0.05
MAX_ASSESSORS = 256
"""The largest panel that is tried."""
TARGET_POWER = 0.8


@dataclass(frozen=True)
class Question:
    """What a test is to find: a `difference` in points between one of `systems` systems and the others."""

    systems: int
    difference: float

    def __post_init__(self) -> None:
        """Refuse a question that cannot be asked."""
        if self.systems < 2 or not 0 < self.difference <= 100:
            told = f"{self.systems} systems, {self.difference:g} points"
            raise BadInput(f"{told}: it takes two systems and a difference above 0 and up to 100 points")


@dataclass(frozen=True)
class DesignPrecision:
    """What to expect of a panel: half the 95 % interval of a difference in points, and its power (0-1)."""

    assessors: int
    items: int
    half_width: float
    power: float


def simulated_precision(
    assessors: int, items: int, question: Question, parts: Components, *, draws: int = 500, seed: int = 0
) -> DesignPrecision:
    """Return what `draws` simulated tests say of a panel in which every assessor rates every system in every item.

    The same arguments give the same result. A power of .8 from 500 draws is sure to ± .035 (95 %).
    """
    if min(assessors, items) < 2 or draws < 1:
        raise BadInput(f"{assessors} assessors, {items} items, {draws} draws: it takes two, two and one")
    rng = np.random.default_rng([seed, assessors, items])
    widths, found = [], 0
    for _ in range(draws):
        means = differences(_drawn(rng, assessors, items, question, parts))
        low, high = means[0].interval(1 - LEVEL) or (np.nan, np.nan)
        p = adjusted([each.p for each in means])[0]
        widths.append((high - low) / 2)
        found += means[0].value > 0 and p is not None and p <= LEVEL
    return DesignPrecision(assessors, items, float(np.mean(widths)), found / draws)


def grid(
    assessors: Sequence[int],
    items: Sequence[int],
    question: Question,
    parts: Components,
    *,
    draws: int = 500,
    seed: int = 0,
    report: Report = silent,
) -> list[DesignPrecision]:
    """Return width and power for each number of items with each number of assessors."""
    found = []
    for number in items:
        for people in assessors:
            found.append(simulated_precision(people, number, question, parts, draws=draws, seed=seed))
            report(len(found), len(assessors) * len(items))
    return found


def smallest_panel(
    items: int, question: Question, parts: Components, *, draws: int = 500, seed: int = 0
) -> DesignPrecision | None:
    """Return the fewest assessors that reach a power of 80 % with `items` items; None where `MAX_ASSESSORS` do not.

    Items that differ bound the power: beyond that only more items help.
    """
    few, many = 1, 2
    best = simulated_precision(many, items, question, parts, draws=draws, seed=seed)
    while best.power < TARGET_POWER:
        if many >= MAX_ASSESSORS:
            return None
        few, many = many, 2 * many
        best = simulated_precision(many, items, question, parts, draws=draws, seed=seed)
    while many - few > 1:
        middle = simulated_precision((few + many) // 2, items, question, parts, draws=draws, seed=seed)
        if middle.power >= TARGET_POWER:
            many, best = middle.assessors, middle
        else:
            few = middle.assessors
    return best


def _drawn(rng: np.random.Generator, assessors: int, items: int, question: Question, parts: Components) -> Values:
    """Return a table of scores around 0, shape (assessors, items, systems); the first system is the better one."""
    size = (assessors, items, question.systems)
    sizes = [
        (parts.assessor, (assessors, 1, 1)), (parts.item, (1, items, 1)), (parts.assessor_item, (assessors, items, 1)),
        (parts.assessor_condition, (assessors, 1, size[2])), (parts.item_condition, (1, items, size[2])),
        (parts.residual, size),
    ]  # fmt: skip
    scores = np.zeros(size)
    scores[:, :, 0] = question.difference
    for sd, shape in sizes:
        scores = scores + sd * rng.standard_normal(shape)
    return scores
