"""At which place of its block an item comes, and which items come again: as evenly as it goes, sitting after sitting.

Every block gets the assignment of its items to its places that is cheapest by how often they had them before; blocks
are then assigned anew by turns until nothing is off by more than one over all attributes, nor in any of them. That this
can be reached follows from bipartite edge colouring (de Werra, 1971).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

FIRST_ROUND_SWEEPS, LATER_ROUND_SWEEPS, SWEEPS_BEFORE_RESTART = 150, 10, 25
"""How often the blocks of the first round, and of later ones, are gone through, at most; and after how many times all
begins anew."""

TIE_WEIGHT = 1000
"""What a difference of one counts; what is drawn to break ties stays below, taken together."""


@dataclass(frozen=True)
class Placed:
    """The items of a sitting's blocks, one for each attribute, at their places; and those that come again."""

    items: tuple[tuple[int, ...], ...]
    repeated: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Places:
    """How often each item stood at each place (attributes, items, places) and came again (attributes, items)."""

    stood: np.ndarray
    again: np.ndarray

    @classmethod
    def nothing(cls, attributes: int, items: int, size: int) -> "Places":
        """Return the counts before anybody sat."""
        return cls(np.zeros((attributes, items, size), int), np.zeros((attributes, items), int))


def placed(
    rng: np.random.Generator, blocks: np.ndarray, before: Places, replicates: int
) -> tuple[list[Placed], Places]:
    """Return the places of the items of each sitting, blocks (sittings, items), and the counts with them."""
    counts = Places(before.stood.copy(), before.again.copy())
    chosen = [np.flatnonzero(own) for own in blocks]
    items = _places(rng, chosen, counts.stood, replicates)
    repeated = _repeated(rng, items, counts, replicates)
    sittings = [
        Placed(tuple(map(_plain, own)), tuple(map(_plain, again))) for own, again in zip(items, repeated, strict=True)
    ]
    return sittings, counts


def _places(rng: np.random.Generator, chosen: list[np.ndarray], stood: np.ndarray, replicates: int) -> np.ndarray:
    """Return the items at their places, and count them in `stood`. Shape: (sittings, attributes, places)."""
    from scipy.optimize import linear_sum_assignment  # tens of MB, for whoever lays out sittings

    size = len(chosen[0])
    half = (size + 1) // 2
    items = np.array([[own] * len(stood) for own in chosen])
    before = stood.copy()
    for sweep in range(LATER_ROUND_SWEEPS if stood.any() else FIRST_ROUND_SWEEPS):
        if sweep % SWEEPS_BEFORE_RESTART == 0:
            stood[:] = before
        for sitting, attribute in _blocks(items):
            own = items[sitting, attribute]
            if sweep % SWEEPS_BEFORE_RESTART:
                stood[attribute, own, np.arange(size)] -= 1
            costs = _costs(stood, attribute, own, replicates)
            costs = TIE_WEIGHT * costs + rng.integers(
                max(1, TIE_WEIGHT // size if sweep % 2 == 0 else TIE_WEIGHT), size=costs.shape
            )
            rows, places = linear_sum_assignment(costs)
            items[sitting, attribute, places] = own[rows].copy()
            stood[attribute, items[sitting, attribute], np.arange(size)] += 1
        share = stood.sum((0, 2)) / size
        first = stood[:, :, :half].sum(2)
        if _is_even(stood, share[:, None]) and (replicates < half or _is_even(first, half * share)):
            break
    return items


def _costs(stood: np.ndarray, attribute: int, own: np.ndarray, replicates: int) -> np.ndarray:
    """Return how often the items `own` stood at each place, in this attribute and in all.

    Where the whole first half of a block comes again, how often they stood in that half counts as well.
    """
    costs: np.ndarray = stood[attribute, own] + stood[:, own].sum(0)
    half = (stood.shape[2] + 1) // 2
    if replicates >= half:
        earlier = stood[:, own, :half].sum(2)
        costs[:, :half] += (earlier[attribute] + earlier.sum(0))[:, None]
    return costs


def _repeated(rng: np.random.Generator, items: np.ndarray, counts: Places, replicates: int) -> np.ndarray:
    """Return which items of the first half of each block come again, and count them. (sittings, attributes, any)."""
    again, half = counts.again, (items.shape[2] + 1) // 2
    over_all = counts.stood.sum((0, 2)) * min(replicates, half) / items.shape[2]
    repeated = np.zeros((*items.shape[:2], min(replicates, half)), int)
    before = again.copy()
    for sweep in range(LATER_ROUND_SWEEPS if again.any() else FIRST_ROUND_SWEEPS):
        if sweep % SWEEPS_BEFORE_RESTART == 0:
            again[:] = before
        for sitting, attribute in _blocks(items):
            if sweep % SWEEPS_BEFORE_RESTART:
                again[attribute, repeated[sitting, attribute]] -= 1
            first = items[sitting, attribute, :half]
            costs = again[attribute, first] + again[:, first].sum(0) + (1 + sweep % 2) * rng.random(half)
            repeated[sitting, attribute] = first[np.argsort(costs)[: repeated.shape[2]]]
            again[attribute, repeated[sitting, attribute]] += 1
        if _is_even(again, over_all):
            break
    return repeated


def _blocks(items: np.ndarray) -> Iterator[tuple[int, int]]:
    return ((sitting, attribute) for sitting in range(items.shape[0]) for attribute in range(items.shape[1]))


def _is_even(counts: np.ndarray, over_all: np.ndarray) -> bool:
    """Tell whether no count is off by more than one: in any attribute (the first axis), and from `over_all` in all."""
    apart = [np.abs(each - each.mean()) for each in counts] + [np.abs(counts.sum(0) - over_all)]
    return all(float(each.max(initial=0)) <= 1 + 1e-9 for each in apart)


def _plain(items: np.ndarray) -> tuple[int, ...]:
    return tuple(int(item) for item in items)
