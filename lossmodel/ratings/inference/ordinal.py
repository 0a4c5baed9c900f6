"""Whether pairs differ if only the order of the ratings counts: the check of the proportional-odds model.

With thresholds of their own for each assessor, the score (the derivative of the log likelihood) of a cumulative logit
model for the place of one rating is 2 ridit - 1, at the point where no systems differ (McCullagh 1980, section 2.6): so
the model's score test is one of mid-ranks. On a slider nearly every value is another category, and a model that takes
ratings for independent given fixed effects of assessor and item calls chance a difference where systems vary from item
to item; so the mid-ranks go through the very model of the first test, in which assessors and items are random.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from lossmodel.ratings.estimate import Values
from lossmodel.ratings.inference.cube import Cube


def ridits(scores: Sequence[float] | Values) -> Values:
    """Return each rating's place among all of one assessor, 0-1: the share below it and half of those as high as it.

    NaN stays NaN and is not counted.

    >>> ridits([20.0, 70.0, 70.0, 90.0]).tolist()
    [0.125, 0.5, 0.5, 0.875]
    """
    ranks: Values = rankdata(scores, nan_policy="omit")
    return (ranks - 0.5) / np.count_nonzero(~np.isnan(ranks))


def by_order(ratings: Cube) -> Cube:
    """Return the ratings with each replaced by its derivative, -1 to 1, among those of its assessor."""
    places = np.full_like(ratings.scores, np.nan)
    for own, scores in zip(places, ratings.scores, strict=True):
        own[...] = 2 * ridits(scores.ravel()).reshape(scores.shape) - 1
    return replace(ratings, scores=places)
