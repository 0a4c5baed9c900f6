"""What a listening test will find, before anybody has listened: intervals, power, whom screening may drop.

Closed forms for two systems, quick enough for a page; `planning` simulates more. Two systems on the same pages share
assessor and item, so in their difference only what an assessor thinks of a system, and what is left, differ.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import nctdtr, stdtr, stdtrit

from lossmodel.errors import BadInput
from lossmodel.ratings.components import Components

CONFIDENCE_LEVEL = 0.95
MAX_EFFECT = 30.0
"""Standard errors up to which the non-central t distribution is computed; beyond, a difference is always found."""
MAX_MISSED_SHARE = 0.15
"""BS.1534-3: the hidden reference below 90 on more than this share of the items drops an assessor."""


@dataclass(frozen=True)
class Panel:
    """`assessors` who each rate `items_each` of `items` items, `replicates` of them twice."""

    assessors: int
    items: int
    items_each: int
    replicates: int = 0

    def __post_init__(self) -> None:
        """Refuse a panel that cannot be."""
        if self.assessors < 2 or not 1 <= self.items_each <= self.items:
            told = f"{self.assessors} assessors with {self.items_each} of {self.items} items"
            raise BadInput(f"{told}: it takes two assessors and at least one item each")

    @property
    def ratings_per_cell(self) -> float:
        """Return how often each stimulus is rated, replicates left out.

        >>> Panel(assessors=24, items=12, items_each=6).ratings_per_cell
        12.0
        """
        return self.assessors * self.items_each / self.items


def mean_half_width(panel: Panel, parts: Components) -> float:
    """Return half the 95 % interval, in points, of a system's mean over assessors (BS.1534-3 §9), for these items."""
    each = _residual(panel, parts) + parts.assessor_item**2 / panel.items_each
    return _t(panel.assessors - 1) * sqrt((parts.assessor**2 + parts.assessor_condition**2 + each) / panel.assessors)


def difference_sd(panel: Panel, parts: Components) -> float:
    """Return the SD over assessors of their own difference between two systems, each over the items that they rate."""
    return sqrt(2 * (parts.assessor_condition**2 + _residual(panel, parts)))


def difference_half_width(panel: Panel, parts: Components) -> float:
    """Return half the 95 % interval, in points, of the difference of two systems on the same pages, for these items."""
    return _t(panel.assessors - 1) * difference_sd(panel, parts) / sqrt(panel.assessors)


def power(panel: Panel, parts: Components, difference: float) -> float:
    """Return the probability (0–1) that a two-sided paired t test at 5 % finds a true `difference` in points."""
    found = difference_sd(panel, parts) / sqrt(panel.assessors)
    return _power(difference, found, panel.assessors - 1)


def power_for_other_items(panel: Panel, parts: Components, difference: float) -> float:
    """Return the same where the difference is to hold for other items like these: it varies from item to item too.

    Degrees of freedom by Satterthwaite. More assessors alone never bring it to 1: items do.
    """
    people = difference_sd(panel, parts) ** 2 / panel.assessors
    items = 2 * parts.item_condition**2 / panel.items
    if panel.items < 2:
        return 1 - CONFIDENCE_LEVEL
    spread = people**2 / (panel.assessors - 1) + items**2 / (panel.items - 1)
    freedom = (people + items) ** 2 / spread if spread else 1.0
    return _power(difference, sqrt(people + items), freedom)


def excluding_misses(items_each: int, *, most: float = MAX_MISSED_SHARE) -> int:
    """Return how many missed hidden references already drop an assessor.

    >>> excluding_misses(5), excluding_misses(7), excluding_misses(14)
    (1, 2, 3)
    """
    return int(np.floor(most * items_each + 1e-9)) + 1


def _residual(panel: Panel, parts: Components) -> float:
    """Return the variance that is left of an assessor's mean of a system over the items that they rate."""
    return parts.residual**2 / panel.items_each


def _t(freedom: float) -> float:
    return float(stdtrit(freedom, 0.5 + CONFIDENCE_LEVEL / 2))


def _power(difference: float, standard_error: float, freedom: float) -> float:
    """Return the power of a two-sided t test."""
    if difference <= 0:
        return 1 - CONFIDENCE_LEVEL
    if difference > MAX_EFFECT * standard_error:
        return 1.0
    effect, beyond = difference / standard_error, _t(freedom)
    return float(1 - nctdtr(freedom, effect, beyond) + min(nctdtr(freedom, effect, -beyond), stdtr(freedom, -beyond)))
