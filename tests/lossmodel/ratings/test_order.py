"""Order and time: a drift that was put into ratings is found along the way that it was put, and chance is not."""

import numpy as np
import pytest

from lossmodel.ratings.order import drift, residuals
from tests.lossmodel.ratings.builders import rating, ratings


def sittings(rng, *, page: float = 0.0, place: float = 0.0, assessors: int = 8, pages: int = 6, seconds=90.0):
    """Each assessor rates two systems of each item, the items in an order of his own."""
    return ratings(*(
        rating(assessor=f"P{who}", session=str(who), item=f"i{item}", condition=f"c{(at + who) % 2}", trial=trial,
               position=at, seconds=seconds, score=50 + page * trial + place * at + rng.normal(0, 2))
        for who in range(assessors)
        for trial, item in enumerate(rng.permutation(pages))
        for at in range(2)
    ))  # fmt: skip


def test_a_drift_with_the_pages_is_found_and_its_size():
    found = {each.way: each for each in drift(sittings(np.random.default_rng(1), page=2.0)).trends}
    assert found["page"].low < 2.0 < found["page"].high
    assert found["page"].p < 0.001
    assert found["page"].assessors == 8
    assert found["place"].p > 0.05


def test_a_drift_with_the_place_on_the_page_is_found_and_its_size():
    found = {each.way: each for each in drift(sittings(np.random.default_rng(2), place=6.0, pages=12)).trends}
    assert found["place"].low < 6.0 < found["place"].high
    assert found["page"].p > 0.05


def test_minutes_are_those_of_the_pages_before():
    placed = residuals(sittings(np.random.default_rng(3), assessors=1, seconds=40.0))
    assert placed.groupby("page")["minute"].first().tolist() == [0, 0, 1, 2, 2, 3]


def test_steps_are_the_means_behind_the_line():
    frame = sittings(np.random.default_rng(4))
    found = drift(frame)
    places = [each for each in found.steps if each.way == "place"]
    assert [each.ratings for each in places] == [48, 48]
    assert places[0].mean + places[1].mean == pytest.approx(0)


def test_what_the_table_does_not_tell_is_left_out():
    frame = sittings(np.random.default_rng(5))
    assert {each.way for each in drift(frame.assign(seconds=np.nan)).trends} == {"page", "place"}
    assert drift(ratings(rating())).trends == []
