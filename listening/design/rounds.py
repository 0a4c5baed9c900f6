"""The cells of a plan: which items a sitting takes, in which order of attributes, at which places, and which again.

Cells come in rounds of 24, each balanced with all the rounds before it. A round is an incomplete block design whose
items get the names under which earlier rounds are made up for best; it is put in an order in which each beginning is
balanced too, and so that every item meets each order of attributes equally often.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from listening.design.incomplete import CELLS_OF_A_ROUND, ROUNDING, Blocks, incomplete, meetings
from listening.design.places import Places, placed
from listening.design.squares import williams

NAMINGS_TRIED, NAME_EXCHANGES = 48, 40
"""How many names of the items are tried at once, and how often two are exchanged then."""

ORDERS_TRIED, FIRST_ROUND_PERTURBATIONS, LATER_ROUND_PERTURBATIONS, SITTINGS_PERTURBED_AT_ONCE = 6, 150, 20, 5
"""How many orders are tried, how often each is shaken up in the first round and later, and how many sittings of it."""


@dataclass(frozen=True)
class Layout:
    """What a plan is made of: how many items, how many of them in a sitting, attributes, replicates; and its seed."""

    items: int
    size: int
    attributes: int
    replicates: int
    seed: int


@dataclass(frozen=True)
class Cell:
    """One sitting to come, items and attributes counted from 0.

    `attributes` come in this order. `items` holds the items of each attribute's block at their places, `repeated` those
    that come again in it. `sat` tells how many sittings each item was in before.
    """

    attributes: tuple[int, ...]
    items: tuple[tuple[int, ...], ...]
    repeated: tuple[tuple[int, ...], ...]
    sat: tuple[int, ...]


@dataclass(frozen=True)
class Round:
    """The cells of a round, and the counts after them: meetings (items, items), orders (orders, items) and places."""

    cells: tuple[Cell, ...]
    met: np.ndarray
    ordered: np.ndarray
    places: Places


def cell_of(layout: Layout, number: int) -> Cell:
    """Return cell `number` (0, 1, 2 …) of the plan."""
    rounds, place = divmod(number, CELLS_OF_A_ROUND)
    for earlier in range(rounds):  # from the first on, so that none has to ask for all the others before it
        _round(layout, earlier)
    return _round(layout, rounds).cells[place]


@lru_cache(maxsize=1024)
def _round(layout: Layout, number: int) -> Round:
    rng = np.random.default_rng([layout.seed, number, layout.items, CELLS_OF_A_ROUND])
    rows = williams(layout.attributes)
    before = _round(layout, number - 1) if number else _nothing(layout, len(rows))
    blocks = _named(rng, incomplete(layout.items, layout.size), before.met)
    orders = np.array(
        [
            _order(layout.seed, len(rows), cell)
            for cell in range(number * CELLS_OF_A_ROUND, (number + 1) * CELLS_OF_A_ROUND)
        ]
    )
    blocks = _arranged(rng, blocks, orders, before)
    blocked, places = placed(rng, blocks, before.places, layout.replicates)
    sat = np.diag(before.met) + np.cumsum(blocks, axis=0) - blocks
    cells = tuple(
        Cell(tuple(rows[order]), own.items, own.repeated, tuple(int(times) for times in earlier))
        for order, own, earlier in zip(orders, blocked, sat, strict=True)
    )
    return Round(cells, before.met + meetings(blocks), _ordered(blocks, orders, before.ordered), places)


def _nothing(layout: Layout, orders: int) -> Round:
    """Return the counts before the first round."""
    size, places = layout.items, Places.nothing(layout.attributes, layout.items, layout.size)
    return Round((), np.zeros((size, size)), np.zeros((orders, size)), places)


def _order(seed: int, orders: int, cell: int) -> int:
    """Return in which order the attributes of a cell come: all of them by turns, shuffled each time."""
    turn, place = divmod(cell, orders)
    return int(np.random.default_rng([seed, turn, orders]).permutation(orders)[place])


def _named(rng: np.random.Generator, blocks: Blocks, before: np.ndarray) -> Blocks:
    """Return the blocks with their items named so that meetings are as even as they get; anyhow in the first round."""
    met, items = meetings(blocks), blocks.shape[1]
    names = np.array([rng.permutation(items) for _ in range(max(4, min(NAMINGS_TRIED, 10**5 // items**2)))])
    best, least = names[0], np.inf
    for _ in range(NAME_EXCHANGES if before.any() and blocks.min() == 0 else 0):
        costs = ((before + met[names[:, :, None], names[:, None, :]]) ** 2).sum((1, 2))
        if costs.min() < least:
            best, least = names[costs.argmin()], costs.min()
        each = np.arange(len(names))
        one, other = rng.integers(items, size=(2, len(names)))
        names = np.repeat(best[None], len(names), axis=0)
        names[each, one], names[each, other] = best[other], best[one]
    return blocks[:, best]


def _arranged(rng: np.random.Generator, blocks: Blocks, orders: np.ndarray, before: Round) -> Blocks:
    """Return the blocks in the best order met: even over orders of attributes, then in every beginning of the round."""

    def unevenness(arranged: Blocks) -> tuple[float, float]:
        met = before.met + np.cumsum(arranged[:, :, None] * arranged[:, None, :], axis=0)
        return _beyond(_ordered(arranged, orders, before.ordered)), float((_weights(blocks) * met**2).sum())

    tries = [blocks[_unfolding(rng, blocks, orders, before)] for _ in range(ORDERS_TRIED)]
    return min((_crossed(rng, each, orders, before.ordered) for each in tries), key=unevenness)


def _weights(blocks: Blocks) -> np.ndarray:
    """Return what a count weighs among meetings: a single item (in the diagonal) as much as all pairs of it."""
    return np.where(np.eye(blocks.shape[1], dtype=bool), blocks.shape[1], 1)


def _unfolding(rng: np.random.Generator, blocks: Blocks, orders: np.ndarray, before: Round) -> list[int]:
    """Return an order of the blocks in which the next is always the one that evens out most, single items first."""
    met, ordered, left, unfolded = before.met.copy(), before.ordered.copy(), list(rng.permutation(len(blocks))), []
    weights = _weights(blocks)
    for order in orders:
        own = blocks[left]
        costs = ((own @ (weights * met)) * own).sum(1) + len(met) * own @ ordered[order]
        unfolded.append(int(left.pop(int(costs.argmin()))))
        met += np.outer(blocks[unfolded[-1]], blocks[unfolded[-1]])
        ordered[order] += blocks[unfolded[-1]]
    return unfolded


def _crossed(rng: np.random.Generator, blocks: Blocks, orders: np.ndarray, before: np.ndarray) -> Blocks:
    """Return the blocks, some exchanged so that each item meets all orders equally often."""
    best, least = blocks, np.inf
    for _ in range(LATER_ROUND_PERTURBATIONS if before.any() else FIRST_ROUND_PERTURBATIONS):
        blocks = _exchanged(blocks, orders, before)
        excess = _beyond(_ordered(blocks, orders, before))
        if excess < least - ROUNDING:
            best, least = blocks, excess
        if not least:
            break
        shaken = rng.permutation(len(blocks))[:SITTINGS_PERTURBED_AT_ONCE]
        blocks = best.copy()
        blocks[shaken] = best[np.roll(shaken, 1)]
    return best


def _exchanged(blocks: Blocks, orders: np.ndarray, before: np.ndarray) -> Blocks:
    """Return the blocks after all exchanges of two that make the squares of `_ordered` less, near ones first."""
    sittings, differ = np.arange(len(blocks)), (blocks[:, None] != blocks).sum(2)
    apart = np.abs(sittings[:, None] - sittings) / len(blocks)
    where, gains = sittings.copy(), True
    while gains:
        gained = blocks[where] @ _ordered(blocks[where], orders, before).T
        here, there = gained[sittings, orders], gained[:, orders]
        saved = here[:, None] + here - there - there.T - differ[np.ix_(where, where)]
        saved = np.where(orders[:, None] == orders, 0, saved)
        one, other = divmod(int((saved - apart).argmax()), len(blocks))
        gains = bool(saved[one, other] > 0)
        if gains:
            where[[one, other]] = where[[other, one]]
    return blocks[where]


def _ordered(blocks: Blocks, orders: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return how often each item has met each order, with those `before`. Shape: (orders, items)."""
    counts: np.ndarray = before + (orders == np.arange(len(before))[:, None]).astype(float) @ blocks
    return counts


def _beyond(counts: np.ndarray) -> float:
    """Return by how much counts are off their mean by more than one: the squares of what is beyond, together."""
    return float((np.maximum(0, np.abs(counts - counts.mean()) - 1 - ROUNDING) ** 2).sum())
