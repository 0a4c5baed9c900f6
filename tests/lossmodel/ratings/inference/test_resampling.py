"""The interval by resampling: right where there are many, None where nothing can be drawn, the same by its seed."""

import numpy as np
import pytest

from lossmodel.ratings.inference.resampling import resample


def test_many_assessors_and_items_give_nearly_the_interval_of_theory():
    rng = np.random.default_rng(0)
    scores = 50 + 10 * rng.normal(size=(60, 1)) + 5 * rng.normal(size=(1, 40)) + 8 * rng.normal(size=(60, 40))
    low, high = resample(scores).mean
    theory = 1.96 * np.sqrt(100 / 60 + 25 / 40 + 64 / 2400)
    assert high - low == pytest.approx(2 * theory, rel=0.2)


def test_skewed_ratings_have_a_skewed_interval():
    rng = np.random.default_rng(1)
    scores = 100 - rng.exponential(10, size=(14, 1)) * np.ones((1, 3)) - rng.random((14, 3))
    low, high = resample(scores).mean
    assert scores.mean() - low > high - scores.mean()


def test_gaps_are_left_out_and_the_seed_decides():
    scores = np.array([[10.0, np.nan], [30.0, 40.0], [20.0, 60.0]])
    first, again = resample(scores, seed=3), resample(scores, seed=3)
    assert first == again
    low, high = first.median
    assert 10 <= low <= high <= 60


def test_one_assessor_cannot_be_resampled():
    assert resample(np.array([[10.0, 20.0]])) is None
