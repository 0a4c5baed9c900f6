"""Every pair of conditions: chance is called chance as often as promised, and differences are found."""

import numpy as np
import pandas as pd
import pytest

from lossmodel.ratings.inference.crossed import crossed_mean
from lossmodel.ratings.inference.cube import cube
from lossmodel.ratings.inference.pairs import OWN_ITEMS, TOO_FEW_ITEMS, by_mean, differences, letters
from lossmodel.ratings.inference.permutation import sign_flip_p
from tests.lossmodel.ratings.builders import panel
from tests.lossmodel.ratings.inference.builders import cube_of, drawn, share_found


def p_crossed(scores) -> float:
    return crossed_mean(scores[:, :, 0] - scores[:, :, 1]).p


def p_sign_flip(scores) -> float:
    return sign_flip_p((scores[:, :, 0] - scores[:, :, 1]).mean(axis=1, keepdims=True))[0]


def on_own_items(rng):
    scores = drawn(rng, assessors=8, items=10, item_by_condition=4)
    scores[:, :5, 0] = scores[:, 5:, 1] = np.nan
    return scores


def test_chance_is_called_chance_where_only_assessors_vary():
    rng = np.random.default_rng(1)
    assert 0.03 <= share_found(lambda: drawn(rng), p_crossed, draws=800) <= 0.07
    assert 0.03 <= share_found(lambda: drawn(rng), p_sign_flip, draws=800) <= 0.07


def test_chance_is_called_chance_where_conditions_vary_from_item_to_item():
    rng = np.random.default_rng(2)
    assert 0.03 <= share_found(lambda: drawn(rng, item_by_condition=8), p_crossed, draws=800) <= 0.07


def test_chance_is_called_chance_where_each_condition_has_its_own_items():
    rng = np.random.default_rng(3)
    p_pair = lambda scores: differences(cube_of(scores))[0].p  # noqa: E731
    assert share_found(lambda: on_own_items(rng), p_pair, draws=30) <= 0.1


def test_a_difference_is_found_nearly_as_often_as_by_the_best_test_for_assessors_alone():
    rng = np.random.default_rng(4)
    tables = [drawn(rng, gap=6) for _ in range(800)]
    found, best = (np.mean([test(each) < 0.05 for each in tables]) for test in (p_crossed, p_sign_flip))
    assert best - 0.05 <= found
    assert 0.5 <= found <= 0.75


def test_all_pairs_stand_in_order_of_the_means_and_are_adjusted_for_their_number():
    ratings = cube(panel({"low": 20, "mid": 50, "alike": 50.5, "high": 90}, assessors=10))
    found = differences(ratings)
    assert len(found) == 6
    assert by_mean(ratings)[0] == "high"
    assert by_mean(ratings)[-1] == "low"
    assert all(each.value >= 0 and each.low <= each.value <= each.high for each in found)
    assert all(each.p <= each.p_hochberg <= each.p_holm for each in found)
    told = letters(by_mean(ratings), found)
    assert told["mid"] == told["alike"]
    assert len({told["high"], told["mid"], told["low"]}) == 3


def test_no_worse_than_is_tested_against_a_margin():
    rng = np.random.default_rng(8)
    scores = drawn(rng, assessors=24, items=16, assessor_by_condition=2)
    [found] = differences(cube_of(scores))
    assert found.p_worse_by(10) < 0.01
    assert found.p_worse_by(10) < found.p_second_worse_by(10) == found.p_not_equivalent(10)
    assert found.p_not_equivalent(10) < 0.05 < found.p_not_equivalent(0.01)


def test_what_cannot_be_told_apart_says_why():
    one_each = np.full((5, 2, 2), np.nan)
    one_each[:, 0, 0], one_each[:, 1, 1] = 40 + np.arange(5), 60 - np.arange(5)
    [found] = differences(cube_of(one_each))
    assert (found.p, found.rule) == (None, TOO_FEW_ITEMS)
    [found] = differences(cube_of(np.full((3, 2, 2), 50.0)))
    assert found.p is None
    assert found.effect_size is None
    assert differences(cube_of(np.full((3, 2, 1), 50.0))) == []
    [found] = differences(cube_of(on_own_items(np.random.default_rng(0))))
    assert found.rule == OWN_ITEMS


def test_replicates_are_averaged_and_assessors_of_two_studies_told_apart():
    frame = panel({"a": 30, "b": 60}, assessors=2, items=2)
    again = frame.assign(replicate=1, score=frame["score"] + 4)
    both = cube(pd.concat([frame, again]))
    assert both.scores == pytest.approx(cube(frame).scores + 2)
    assert len(cube(pd.concat([frame, frame.assign(study="other")])).assessors) == 4
