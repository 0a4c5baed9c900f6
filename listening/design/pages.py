"""The pages of a sitting, in order: a cell of the plan with its stimuli shuffled.

Everything is drawn from (design.seed, cell), so the same study and cell give the same pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from listening.design.rounds import Cell, Layout, cell_of


@dataclass(frozen=True)
class Design:
    """What there is to rate: attribute keys, the stimuli of each item, and how much of it one session takes.

    `parts` are the pages of an item where it takes several, each the stimuli that one page shows: see `singles`,
    `pairs` and `against`. `controls` are the stimuli by which an item can tell who listens, for `attention` further
    pages of each attribute.
    """

    attributes: Sequence[int]
    items: Mapping[int, Sequence[int]]
    seed: int
    items_per_session: int | None = None
    replicates: int = 0
    parts: Mapping[int, Sequence[tuple[int, ...]]] = field(default_factory=dict)
    controls: Mapping[int, Sequence[int]] = field(default_factory=dict)
    attention: int = 0

    @property
    def size(self) -> int:
        """Return how many items a sitting takes."""
        return min(self.items_per_session or len(self.items), len(self.items))

    def sittings_for(self, ratings: int) -> int:
        """Return how many sittings give every item at least `ratings`, as items are sat evenly: n r / k, rounded up.

        >>> Design([1], {1: [1, 2], 2: [3, 4], 3: [5, 6]}, seed=0, items_per_session=2).sittings_for(5)
        8
        """
        return -(-len(self.items) * ratings // self.size) if self.items else 0


@dataclass(frozen=True)
class Page:
    """One trial to come: an item judged on an attribute, its stimuli in their order; `part` counts an item's pages."""

    attribute: int
    item: int
    replicate: int
    stimuli: tuple[int, ...]
    part: int = 0
    attention: bool = False


def plan(design: Design, cell: int) -> list[Page]:
    """Return the pages of cell `cell` (0, 1, 2 …) in order.

    Attributes come in blocks, in the order of one row of a Williams square (each attribute equally often at each place
    and after each other one). Each block has the items of the cell at balanced places; a replicated item comes once
    in the first half of its block and again in the second. Stimuli are shuffled anew on each page; those of a pair
    change sides from item to item, whenever the item is sat again and in the replicate, so that every two successive
    sittings of an item meet each pair both ways. Pages for attention stand anywhere but first.
    """
    if not design.items or not design.attributes:
        return []
    own = cell_of(_layout(design), cell)
    return _pages(design, cell, own, dict(zip(sorted(design.items), own.sat, strict=True)))


def top_up(design: Design, cell: int, needed: Mapping[int, int]) -> list[Page]:
    """Return the pages of cell `cell` where each item still needs as many sittings as `needed` says.

    They are those of `plan` while every item needs some. Once one needs none (0 or less), the sitting takes the items
    that need most: no other choice ends in fewer sittings (McNaughton, 1959). Everything but the choice of items is as
    in the plan of these items alone.
    """
    if all(needed[item] > 0 for item in design.items):
        return plan(design, cell)
    drawn = np.random.default_rng([design.seed, cell, design.size]).permutation(sorted(design.items))
    chosen = sorted((int(item) for item in drawn), key=lambda item: -needed[item])[: design.size]
    own = replace(design, items={item: design.items[item] for item in sorted(chosen)})
    return _pages(own, cell, cell_of(_layout(own), cell), {item: -needed[item] for item in chosen})


def _pages(design: Design, cell: int, own: Cell, sat: Mapping[int, int]) -> list[Page]:
    """Return the pages of a cell; `sat`, how often each item was sat before, decides which side of a pair is first."""
    rng = np.random.default_rng([design.seed, cell])
    names = sorted(design.items)
    turns = {item: place + sat[item] for place, item in enumerate(names)}
    pages: list[Page] = []
    for attribute in own.attributes:
        items, again = ([names[item] for item in each[attribute]] for each in (own.items, own.repeated))
        pages += _block(design, design.attributes[attribute], _units(design, items, again, rng), turns, rng)
    return pages


def _layout(design: Design) -> Layout:
    return Layout(len(design.items), design.size, len(design.attributes), design.replicates, design.seed)


Unit = tuple[int, int, int]
"""Item, part, replicate."""


def _block(
    design: Design, attribute: int, units: Sequence[Unit], turns: Mapping[int, int], rng: np.random.Generator
) -> list[Page]:
    """Return the pages of one attribute, those for attention among them; `turns` say which side of a pair is first."""

    def stimuli(item: int, part: int, replicate: int) -> tuple[int, ...]:
        shown = _parts(design, item)[part]
        if item not in design.parts:
            return tuple(int(each) for each in rng.permutation(shown))
        return shown[::-1] if (turns[item] + replicate) % 2 else shown

    pages = [Page(attribute, item, again, stimuli(item, part, again), part) for item, part, again in units]
    known = sorted({item for item, *_ in units if design.controls.get(item)})
    for item in rng.permutation(known)[: design.attention] if design.attention else ():
        shown = tuple(int(each) for each in rng.permutation(design.controls[int(item)]))
        pages.insert(int(rng.integers(1, len(pages) + 1)), Page(attribute, int(item), 0, shown, attention=True))
    return pages


def _units(design: Design, items: Sequence[int], again: Sequence[int], rng: np.random.Generator) -> list[Unit]:
    """Return what to show, items coming up at their places; from two items on, a replicate never follows directly."""
    half = (len(items) + 1) // 2
    first = _mixed(design, items[:half], (), rng)
    second = _mixed(design, items[half:], again, rng)
    if second and second[0][:2] == first[-1][:2]:
        second = second[1:] + second[:1]
    return first + second


def _mixed(design: Design, items: Sequence[int], again: Sequence[int], rng: np.random.Generator) -> list[Unit]:
    """Return the units of `items`, which come up in this order, with those of replicates anywhere among them."""
    drawn = {item: rng.random(len(_parts(design, item))) for item in items}
    moments: list[tuple[float, Unit]] = []
    for item, come_up in zip(items, sorted(own.min() for own in drawn.values()), strict=True):
        own = np.where(drawn[item] == drawn[item].min(), come_up, np.maximum(come_up, drawn[item]))
        moments += [(moment, (item, part, 0)) for part, moment in enumerate(own)]
    for item in again:
        moments += [(moment, (item, part, 1)) for part, moment in enumerate(rng.random(len(_parts(design, item))))]
    return [unit for _moment, unit in sorted(moments, key=lambda each: each[0])]


def _parts(design: Design, item: int) -> Sequence[tuple[int, ...]]:
    return design.parts.get(item, (tuple(design.items[item]),))
