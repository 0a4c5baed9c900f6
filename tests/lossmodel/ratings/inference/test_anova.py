"""ANOVA against statsmodels and published figures, its corrections, and tables that give nothing to test."""

import numpy as np
import pytest
from statsmodels.stats.anova import AnovaRM

from lossmodel.ratings.inference.anova import interaction, omnibus
from lossmodel.ratings.inference.cube import cube
from tests.lossmodel.ratings.builders import panel
from tests.lossmodel.ratings.inference.builders import cube_of, drawn, share_found


def test_the_f_values_are_those_of_statsmodels():
    frame = panel({"a": 30, "b": 40, "c": 41}, assessors=7, items=4, noise=12, offset=6)
    table = AnovaRM(frame, "score", "assessor", within=["condition", "item"]).fit().anova_table
    ratings = cube(frame)
    corrected = omnibus(ratings)[1]
    both = interaction(ratings)
    assert corrected.statistic == pytest.approx(table["F Value"]["condition"])
    assert both.statistic == pytest.approx(table["F Value"]["condition:item"])
    assert corrected.df == pytest.approx((2 * corrected.epsilon, 12 * corrected.epsilon))


def test_the_epsilons_are_those_of_the_definition():
    rng = np.random.default_rng(2)
    scores = drawn(rng, assessors=9, items=1, conditions=4) * np.array([1, 1, 2, 4])
    gg, hf = omnibus(cube_of(scores))[:2]
    covariance = np.cov(scores[:, 0].T)
    doubly = covariance - covariance.mean(0) - covariance.mean(1)[:, None] + covariance.mean()
    epsilon = np.trace(doubly) ** 2 / (3 * (doubly**2).sum())
    assert gg.epsilon == pytest.approx(epsilon)
    huynh_feldt = (9 * 3 * epsilon - 2) / (3 * (8 - 3 * epsilon))
    assert hf.df[0] == pytest.approx(3 * min(huynh_feldt, 1))


def test_chance_is_called_chance_by_min_f_where_items_vary_and_by_the_corrected_f_where_they_do_not():
    rng = np.random.default_rng(6)
    both = share_found(
        lambda: drawn(rng, conditions=3, item_by_condition=8), lambda s: omnibus(cube_of(s))[0].p, draws=400
    )
    over_assessors = share_found(lambda: drawn(rng, conditions=3), lambda s: omnibus(cube_of(s))[1].p, draws=400)
    assert 0.02 <= both <= 0.07
    assert 0.02 <= over_assessors <= 0.07


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        (np.full((3, 2, 2), 50.0), "agree exactly"),
        (np.full((1, 2, 2), 50.0), "fewer than two assessors"),
        (np.full((3, 2, 1), 50.0), "one condition"),
    ],
)
def test_what_cannot_be_tested_says_why(scores, why):
    [found] = omnibus(cube_of(scores))
    assert found.p is None
    assert why in found.rule
    assert interaction(cube_of(scores)).p is None


def test_assessors_with_gaps_are_left_out_and_counted():
    scores = drawn(np.random.default_rng(0), conditions=3)
    scores[0, 0, 0] = np.nan
    assert "11 assessors who rated everything (1 left out)" in omnibus(cube_of(scores))[0].rule


def test_a_large_complete_table_needs_no_more_memory_than_its_ratings():
    scores = drawn(np.random.default_rng(0), assessors=1000, items=50, conditions=7)
    assert interaction(cube_of(scores)).df[0] < 49 * 6
