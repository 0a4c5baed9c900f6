"""The ordinal check: the score test of the proportional-odds model, as often wrong as promised."""

import numpy as np
import pytest
from scipy.stats import kruskal
from statsmodels.miscmodels.ordinal_model import OrderedModel

from lossmodel.ratings.inference.ordinal import by_order, ridits
from lossmodel.ratings.inference.pairs import differences
from tests.lossmodel.ratings.inference.builders import cube_of, drawn, share_found


def p_ordinal(scores) -> float:
    return differences(cube_of(scores))[0].p_ordinal


def test_the_places_are_the_derivatives_of_statsmodels_proportional_odds_model_where_nothing_differs():
    grades = np.array([1, 2, 2, 3, 1, 3, 3, 4, 2, 4])
    system = np.repeat([0.0, 1.0], 5)
    model = OrderedModel(grades, system[:, None], distr="logit")
    cumulative = np.cumsum(np.bincount(grades)[1:-1]) / len(grades)
    limits = np.log(cumulative / (1 - cumulative))
    derivative = model.score(np.array([0.0, limits[0], *np.log(np.diff(limits))]))[0]
    assert derivative == pytest.approx((system * (2 * ridits(grades.astype(float)) - 1)).sum(), rel=1e-4)


def test_places_order_independent_ratings_as_kruskal_and_wallis_do():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 8, 60).astype(float)
    groups = np.split(scores, [25, 40])
    places = ridits(scores)
    parts = np.split(places, [25, 40])
    between = sum(len(own) * (own.mean() - places.mean()) ** 2 for own in parts)
    assert between / places.var(ddof=1) == pytest.approx(kruskal(*groups).statistic)


def test_what_is_not_rated_has_no_place_and_the_order_is_each_assessors_own():
    scores = np.array([[[10.0, 30.0], [20.0, np.nan]], [[95.0, 99.0], [97.0, 98.0]]])
    places = by_order(cube_of(scores)).scores
    assert places[0].ravel() == pytest.approx([-2 / 3, 2 / 3, 0.0, np.nan], nan_ok=True)
    assert places[1].ravel() == pytest.approx([-0.75, 0.75, -0.25, 0.25])


@pytest.mark.parametrize("item_by_condition", [0.0, 8.0])
def test_chance_is_called_chance(item_by_condition):
    rng = np.random.default_rng(5)
    shares = share_found(lambda: drawn(rng, item_by_condition=item_by_condition), p_ordinal, draws=800)
    assert 0.03 <= shares <= 0.07


def test_it_agrees_with_the_first_test_except_where_one_far_assessor_hides_what_the_others_order_alike():
    rng = np.random.default_rng(6)
    [alike] = differences(cube_of(drawn(rng)))
    [apart] = differences(cube_of(drawn(rng, gap=25)))
    assert alike.ordinal_agrees
    assert apart.ordinal_agrees
    assert apart.p_ordinal_holm < 0.001
    one_contradicts = 50 + np.stack([np.ones((12, 8)), np.zeros((12, 8))], axis=2) + rng.normal(0, 0.2, (12, 8, 2))
    one_contradicts[0, :, 0] = 0.0
    [found] = differences(cube_of(one_contradicts))
    assert found.p > 0.3
    assert found.p_ordinal < 0.01
    assert not found.ordinal_agrees


def test_what_cannot_be_tested_is_not_checked_either():
    [found] = differences(cube_of(np.full((3, 2, 2), 50.0)))
    assert found.p_ordinal is None
    assert found.ordinal_agrees is None
