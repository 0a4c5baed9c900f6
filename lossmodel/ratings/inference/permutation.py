"""Sign flips over assessors: whether a difference is chance, for the items of this test and without a distribution.

Within one assessor the two conditions are exchangeable if they do not differ; so the sign of each assessor's mean
difference is. What varies from item to item belongs to the difference here: for other items see `crossed`.
"""

import numpy as np

from lossmodel.ratings.estimate import Values

MAX_COUNTED_ASSESSORS = 13
"""Up to so many, all 2^n sign patterns are counted; above, they are drawn."""
BLOCK_SIZE = 2_000_000
"""Signs held at once."""
TIE_TOLERANCE = 1e-9


def sign_flip_p(differences: Values, *, seed: int = 0, draws: int = 9_999) -> Values:
    """Return the two-sided p of each column of `differences`, shape (assessors, contrasts), NaN where not rated.

    Exact up to `MAX_COUNTED_ASSESSORS`; else (b + 1) / (draws + 1), b the draws that reach the observed mean (Phipson
    & Smyth 2010), so that it is never 0. All columns are flipped together, which keeps their dependence.

    >>> sign_flip_p(np.array([[3.0], [4.0], [5.0], [6.0]]))
    array([0.125])
    """
    filled = np.nan_to_num(differences)
    observed = np.abs(filled.sum(axis=0)) - TIE_TOLERANCE * np.abs(filled).sum(axis=0)
    people = len(filled)
    exact = people <= MAX_COUNTED_ASSESSORS
    reached = np.zeros(filled.shape[1])
    rng = np.random.default_rng(seed)
    total = 2**people if exact else draws
    rows = max(1, BLOCK_SIZE // max(people, filled.shape[1], 1))
    for start in range(0, total, rows):
        count = min(rows, total - start)
        signs = _patterns(start, count, people) if exact else rng.choice((-1.0, 1.0), size=(count, people))
        reached += (np.abs(signs @ filled) >= observed).sum(axis=0)
    return reached / total if exact else (reached + 1) / (total + 1)


def _patterns(start: int, count: int, people: int) -> Values:
    """Return the sign patterns number `start` to `start + count`, shape (count, people)."""
    bits = np.arange(start, start + count)[:, None] >> np.arange(people)
    return np.where(bits & 1, -1.0, 1.0)
