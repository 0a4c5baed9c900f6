"""Many comparisons at once: adjusted p-values, and letters that show which conditions cannot be told apart."""

import string
from collections.abc import Mapping, Sequence

import numpy as np

HOLM = "holm"
HOCHBERG = "hochberg"


def adjusted(p_values: Sequence[float | None], method: str = HOLM) -> list[float | None]:
    """Return the p-values adjusted for their number by `method`; None stays None and is not counted.

    Holm 1979 holds whatever the dependence; Hochberg 1988 (BS.1534-3) is sharper and asks for non-negative dependence.
    """
    known = np.array([p for p in p_values if p is not None], dtype=np.float64)
    order = np.argsort(known)
    weighted = known[order] * np.arange(len(known), 0, -1)
    stepped = np.maximum.accumulate(weighted) if method == HOLM else np.minimum.accumulate(weighted[::-1])[::-1]
    stepwise = np.empty_like(known)
    stepwise[order] = np.minimum(stepped, 1.0)
    found = iter(stepwise.tolist())
    return [None if p is None else next(found) for p in p_values]


def compact_letters(order: Sequence[str], different: Mapping[tuple[str, str], bool]) -> dict[str, str]:
    """Return letters for each condition: two that share one could not be told apart (Piepho 2004, insert and absorb).

    `order` is from best to worst; `different` has each pair once, either way round.

    >>> compact_letters(["a", "b", "c"], {("a", "b"): False, ("b", "c"): False, ("a", "c"): True})
    {'a': 'a', 'b': 'ab', 'c': 'b'}
    """
    columns = [set(order)]
    for (first, second), differ in different.items():
        if differ:
            columns = _absorbed([part for column in columns for part in _split(column, first, second)])
    columns.sort(key=lambda column: [order.index(name) for name in order if name in column])
    letters = [*string.ascii_lowercase, *string.ascii_uppercase]
    return {
        name: "".join(letter for letter, column in zip(letters, columns, strict=False) if name in column)
        for name in order
    }


def _split(column: set[str], first: str, second: str) -> list[set[str]]:
    return [column - {first}, column - {second}] if {first, second} <= column else [column]


def _absorbed(columns: list[set[str]]) -> list[set[str]]:
    """Return the columns that are in no other, each once."""
    distinct = [column for at, column in enumerate(columns) if column not in columns[:at]]
    return [column for column in distinct if not any(column < other for other in distinct)]
