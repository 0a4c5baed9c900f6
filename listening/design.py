"""Who rates what, in which order: a seeded plan, balanced over items and attributes.

Everything is drawn from (design.seed, number of the session), so the same study and number give the same plan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Design:
    """What there is to rate: attribute keys, the stimuli of each item, and how much of it one session takes."""

    attributes: Sequence[int]
    items: Mapping[int, Sequence[int]]
    seed: int
    items_per_session: int | None = None
    replicates: int = 0


@dataclass(frozen=True)
class Page:
    """One trial to come: an item judged on an attribute, its stimuli in their shuffled order."""

    attribute: int
    item: int
    replicate: int
    stimuli: tuple[int, ...]


def plan(design: Design, number: int) -> list[Page]:
    """Return the pages of session `number` (0, 1, 2 …) in order.

    Attributes come in blocks, in the order of one row of a Williams square (each attribute equally often at each place
    and after each other one). Each block has the session's items in random order; a replicated item comes once in
    the first half of its block and again in the second, its stimuli shuffled anew.
    """
    rng = np.random.default_rng([design.seed, number])
    items = choose(design, number)
    squares = williams(len(design.attributes))
    blocks = [design.attributes[index] for index in squares[number % len(squares)]]
    return [
        Page(attribute, item, replicate, tuple(int(s) for s in rng.permutation(design.items[item])))
        for attribute in blocks
        for item, replicate in _block(items, design.replicates, rng)
    ]


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


def _block(items: Sequence[int], replicates: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return (item, replicate) in random order; from two items on, a replicate never follows directly."""
    order = [int(item) for item in rng.permutation(np.asarray(items))]
    half = (len(order) + 1) // 2
    repeated = order[:half][:replicates]
    first = [(order[index], 0) for index in rng.permutation(half)]
    second = [(item, 0) for item in order[half:]] + [(item, 1) for item in repeated]
    second = [second[index] for index in rng.permutation(len(second))]
    if second and second[0][0] == first[-1][0]:
        second = second[1:] + second[:1]
    return first + second
