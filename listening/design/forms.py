"""The pages that an item takes where the form of trial shows only some of its stimuli at once."""

from collections.abc import Sequence


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
