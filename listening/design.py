"""Who rates what, in which order: a seeded plan, balanced over items and attributes.

Everything is drawn from (design.seed, number of the session), so the same study and number give the same plan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


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


@dataclass(frozen=True)
class Page:
    """One trial to come: an item judged on an attribute, its stimuli in their order; `part` counts an item's pages."""

    attribute: int
    item: int
    replicate: int
    stimuli: tuple[int, ...]
    part: int = 0
    attention: bool = False


def plan(design: Design, number: int) -> list[Page]:
    """Return the pages of session `number` (0, 1, 2 …) in order.

    Attributes come in blocks, in the order of one row of a Williams square (each attribute equally often at each place
    and after each other one). Each block has the session's items in random order; a replicated item comes once in
    the first half of its block and again in the second. Stimuli are shuffled anew on each page; those of a pair change
    sides from item to item, from session to session and in the replicate, so that every two sessions meet each
    pair both ways. Pages for attention stand anywhere but first.
    """
    rng = np.random.default_rng([design.seed, number])
    items = choose(design, number)
    squares = williams(len(design.attributes))
    blocks = [design.attributes[index] for index in squares[number % len(squares)]]
    return [page for attribute in blocks for page in _block(design, number, attribute, items, rng)]


def singles(stimuli: Sequence[int]) -> list[tuple[int, ...]]:
    """Return a page for each stimulus.

    >>> singles([1, 2])
    [(1,), (2,)]
    """
    return [(stimulus,) for stimulus in stimuli]


def pairs(stimuli: Sequence[int]) -> list[tuple[int, ...]]:
    """Return every pair once, each stimulus as often first as second (one more or less for an even number of them).

    >>> pairs([1, 2, 3])
    [(1, 2), (3, 1), (2, 3)]
    """
    size = len(stimuli)
    met = [(one, other) for one in range(size) for other in range(one + 1, size)]
    sides = [(one, other) if other - one <= size // 2 else (other, one) for one, other in met]
    return [(stimuli[first], stimuli[second]) for first, second in sides]


def against(reference: int, stimuli: Sequence[int]) -> list[tuple[int, ...]]:
    """Return a pair of `reference` and each of `stimuli`, first and second by turns.

    >>> against(9, [1, 2])
    [(9, 1), (2, 9)]
    """
    return [(reference, each) if place % 2 == 0 else (each, reference) for place, each in enumerate(stimuli)]


def choose(design: Design, number: int) -> list[int]:
    """Return the items of session `number`: all, or `items_per_session` of them, balanced.

    With k of n items, any n successive sessions from a multiple of n on rate each item exactly k times.
    """
    items = sorted(design.items)
    size = min(design.items_per_session or len(items), len(items))
    if size == len(items):
        return items
    cycle, place = divmod(number, len(items))
    shuffled = np.random.default_rng([design.seed, cycle, len(items)]).permutation(items)
    return [int(item) for item in np.roll(shuffled, -place * size)[:size]]


def williams(size: int) -> list[list[int]]:
    """Return the rows of a Williams square: Latin, and balanced for what comes directly before (Williams, 1949).

    `size` rows for an even size, twice as many for an odd one.

    >>> williams(2)
    [[0, 1], [1, 0]]
    """
    zigzag = [(step + 1) // 2 if step % 2 else (size - step // 2) % size for step in range(size)]
    rows = [[(place + shift) % size for place in zigzag] for shift in range(size)]
    return rows if size % 2 == 0 else rows + [row[::-1] for row in rows if size > 1]


Unit = tuple[int, int, int]
"""Item, part, replicate."""


def _block(design: Design, number: int, attribute: int, items: Sequence[int], rng: np.random.Generator) -> list[Page]:
    """Return the pages of one attribute, those for attention among them."""
    parts = {item: design.parts.get(item, (tuple(design.items[item]),)) for item in items}
    turns = {item: number + place for place, item in enumerate(sorted(design.items))}

    def stimuli(item: int, part: int, replicate: int) -> tuple[int, ...]:
        shown = parts[item][part]
        if item not in design.parts:
            return tuple(int(each) for each in rng.permutation(shown))
        return shown[::-1] if (turns[item] + replicate) % 2 else shown

    units = _units(items, {item: len(parts[item]) for item in items}, design.replicates, rng)
    pages = [Page(attribute, item, again, stimuli(item, part, again), part) for item, part, again in units]
    known = [item for item in items if design.controls.get(item)]
    for item in rng.permutation(known)[: design.attention] if design.attention else ():
        shown = tuple(int(each) for each in rng.permutation(design.controls[int(item)]))
        pages.insert(int(rng.integers(1, len(pages) + 1)), Page(attribute, int(item), 0, shown, attention=True))
    return pages


def _units(items: Sequence[int], parts: Mapping[int, int], replicates: int, rng: np.random.Generator) -> list[Unit]:
    """Return what to show in random order; from two items on, a replicate never follows directly."""
    order = [int(item) for item in rng.permutation(np.asarray(items))]
    half = (len(order) + 1) // 2
    repeated = [(item, 1) for item in order[:half][:replicates]]
    first = _shuffled([(item, 0) for item in order[:half]], parts, rng)
    second = _shuffled([(item, 0) for item in order[half:]] + repeated, parts, rng)
    if second and second[0][:2] == first[-1][:2]:
        second = second[1:] + second[:1]
    return first + second


def _shuffled(chosen: Sequence[tuple[int, int]], parts: Mapping[int, int], rng: np.random.Generator) -> list[Unit]:
    units = [(item, part, replicate) for item, replicate in chosen for part in range(parts[item])]
    return [units[index] for index in rng.permutation(len(units))]
