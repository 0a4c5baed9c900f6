"""Sign flips: exact where they can be counted, never 0, and adjusted for many comparisons."""

from itertools import combinations, product

import numpy as np
import pytest

from lossmodel.ratings.inference.multiplicity import HOCHBERG, adjusted, compact_letters
from lossmodel.ratings.inference.permutation import sign_flip_p


def test_a_small_panel_is_counted_pattern_by_pattern():
    values = np.array([3.0, -1.0, 4.0, 1.5, 5.0, -0.5])
    sums = [abs(np.dot(signs, values)) for signs in product((-1, 1), repeat=6)]
    assert sign_flip_p(values[:, None])[0] == pytest.approx(np.mean(np.array(sums) >= abs(values.sum()) - 1e-9))


def test_a_large_panel_is_drawn_and_p_is_never_zero():
    values = np.full((40, 1), 5.0) + np.random.default_rng(0).standard_normal((40, 1))
    assert sign_flip_p(values, draws=999)[0] == 1 / 1000
    assert sign_flip_p(values, draws=999, seed=3) == sign_flip_p(values, draws=999, seed=3)


def test_drawn_and_counted_agree():
    values = np.random.default_rng(1).standard_normal((13, 3)) + 0.4
    padded = np.vstack([values, np.zeros((1, 3))])  # one who saw no difference changes nothing, but is drawn
    assert sign_flip_p(padded, draws=20_000) == pytest.approx(sign_flip_p(values), abs=0.012)


def test_p_values_that_are_not_known_are_not_counted():
    assert adjusted([0.01, None, 0.04]) == [0.02, None, 0.04]
    assert adjusted([0.01, 0.04], HOCHBERG) == [0.02, 0.04]
    assert adjusted([None]) == [None]


def test_letters_are_shared_by_those_who_cannot_be_told_apart():
    order = ["a", "b", "c", "d"]
    told_apart = [("a", "c"), ("a", "d"), ("b", "d")]
    different = {pair: pair in told_apart for pair in combinations(order, 2)}
    assert compact_letters(order, different) == {"a": "a", "b": "ab", "c": "bc", "d": "c"}
    assert compact_letters(order, dict.fromkeys(different, False)) == dict.fromkeys(order, "a")
