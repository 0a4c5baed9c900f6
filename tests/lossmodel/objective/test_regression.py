"""Differences inside items are learnt from several studies; intervals hold for songs to come."""

import numpy as np
import pytest

from lossmodel.objective.fitting.regression import within_items
from lossmodel.objective.fitting.uncertainty import conformal_quantile


def two_studies(seed=1):
    """Return salience, logits, items and studies: one law, of which each study has its own slope and middle."""
    draw = np.random.default_rng(seed)
    salience = draw.uniform(0, 3, (80, 2))
    item = np.repeat([f"item{number:02d}" for number in range(16)], 5)
    study = np.where(np.arange(80) < 30, "narrow", "wide")
    heard = 2 - salience @ [1.0, 0.5]
    logits = np.where(study == "wide", 3 * heard + 1, heard) + np.repeat(draw.normal(0, 4, 16), 5)
    return salience, logits, item, study


@pytest.mark.parametrize(("scale", "slope"), [("narrow", 1.0), ("wide", 3.0)])
def test_what_sets_items_apart_is_not_learnt_and_the_scale_is_the_named_study(scale, slope):
    salience, logits, item, study = two_studies()
    weight, bias = within_items(salience, logits, np.ones(80), 1e-6, item=item, study=study, scale=scale)
    assert weight == pytest.approx([slope, slope / 2], rel=0.15)
    own = study == scale
    assert np.mean(bias - salience[own] @ weight) == pytest.approx(logits[own].mean())


def test_conformal_intervals_hold_for_nine_of_ten_stimuli_of_new_songs():
    """Songs err by an amount of their own: intervals from the pooled errors would hold less often."""
    draw = np.random.default_rng(3)

    def song():
        return np.abs(draw.normal(0, 1, 5) * draw.lognormal(0, 0.8))

    held, pooled = [], []
    for _ in range(400):
        errors, new = [song() for _ in range(10)], song()
        held.append(np.mean(new <= conformal_quantile(errors, 0.9)))
        pooled.append(np.mean(new <= np.quantile(np.concatenate(errors), 0.9)))
    assert 0.88 <= np.mean(held) <= 0.95
    assert np.mean(pooled) < np.mean(held) - 0.01


def test_fewer_songs_than_the_coverage_needs_give_the_widest_interval():
    assert conformal_quantile([np.array([1.0, 7.0]), np.array([2.0])], 0.9) == 7.0
