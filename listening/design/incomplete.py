"""Which items a sitting takes where it takes some of them: 24 sittings in which all items meet about equally often.

A balanced incomplete block design has every item in r sittings and every two items together in λ of them. For 24
sittings r = 24 k / n and λ = r (k - 1) / (n - 1) are seldom whole numbers; sought is the nearest there is, in which no
count is off by more than one. A plain search hardly finds it. The trick is to ask for symmetry: items stand in cycles
of g, and each block of items is turned through its g rotations, so that 24 / g blocks decide about everything (Bose's
method of differences). Each g is tried in turn, by annealing over many designs at once.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

CELLS_OF_A_ROUND = 24
"""Sittings after which everything is balanced: a usual panel, and a number with many divisors."""

SYMMETRIES = (12, 8, 6, 4, 3, 24, 2, 1)
"""Lengths of the cycles in which items may be turned; divisors of `CELLS_OF_A_ROUND`."""

SHORT_SEARCH_STEPS, LONG_SEARCH_STEPS = 400, 2000
"""Steps of annealing: at first for each symmetry, then for the two that came nearest."""

FIRST_TEMPERATURE, LAST_TEMPERATURE = 4.0, 0.3
"""Of the annealing, in squared counts for each rotation."""

ROUNDING = 1e-9

Blocks = np.ndarray
"""Who sits what, 1 or 0 (sittings, items), or as many designs at once (designs, sittings, items)."""


@dataclass(frozen=True)
class Found:
    """A design and by how much its counts are off by more than one: the squares of what is beyond, together.

    How often single items are sat always comes out even, so it weighs more than any meeting of two.
    """

    excess: float
    blocks: Blocks


@lru_cache(maxsize=64)
def incomplete(items: int, size: int) -> Blocks:
    """Return the nearest to a balanced design of `CELLS_OF_A_ROUND` sittings of `size` out of `items`.

    Shape: (CELLS_OF_A_ROUND, items).

    Always the same for the same numbers; who wants another one gives the items other names.
    """
    if size >= items:
        return np.ones((CELLS_OF_A_ROUND, items), np.float32)
    found: dict[int, Found] = {}
    for symmetry in (each for each in SYMMETRIES if each <= items):
        found[symmetry] = _anneal(items, size, symmetry, SHORT_SEARCH_STEPS)
        if not found[symmetry].excess:
            return found[symmetry].blocks
    for symmetry in sorted(found, key=lambda each: found[each].excess)[:2]:
        longer = _anneal(items, size, symmetry, LONG_SEARCH_STEPS)
        found[symmetry] = min(longer, found[symmetry], key=lambda each: each.excess)
        if not longer.excess:
            break
    return min(found.values(), key=lambda each: each.excess).blocks


def meetings(blocks: Blocks) -> Blocks:
    """Return how often every two items are in the same sitting, and in the diagonal how often each is in one.

    >>> meetings(np.array([[1, 1, 0], [1, 0, 1]], np.float32)).astype(int).tolist()
    [[2, 1, 1], [1, 1, 0], [1, 0, 1]]
    """
    met: Blocks = np.matmul(np.swapaxes(blocks, -1, -2), blocks)
    return met


def evenly(items: int, size: int, sittings: int = CELLS_OF_A_ROUND) -> np.ndarray:
    """Return what `meetings` would be if nothing were left over: λ, and r in the diagonal."""
    pair = sittings * size * (size - 1) / max(1, items * (items - 1))
    return np.where(np.eye(items, dtype=bool), sittings * size / items, pair)


def _anneal(items: int, size: int, symmetry: int, steps: int) -> Found:
    """Return the best design with this symmetry that was met: many are changed at once, an item of a block at a time.

    All counts have fixed sums, so they are even where the sum of their squares is least.
    """
    rng = np.random.default_rng([items, size, symmetry, steps])
    designs, rotated = _designs(items), _rotations(items, symmetry)
    even, single = evenly(items, size), np.eye(items, dtype=bool)
    weights, dear = np.where(single, size, 1), np.where(single, items**2, 1)
    blocks = _random_blocks(rng, (designs, CELLS_OF_A_ROUND // symmetry, items), size)
    met = meetings(_turned(blocks, rotated))
    cost = (weights * met * met).sum((1, 2)) / 2
    best, each = Found(np.inf, _turned(blocks, rotated)[0]), np.arange(designs)
    steps = max(100, round(steps * min(1, 24 / items)))
    for temperature in symmetry * np.geomspace(FIRST_TEMPERATURE, LAST_TEMPERATURE, steps):
        tried = _exchanged(rng, blocks)
        met = meetings(_turned(tried, rotated))
        costs = (weights * met * met).sum((1, 2)) / 2
        excess = (dear * np.maximum(0, np.abs(met - even) - 1 - ROUNDING) ** 2).sum((1, 2))
        nearest = int(excess.argmin())
        if excess[nearest] < best.excess:
            best = Found(float(excess[nearest]), _turned(tried, rotated)[nearest])
            if not best.excess:
                break
        accepted = each[costs - cost < temperature * rng.exponential(size=designs)]
        blocks[accepted], cost[accepted] = tried[accepted], costs[accepted]
    return best


def _designs(items: int) -> int:
    """Return how many designs to change at once: fewer of large ones, whose steps take longer."""
    return max(4, min(32, round(32 * (24 / items) ** 2)))


def _rotations(items: int, symmetry: int) -> np.ndarray:
    """Return where each item comes from in each rotation; what fills no cycle stays. Shape: (symmetry, items)."""
    turning = items // symmetry * symmetry
    each, turns = np.arange(items), np.arange(symmetry)[:, None]
    return np.where(each < turning, each // symmetry * symmetry + (each - turns) % symmetry, each)


def _turned(blocks: Blocks, rotations: np.ndarray) -> Blocks:
    """Return every rotation of every block. Shape: (designs, blocks, items) → (designs, ROUND, items)."""
    return blocks[:, :, rotations].reshape(len(blocks), CELLS_OF_A_ROUND, -1)


def _random_blocks(rng: np.random.Generator, shape: tuple[int, ...], size: int) -> Blocks:
    return (rng.random(shape).argsort(axis=-1) < size).astype(np.float32)


def _exchanged(rng: np.random.Generator, blocks: Blocks) -> Blocks:
    """Return the designs with one item of one block each exchanged for another."""
    designs, count, items = blocks.shape
    each, block, key = np.arange(designs), rng.integers(count, size=designs), rng.random((designs, items)) + 1
    own = blocks[each, block]
    tried = blocks.copy()
    tried[each, block, (key * own).argmax(1)] = 0
    tried[each, block, (key * (1 - own)).argmax(1)] = 1
    return tried
