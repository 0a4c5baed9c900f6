"""What simulated listeners go by is found again, on songs that were left out; too little is refused."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from lossmodel.errors import BadInput
from lossmodel.objective import config
from lossmodel.objective.config import Ends
from lossmodel.objective.fitting import evaluate, fit, simulate
from lossmodel.objective.fitting.extract import extract
from tests.lossmodel.objective.songs import ROLES, pairs

SONGS = 8


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    """Return (pairs, truth, ratings, cache) of a small panel."""
    folder = tmp_path_factory.mktemp("songs")
    made = pairs(folder, SONGS)
    truth = simulate.truth(simulate.listener(("quality", "interference")), made)
    return made, truth, simulate.ratings(truth, roles=ROLES, assessors=16, seed=3), folder / "cache"


def recipe(**changes):
    return config.load("compact").model_copy(update=changes)


def test_the_truth_is_recovered_on_songs_that_were_left_out(ring):
    made, truth, ratings, cache = ring
    found = evaluate.cross_validate(ratings, made, recipe(), cache=cache).predictions
    for attribute, group in found.groupby("attribute"):
        right = [truth[attribute, item, condition] for item, condition in zip(group["item"], group["condition"])]
        assert np.std(right) > 10
        assert np.corrcoef(right, group["predicted"])[0, 1] >= 0.95, attribute


def test_the_fitted_objective_knows_the_ends_of_the_scale(ring):
    made, _, ratings, cache = ring
    objective = fit.fit(ratings, made, recipe(), cache=cache)
    assert objective.attributes == ("interference", "quality")
    for rated in fit.gather(ratings, made, recipe(), cache=cache):
        found = objective.heads[rated.attribute](torch.from_numpy(rated.raw).float()).mean.detach().numpy()
        reference = found[rated.role == fit.UNRATED]
        assert reference.min() > 85
        assert found.max() <= reference.max() + 1


def test_the_same_ratings_give_the_same_objective(ring):
    made, _, ratings, cache = ring
    first, again = (fit.fit(ratings, made, recipe(), cache=cache).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_no_distortion_ever_raises_a_score(ring):
    made, _, ratings, cache = ring
    objective = fit.fit(ratings, made, recipe(), cache=cache)
    for head in objective.heads.values():
        assert head.weight.min() >= 0
        top = head(torch.zeros(1, len(head.terms))).mean
        assert top > 90
        worse = torch.rand(50, len(head.terms), generator=torch.Generator().manual_seed(1))
        assert (head(worse).mean <= top).all()


def test_few_raters_scale_is_told_by_its_ends(ring):
    """Two people who squeeze their ratings to the middle are predicted nearer to what the panel says."""
    made, _, ratings, cache = ring
    few = ratings[ratings["assessor"].isin(ratings["assessor"].unique()[:2])]
    squeezed = few.assign(score=40 + 0.4 * few["score"])
    told = fit.gather(ratings, made, recipe(), cache=cache)[0]
    rated = fit.gather(squeezed, made, recipe(), cache=cache)[0]
    error = {
        raters: np.abs(
            _predicted(rated, recipe().model_copy(update={"ends": Ends(raters=raters)})) - told.score[told.systems]
        ).mean()
        for raters in (0.0, 4.0)
    }
    assert error[4.0] < 0.8 * error[0.0]


def test_an_anchor_that_is_better_than_many_a_system_is_no_end_of_the_scale(ring):
    made, _, ratings, cache = ring
    for rated in fit.gather(ratings, made, recipe(), cache=cache):
        told, untold = (fit._placed(rated, recipe(ends=Ends(raters=raters))).score for raters in (4.0, 0.0))
        assert np.array_equal(told, untold) == (
            rated.attribute == "quality"
        )  # of which mixtures, its anchors, have much


def _predicted(rated, made_by):
    head = fit.fit_head(rated, made_by)
    return head(torch.from_numpy(rated.raw[rated.systems]).float()).mean.numpy()


def test_a_left_out_song_does_not_touch_its_own_prediction(ring):
    made, _, ratings, cache = ring
    changed = ratings.copy()
    of_song = changed["item"] == "song0"
    changed.loc[of_song, "score"] = 100 - changed.loc[of_song, "score"]
    before, after = (_predictions(each, made, cache) for each in (ratings, changed))
    rows = before["item"] == "song0"
    assert (before.loc[rows, "rated"] != after.loc[rows, "rated"]).any()
    pd.testing.assert_series_equal(before.loc[rows, "predicted"], after.loc[rows, "predicted"])


def test_only_systems_are_counted(ring):
    made, _, ratings, cache = ring
    found = evaluate.cross_validate(ratings, made, recipe(), by="song-and-system", cache=cache)
    assert not set(found.predictions["condition"]) & ROLES.keys()
    assert found.measures["quality"].stimuli == SONGS * 5
    assert len(found.lines()) == 3
    assert json.loads(json.dumps(found.to_json()))["measures"]["quality"]["songs"] == SONGS


def test_the_most_that_was_judged_is_a_limit_only_where_the_worst_was_heard(ring):
    made, _, ratings, cache = ring
    alone = ratings[ratings["role"] == "system"]
    nothing_told = recipe(known={})
    with_anchors, without = (fit.fit(each, made, nothing_told, cache=cache) for each in (ratings, alone))
    assert all(head.most.isfinite().all() for head in with_anchors.heads.values())
    assert all(head.most.isinf().all() for head in without.heads.values())


def test_features_are_kept_and_damaged_ones_computed_again(ring, tmp_path):
    made = ring[0][:2]
    first = extract(made, cache=tmp_path)
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 7  # two conditions; mixture, reference, silence, low-pass and clicks once for the item
    kept[0].write_text(json.dumps(json.loads(kept[0].read_text()) | {"wobble": 77.0}))
    kept[1].write_text("not json")
    again = extract(made, cache=tmp_path)
    believed = [features for each in again for features in each.heard.values() if features["wobble"] == 77.0]
    assert believed
    assert kept[1].read_text() != "not json"
    kept[0].unlink()
    assert [each.heard for each in extract(made, cache=tmp_path)] == [each.heard for each in first]


def _predictions(ratings, made, cache):
    return evaluate.cross_validate(ratings, made, recipe(), cache=cache).predictions


def without(ratings, **kept):
    for column, values in kept.items():
        ratings = ratings[ratings[column].isin(values)]
    return ratings


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ({"item": ["song0"]}, r"'interference': systems were rated on 1 item\(s\)"),
        ({"assessor": ["simulated-001"]}, "1 assessor"),
        ({"condition": ["reference", "mixture"]}, r"0 item\(s\)"),
    ],
)
def test_too_little_is_refused_with_the_reason(ring, kept, message):
    made, _, ratings, cache = ring
    with pytest.raises(BadInput, match=message):
        fit.fit(without(ratings, **kept), made, recipe(), cache=cache)


def test_systems_that_nobody_told_apart_are_refused(ring):
    made, _, ratings, cache = ring
    with pytest.raises(BadInput, match=r"differ by 0\.0 points only"):
        fit.fit(ratings.assign(score=50.0), made, recipe(), cache=cache)


def test_leaving_out_one_of_two_items_is_refused(ring):
    made, _, ratings, cache = ring
    with pytest.raises(BadInput, match="at least 3"):
        evaluate.cross_validate(without(ratings, item=["song0", "song1"]), made, recipe(), cache=cache)


def test_a_rated_stimulus_that_is_not_in_the_manifest_is_named(ring):
    made, _, ratings, cache = ring
    with pytest.raises(BadInput, match="item 'song0', condition 'reference': rated, but not in the manifest"):
        fit.fit(ratings, made[1:], recipe(), cache=cache)


def test_an_unknown_feature_is_named_with_the_known_ones(ring):
    made, _, ratings, cache = ring
    with pytest.raises(BadInput, match="no feature 'lek'; known are wobble"):
        fit.fit(ratings, made, recipe(members={"one": {"general": ("lek",)}}), cache=cache)


def test_ratings_of_a_sound_without_a_mixture_are_refused_where_one_is_needed(ring):
    made, _, ratings, cache = ring
    alone = [replace(pair, mixture=None) for pair in made]
    with pytest.raises(BadInput, match=r"neither mixture nor accompaniment; 'interference' needs one"):
        fit.fit(ratings, alone, recipe(), cache=cache)


def test_degradation_is_learnt_without_any_mixture(ring):
    made, _, ratings, cache = ring
    alone = [replace(pair, mixture=None) for pair in made if pair.condition != "mixture"]
    worse = ratings[(ratings["attribute"] == "quality") & (ratings["condition"] != "mixture")]
    found = evaluate.cross_validate(worse.assign(attribute="degradation"), alone, recipe(), cache=cache)
    assert found.measures["degradation"].within.value > 0.7
