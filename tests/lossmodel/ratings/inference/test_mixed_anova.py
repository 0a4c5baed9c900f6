"""The F test for tables with gaps: lmerTest's published value, and chance called chance."""

import numpy as np
import pytest

from lossmodel.ratings.inference.mixed import Factor, MixedModel
from lossmodel.ratings.inference.mixed_anova import condition_effect
from tests.lossmodel.ratings.inference.builders import cube_of, drawn, share_found
from tests.lossmodel.ratings.inference.test_mixed import sleep


def test_the_f_test_of_one_effect_is_that_of_lmertest():
    reaction, fixed, people, days = sleep()
    model = MixedModel(reaction, fixed, [Factor("person", people), Factor("slope", people, days)])
    found = model.joint(np.array([[0.0, 1.0]]))
    by_t = model.contrast(np.array([0.0, 1.0]))
    assert found.f == pytest.approx((by_t.value / by_t.se) ** 2)
    assert found.df == pytest.approx((1.0, by_t.df))


def test_a_complete_balanced_table_has_the_textbook_f():
    """With assessor x condition alone random the F is that of the repeated-measures ANOVA."""
    rng = np.random.default_rng(3)
    scores = 50 + 10 * rng.normal(size=(9, 1)) + 5 * rng.normal(size=(9, 4)) + np.array([0, 3, 6, 9])
    person, condition = np.repeat(np.arange(9), 4), np.tile(np.arange(4), 9)
    fixed = np.column_stack([np.ones(36), condition[:, None] == np.arange(1, 4)]).astype(float)
    found = MixedModel(scores.ravel(), fixed, [Factor("assessor", person)]).joint(np.eye(4)[1:])
    rest = scores - scores.mean(1, keepdims=True) - scores.mean(0) + scores.mean()
    f = 9 * ((scores.mean(0) - scores.mean()) ** 2).sum() / 3 / ((rest**2).sum() / 24)
    assert found.f == pytest.approx(f, rel=1e-4)
    assert found.df == pytest.approx((3, 24), rel=1e-3)


def test_chance_is_called_chance_where_a_third_of_the_ratings_is_missing():
    rng = np.random.default_rng(5)

    def gappy():
        scores = drawn(rng, assessors=8, items=5, conditions=3, item_by_condition=6)
        scores[rng.random(scores.shape) < 0.33] = np.nan
        return scores

    assert share_found(gappy, lambda scores: condition_effect(cube_of(scores)).p, draws=40) <= 0.125


def test_what_cannot_be_tested_says_why():
    assert "one condition" in condition_effect(cube_of(np.full((3, 2, 1), 50.0))).rule
    assert "one assessor" in condition_effect(cube_of(np.arange(4.0).reshape(1, 2, 2))).rule
