"""What is foreseen agrees with what a simulated panel finds, with statsmodels, and with a published test."""

import csv
from dataclasses import astuple, replace

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from lossmodel.errors import BadInput
from lossmodel.ratings import forecast
from lossmodel.ratings.components import PUBLISHED, Components, components
from lossmodel.ratings.forecast import Panel


def panel(assessors=20, items=10, each=5) -> Panel:
    return Panel(assessors=assessors, items=items, items_each=each)


def simulated(seed: int, *, assessors=20, systems=2, items=10, difference=0.0, parts=PUBLISHED) -> np.ndarray:
    """Return ratings (assessors, items, systems) that have the components of `parts`."""
    rng = np.random.default_rng(seed)
    shape = (assessors, items, systems)
    sds = {(0,): parts.assessor, (1,): parts.item, (0, 1): parts.assessor_item, (0, 2): parts.assessor_condition,
           (1, 2): parts.item_condition}  # fmt: skip
    scores = parts.residual * rng.standard_normal(shape) + difference * np.arange(systems)
    for ways, sd in sds.items():
        scores += sd * rng.standard_normal([size if way in ways else 1 for way, size in enumerate(shape)])
    return scores


def test_the_components_that_ratings_were_made_of_are_found_again():
    truth = replace(PUBLISHED, item=8.0)
    found = components(simulated(1, assessors=200, systems=40, items=60, parts=truth))
    assert astuple(found)[:6] == pytest.approx(astuple(truth)[:6], rel=0.2)


@pytest.mark.data
def test_the_published_components_are_those_of_the_published_ratings(data):
    with (data / "sisec2018" / "ratings.csv").open(encoding="utf-8", newline="") as file:
        rows = [each for each in csv.DictReader(file) if each["n"] == "0" and each["sound"][:3] not in ("Ref", "Anc")]
    names = [sorted({each[column] for each in rows}) for column in ("sub", "song", "sound")]
    scores = np.full([len(each) for each in names], np.nan)
    for each in rows:
        place = [own.index(each[column]) for own, column in zip(names, ("sub", "song", "sound"))]
        scores[tuple(place)] = float(each["rating"])
    found = components(scores)
    assert scores.shape == (24, 10, 6)
    told = {name: value for name, value in vars(PUBLISHED).items() if name not in ("item", "source")}
    assert {name: round(getattr(found, name), 1) for name in told} == told


def test_power_agrees_with_statsmodels():
    own = panel()
    for difference in (2.0, 5.0, 9.0):
        effect = difference / forecast.difference_sd(own, PUBLISHED)
        other = TTestPower().power(effect, nobs=20, alpha=0.05)
        assert forecast.power(own, PUBLISHED, difference) == pytest.approx(other, abs=1e-4)


def test_a_simulated_panel_finds_a_difference_as_often_as_foreseen():
    parts = Components(assessor=12, item=0, assessor_item=5, assessor_condition=7, item_condition=0, residual=14)
    own, found = panel(items=5), 0
    for seed in range(1500):
        scores = simulated(seed, items=5, difference=6.0, parts=parts)
        paired = scores.mean(1) @ [-1, 1]
        found += abs(paired.mean()) > forecast._t(19) * paired.std(ddof=1) / np.sqrt(20)
    assert found / 1500 == pytest.approx(forecast.power(own, parts, 6.0), abs=0.04)


def test_intervals_shrink_with_assessors_and_with_items_each():
    assert forecast.mean_half_width(panel(40), PUBLISHED) < forecast.mean_half_width(panel(20), PUBLISHED)
    assert forecast.difference_half_width(panel(each=10), PUBLISHED) < forecast.difference_half_width(
        panel(each=2), PUBLISHED
    )


def test_for_other_items_more_assessors_do_not_make_up_for_few_items():
    few, many = panel(assessors=10_000, items=3, each=3), panel(assessors=10_000, items=60, each=3)
    assert forecast.power(few, PUBLISHED, 5) > 0.99
    assert forecast.power_for_other_items(few, PUBLISHED, 5) < 0.5
    assert forecast.power_for_other_items(many, PUBLISHED, 5) > 0.9


def test_one_miss_of_five_already_excludes_and_one_of_seven_does_not():
    assert [forecast.excluding_misses(items) for items in (1, 5, 6, 7, 13, 14, 20)] == [1, 1, 1, 2, 2, 3, 4]


def test_without_a_difference_the_power_is_the_level():
    assert forecast.power(panel(), PUBLISHED, 0.0) == pytest.approx(0.05)


@pytest.mark.parametrize(("assessors", "items", "each"), [(1, 5, 5), (10, 5, 6), (10, 5, 0)])
def test_a_panel_that_cannot_be_is_refused(assessors, items, each):
    with pytest.raises(BadInput, match="two assessors"):
        panel(assessors, items, each)


@pytest.mark.parametrize("shape", [(1, 4, 4), (4, 1, 4), (4, 4, 1)])
def test_components_need_two_of_each(shape):
    with pytest.raises(BadInput, match="it takes two systems"):
        components(np.zeros(shape))
