"""Summaries of conditions: what they count, how often their intervals hold, and what has none."""

import numpy as np
import pandas as pd
import pytest

from lossmodel.ratings import describe
from lossmodel.ratings.inference.crossed import ITEMS_ONLY, SINGLE
from tests.lossmodel.ratings.builders import panel, rating, ratings


def test_a_summary_counts_ratings_people_and_items():
    bad, good = describe.summaries(panel({"good": 80, "bad": 20}, assessors=6, items=4))
    assert (bad.condition, bad.item, bad.ratings, bad.assessors, bad.items) == ("bad", "", 24, 6, 4)
    assert bad.low < bad.mean < bad.high < good.low
    assert bad.bca_low < bad.mean < bad.bca_high < good.bca_low
    assert bad.median_low <= bad.median <= bad.median_high
    assert bad.q1 <= bad.median <= bad.q3


def test_intervals_come_from_people_so_that_more_items_do_not_make_them_vanish():
    few, many = (describe.summaries(panel({"net": 50}, items=items, noise=1, offset=12))[0] for items in (2, 40))
    assert many.high - many.low > 0.7 * (few.high - few.low)


@pytest.mark.parametrize("assessors", [4, 6, 10, 24])
def test_intervals_hold_the_truth_as_often_as_they_say_from_four_assessors_on(assessors):
    rng = np.random.default_rng(assessors)
    hits, draws = 0, 600
    for _ in range(draws):
        size = (assessors, 8)
        scores = 50 + 8 * rng.normal(size=(assessors, 1)) + 6 * rng.normal(size=(1, 8)) + 8 * rng.normal(size=size)
        low, high = describe.crossed_mean(scores).interval()
        hits += low <= 50 <= high
    assert 0.93 <= hits / draws <= 0.975


def test_each_item_is_described_by_itself():
    found = describe.item_summaries(panel({"a": 20, "b": 70}, assessors=5, items=3))
    assert [(each.condition, each.item) for each in found[:3]] == [("a", "item0"), ("a", "item1"), ("a", "item2")]
    assert all(each.ratings == 5 and each.items == 1 and each.bca_low is None for each in found)


def test_one_rating_has_no_interval_and_one_assessor_speaks_for_nobody_else():
    (single,) = describe.summaries(ratings(rating()))
    assert (single.mean, single.low, single.high, single.sd, single.rule) == (50, None, None, None, SINGLE)
    (alone,) = describe.summaries(panel({"net": 50}, assessors=1))
    assert alone.rule == ITEMS_ONLY
    assert alone.bca_low is None


def test_an_interval_ends_where_the_scale_does():
    top = describe.summaries(panel({"net": 99}, assessors=4, items=2, noise=3))[0]
    assert top.high == 100


def test_quartiles_are_medians_of_the_halves():
    assert describe.quartiles(np.array([7.0, 1, 3, 5])) == (2, 6)
    assert describe.quartiles(np.array([1.0, 2, 3, 4, 5])) == (1.5, 4.5)
    assert describe.quartiles(np.array([4.0])) == (4, 4)


def test_outliers_are_named_and_stay():
    usual = panel({"net": 50}, assessors=12, items=1, noise=2)
    odd = rating(assessor="odd", session="odd", item="item0", score=3.0)
    frame = pd.concat([usual, ratings(odd)], ignore_index=True)
    assert describe.outliers(frame)["assessor"].tolist() == ["odd"]
    (found,) = describe.summaries(frame)
    assert (found.outliers, found.ratings) == (1, 13)


@pytest.mark.data
def test_the_hidden_reference_leads_in_ward2018(ward2018):
    quality = describe.summaries(ward2018[ward2018["attribute"] == "quality"])
    assert max(quality, key=lambda each: each.mean).condition == "ref"
