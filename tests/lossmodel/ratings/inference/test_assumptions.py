"""What the tests take for granted is measured, and said where it does not hold."""

import numpy as np

from lossmodel.ratings.inference.assumptions import assumptions
from tests.lossmodel.ratings.inference.builders import cube_of, drawn


def test_ordinary_ratings_fulfil_all():
    assert [each.holds for each in assumptions(cube_of(drawn(np.random.default_rng(0), conditions=4)))] == [True] * 3


def test_skew_unequal_spread_and_a_full_end_are_seen():
    rng = np.random.default_rng(1)
    scores = 100 - rng.exponential(2, size=(20, 8, 3)) * np.array([1, 4, 20])
    scores[:, :, 0] = 100 - np.maximum(rng.exponential(2, size=(20, 8)) - 2, 0)
    normal, spread, ends = assumptions(cube_of(np.clip(scores, 0, 100)))
    assert (normal.holds, spread.holds, ends.holds) == (False, False, False)
    assert all(each.remark for each in (normal, spread, ends))


def test_a_table_without_spread_says_so():
    found = assumptions(cube_of(np.full((3, 2, 2), 50.0)))
    assert [each.holds for each in found] == [None, None, True]
