"""Which panel finds a difference: tables are simulated from variance components and analysed as a real one would be.

    score[a, i, c] = level[c] + A[a] + I[i] + AI[a, i] + AC[a, c] + IC[i, c] + e,    all random parts normal

One system is better than all others, which are alike, by the difference that is looked for; it is found where its
difference from one of them is significant at 5 % after Holm's adjustment over all pairs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd

from lossmodel.cells import write_csv
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file
from lossmodel.progress import Report, silent
from lossmodel.ratings.estimate import Values
from lossmodel.ratings.inference.crossed import CrossedMean, crossed_mean
from lossmodel.ratings.inference.cube import cube
from lossmodel.ratings.inference.multiplicity import adjusted

LEVEL = 0.05
MAX_ASSESSORS = 256
"""The largest panel that is tried."""
TARGET_POWER = 0.8


@dataclass(frozen=True)
class Components:
    """What makes ratings on one attribute differ: standard deviations in points (0-100)."""

    assessor: float
    item: float
    assessor_item: float
    assessor_condition: float
    item_condition: float
    residual: float
    source: str = field(default="", compare=False)


PUBLISHED = Components(
    assessor=10.2, item=0.0, assessor_item=6.1, assessor_condition=6.2, item_condition=5.8, residual=13.0,
    source="SiSEC 2018 (Ward et al.): 24 assessors, 6 separators, 10 songs, overall similarity; no item variance",
)  # fmt: skip
"""Of a published test of separated vocals. In differences assessor, item and their pair cancel; `item` is not told."""


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
class Outlook:
    """What to expect of a panel: half the 95 % interval of a difference in points, and its power (0-1)."""

    assessors: int
    items: int
    half_width: float
    power: float


def components(panel: pd.DataFrame, *, source: str = "") -> Components:
    """Return the components of the systems in the ratings of one panel; gaps are allowed.

    What matters for differences is taken from the differences themselves: the mean over all pairs of half of what
    `crossed_mean` finds to vary in them. A component below 0 counts as 0 in each pair, so that small ones come out a
    little large. Raises `BadInput` where no two systems were rated by two assessors in two items, or nothing varies.
    """
    scores = cube(panel[panel["role"] == "system"]).scores
    found = [each for each in _differences(scores) if each.se is not None and min(each.assessors, each.items) > 1]
    if not found:
        raise BadInput(f"{source or 'ratings'}: it takes two systems, rated by two assessors in the same two items")
    by_condition, by_item, residual = (
        float(np.mean([getattr(each, name) for each in found])) / 2 for name in ("assessor", "item", "residual")
    )
    level, each = _levels(scores)
    squares = {
        "assessor": level.assessor - by_condition * each, "item": level.item - by_item * each,
        "assessor_item": level.residual - residual * each, "assessor_condition": by_condition,
        "item_condition": by_item, "residual": residual,
    }  # fmt: skip
    return Components(**{name: sqrt(max(square, 0.0)) for name, square in squares.items()}, source=source)


def outlook(
    assessors: int, items: int, question: Question, parts: Components, *, draws: int = 500, seed: int = 0
) -> Outlook:
    """Return what `draws` simulated tests say of a panel in which every assessor rates every system in every item.

    The same arguments give the same outlook. A power of .8 from 500 draws is sure to ± .035 (95 %).
    """
    if min(assessors, items) < 2 or draws < 1:
        raise BadInput(f"{assessors} assessors, {items} items, {draws} draws: it takes two, two and one")
    rng = np.random.default_rng([seed, assessors, items])
    widths, found = [], 0
    for _ in range(draws):
        means = _differences(_drawn(rng, assessors, items, question, parts))
        low, high = means[0].interval(1 - LEVEL) or (np.nan, np.nan)
        p = adjusted([each.p for each in means])[0]
        widths.append((high - low) / 2)
        found += means[0].value > 0 and p is not None and p <= LEVEL
    return Outlook(assessors, items, float(np.mean(widths)), found / draws)


def grid(
    assessors: Sequence[int],
    items: Sequence[int],
    question: Question,
    parts: Components,
    *,
    draws: int = 500,
    seed: int = 0,
    report: Report = silent,
) -> list[Outlook]:
    """Return the outlook of each number of items with each number of assessors."""
    found = []
    for number in items:
        for people in assessors:
            found.append(outlook(people, number, question, parts, draws=draws, seed=seed))
            report(len(found), len(assessors) * len(items))
    return found


def smallest_panel(
    items: int, question: Question, parts: Components, *, draws: int = 500, seed: int = 0
) -> Outlook | None:
    """Return the fewest assessors that reach a power of 80 % with `items` items; None where `MAX_ASSESSORS` do not.

    Items that differ bound the power: beyond that only more items help.
    """
    few, many = 1, 2
    best = outlook(many, items, question, parts, draws=draws, seed=seed)
    while best.power < TARGET_POWER:
        if many >= MAX_ASSESSORS:
            return None
        few, many = many, 2 * many
        best = outlook(many, items, question, parts, draws=draws, seed=seed)
    while many - few > 1:
        middle = outlook((few + many) // 2, items, question, parts, draws=draws, seed=seed)
        if middle.power >= TARGET_POWER:
            many, best = middle.assessors, middle
        else:
            few = middle.assessors
    return best


def write(path: Path, found: Iterable[Outlook]) -> None:
    """Write one row an outlook as CSV, with its field names as columns: whole or not at all."""
    with atomic_file(path) as part:
        write_csv(part, pd.DataFrame([vars(each) for each in found]))


def _levels(scores: Values) -> tuple[CrossedMean, float]:
    """Return the mean over systems of what an assessor rated in an item, and the mean of 1 / (systems rated there)."""
    apart = scores - np.nanmean(scores, axis=(0, 1))
    rated = (~np.isnan(apart)).sum(axis=2)
    means = np.divide(np.nansum(apart, axis=2), rated, out=np.full(rated.shape, np.nan), where=rated > 0)
    return crossed_mean(means), float((1 / rated[rated > 0]).mean())


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


def _differences(scores: Values) -> list[CrossedMean]:
    """Return every pair of systems, the first two first."""
    pairs = combinations(range(scores.shape[2]), 2)
    return [crossed_mean(scores[:, :, one] - scores[:, :, other]) for one, other in pairs]
