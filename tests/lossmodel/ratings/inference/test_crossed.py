"""The mean of assessors x items: closed form, gaps, and what cannot be computed."""

import numpy as np
import pytest

from lossmodel.ratings.inference import crossed
from lossmodel.ratings.inference.crossed import crossed_mean
from lossmodel.ratings.inference.mixed import Factor, MixedModel
from tests.lossmodel.ratings.inference.builders import drawn


@pytest.mark.parametrize("spread", [(6, 4), (6, 0), (0, 4), (0, 0)])
def test_a_complete_table_has_the_figures_of_the_mixed_model(spread):
    rng = np.random.default_rng(sum(spread))
    values = spread[0] * rng.standard_normal((9, 1)) + spread[1] * rng.standard_normal((1, 7))
    values = values + 10 * rng.standard_normal((9, 7))
    person, item = np.indices(values.shape)
    factors = [Factor("assessor", person.ravel()), Factor("item", item.ravel())]
    model = MixedModel(values.ravel(), np.ones((63, 1)), factors).contrast(np.ones(1))
    found = crossed_mean(values)
    assert (found.value, found.se, found.df) == pytest.approx((model.value, model.se, model.df), rel=2e-3)


def test_a_few_gaps_change_little_and_many_widen_the_interval():
    rng = np.random.default_rng(5)
    values = drawn(rng, item_by_condition=4)[:, :, 0]
    few, many = values.copy(), values.copy()
    few[2, 3] = np.nan
    many[rng.random(many.shape) < 0.6] = np.nan
    whole, less, least = map(crossed_mean, (values, few, many))
    assert less.value == pytest.approx(whole.value, abs=0.5)
    assert whole.se == pytest.approx(less.se, rel=0.05)
    assert least.se > less.se


@pytest.mark.parametrize(("assessors", "items"), [(4, 4), (4, 8), (8, 4), (24, 8)])
def test_intervals_hold_the_truth_as_often_as_they_say_from_four_assessors_on(assessors, items):
    rng = np.random.default_rng(assessors * items)
    held = []
    for _ in range(600):
        low, high = crossed_mean(drawn(rng, assessors=assessors, items=items, item_by_condition=5)[:, :, 0]).interval()
        held.append(low < 50 < high)
    assert 0.925 <= np.mean(held) <= 0.98


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ([[74.0]], crossed.SINGLE),
        ([[50.0, 50.0], [50.0, 50.0]], crossed.NO_SPREAD),
        ([[np.nan]], "nothing was rated"),
    ],
)
def test_what_has_no_interval_says_why(values, rule):
    found = crossed_mean(np.array(values))
    assert found.interval() is None
    assert found.p is None
    assert found.rule == rule


def test_one_item_or_one_assessor_is_a_t_test_that_says_for_whom_it_holds():
    column = np.array([[3.0], [5.0], [10.0]])
    assert crossed_mean(column).rule == crossed.ASSESSORS_ONLY
    assert crossed_mean(column).interval() == pytest.approx((-2.956, 14.956), abs=1e-3)  # 6 ± 4.303 · 2.082
    assert crossed_mean(column.T).rule == crossed.ITEMS_ONLY
