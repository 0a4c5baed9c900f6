"""The ratings of one study and attribute as an array: assessor x item x condition, gaps as NaN."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lossmodel.ratings.estimate import Values


@dataclass(frozen=True, eq=False)
class Cube:
    """Ratings by assessor, item and condition; replicates, and the pages of an item, are averaged.

    `scores` has shape (assessors, items, conditions) and is NaN where nothing was rated.
    """

    scores: Values
    assessors: tuple[str, ...]
    items: tuple[str, ...]
    conditions: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Return whether every assessor rated every condition in every item."""
        return not np.isnan(self.scores).any()

    def of(self, condition: str) -> Values:
        """Return the ratings of one condition, shape (assessors, items)."""
        return self.scores[:, :, self.conditions.index(condition)]


def cube(frame: pd.DataFrame) -> Cube:
    """Return the ratings in `frame`, which are of one attribute, as a cube; its names are sorted.

    Assessors who are named alike in two studies are told apart.
    """
    person, people = pd.factorize(frame["study"].str.cat(frame["assessor"], sep=": "), sort=True)
    item, items = pd.factorize(frame["item"], sort=True)
    condition, conditions = pd.factorize(frame["condition"], sort=True)
    shape = (len(people), len(items), len(conditions))
    cell = np.ravel_multi_index((person, item, condition), shape)
    size = int(np.prod(shape))
    counts = np.bincount(cell, minlength=size)
    sums = np.bincount(cell, weights=frame["score"].to_numpy(dtype=np.float64), minlength=size)
    means = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
    return Cube(means.reshape(shape), *(tuple(map(str, names)) for names in (people, items, conditions)))
