"""Ratings of two minds are found, and those of one are left alone."""

import numpy as np
import pytest

from lossmodel.ratings.modes import one_mode_p


def share_flagged(draw, n: int, times: int = 60) -> float:
    rng = np.random.default_rng(n)
    return float(np.mean([one_mode_p(np.clip(draw(rng, n), 0, 100).round(), seed=at) < 0.05 for at in range(times)]))


def test_two_opinions_are_found():
    assert share_flagged(lambda rng, n: rng.normal(rng.choice([25, 75], n), 9), 24) > 0.6
    assert share_flagged(lambda rng, n: rng.normal(rng.choice([25, 75], n), 9), 60) > 0.95


@pytest.mark.parametrize(("mean", "sd"), [(50, 15), (97, 8), (5, 10)])
def test_one_opinion_is_one_also_at_the_ends_of_the_scale(mean, sd):
    assert share_flagged(lambda rng, n: rng.normal(mean, sd, n), 24) <= 0.1


def test_a_single_outlier_is_no_second_opinion():
    assert one_mode_p([100] * 25 + [40]) is None
    assert one_mode_p([*range(90, 100)] * 3 + [20]) > 0.05


def test_too_few_or_equal_ratings_tell_nothing():
    assert one_mode_p([10, 90] * 4) is None
    assert one_mode_p([50] * 30) is None
