"""Trials of two stimuli, as comparisons: who was preferred to whom by which assessor.

The two scores of such a page sum to 100. Of a comparison category rating only the direction counts, not its strength.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lossmodel.ratings import table
from lossmodel.ratings.methods import PAIR_METHODS, method

PAIR_SUM: Final = 100.0
SUM_TOLERANCE_POINTS: Final = 0.01
"""By which thirds of 100 may miss their sum."""
PAGE_COLUMNS: Final = ["study", "session", "assessor", "item", "replicate", "trial"]

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Comparisons:
    """One entry a comparison: the places of its two conditions in `conditions`, its outcome, its assessor (0, 1, 2 …).

    `outcome` is 1 where `first` was preferred, -1 where `second` was, 0 for no preference.
    """

    conditions: tuple[str, ...]
    first: Indices
    second: Indices
    outcome: Indices
    assessor: Indices

    @property
    def assessors(self) -> int:
        """Return how many assessors compared."""
        return len(np.unique(self.assessor))


def comparisons(panel: pd.DataFrame) -> Comparisons | None:
    """Return the comparisons in the ratings of one panel, or None where they are no pairs.

    They are pairs where the column `method` names a method of pairs, or where it is missing or empty and the scores of
    every page are two that sum to 100. Pages on which one of the two ratings is missing are left out.
    """
    pages = panel.groupby(table.with_part(panel, PAGE_COLUMNS), dropna=False, sort=True)["score"]
    paired = pages.transform("size").eq(2) & (pages.transform("sum") - PAIR_SUM).abs().le(SUM_TOLERANCE_POINTS)
    named = method(panel)
    if not (paired.any() if named in PAIR_METHODS else paired.all() and not named):
        return None
    rows = panel[paired].assign(page=pages.ngroup()).sort_values(["page", "condition"], kind="stable")
    place, conditions = pd.factorize(rows["condition"], sort=True)
    person = pd.factorize(rows["study"].str.cat(rows["assessor"], sep=": "), sort=True)[0]
    above = rows["score"].to_numpy(np.float64)[::2] - PAIR_SUM / 2
    outcome = np.where(np.abs(above) <= SUM_TOLERANCE_POINTS, 0, np.sign(above)).astype(np.intp)
    return Comparisons(tuple(map(str, conditions)), place[::2], place[1::2], outcome, person[::2])
