"""An objective comes back from disk saying the same, and its card says where it is from."""

from pathlib import Path

import pytest
import torch

from lossmodel import store as files
from lossmodel.errors import BadInput
from lossmodel.files import read_json, write_json
from lossmodel.objective import config, store
from lossmodel.objective.fitting.simulate import listener, ratings
from tests.lossmodel.objective.songs import degraded, song


def told(objective):
    voice, mixture = song(1, seconds=1.0)
    return {name: float(each.mean) for name, each in objective(mixture[None], voice[None, None], mixture[None]).items()}


def test_an_objective_comes_back(tmp_path):
    store.save(listener(), tmp_path / "kept", card={})
    assert told(store.load(tmp_path / "kept")) == told(listener())


def test_the_card_names_recipe_inputs_and_what_was_rated(tmp_path):
    rated = ratings({("quality", "a", "x"): 40.0}, roles={}, assessors=3, seed=1)
    (tmp_path / "ratings.csv").write_text("some ratings")
    card = store.describe(config.load("compact"), rated, inputs={"ratings": tmp_path / "ratings.csv"})
    name = store.save(listener(), tmp_path / "kept", card=card)
    kept = files.read_card(tmp_path / "kept", kind="objective")
    assert name == files.fingerprint(tmp_path / "kept")
    assert len(kept["inputs"]["ratings"]["sha256"]) == 64
    assert kept["data"]["quality"] | {"simulated": True, "assessors": 3, "items": 1} == kept["data"]["quality"]
    assert kept["recipe"]["seed"] == 1


def test_a_folder_of_another_kind_or_with_other_features_is_refused(tmp_path):
    files.save(tmp_path / "other", {"a": torch.zeros(1)}, {"kind": "separator", "version": 1})
    with pytest.raises(BadInput, match="'objective' is needed"):
        store.load(tmp_path / "other")
    store.save(listener(), tmp_path / "kept", card={})
    card = read_json(tmp_path / "kept" / "card.json")
    card["form"]["features"] = 0
    write_json(tmp_path / "kept" / "card.json", card)
    with pytest.raises(BadInput, match="fit it again"):
        store.load(tmp_path / "kept")


def test_weights_that_are_not_those_of_the_card_are_refused(tmp_path):
    store.save(listener(), tmp_path / "kept", card={})
    card = read_json(tmp_path / "kept" / "card.json")
    card["form"]["heads"][0]["members"]["another"] = ["flux"]
    write_json(tmp_path / "kept" / "card.json", card)
    with pytest.raises(BadInput, match="do not match the card"):
        store.load(tmp_path / "kept")


def test_an_objective_of_the_first_release_says_what_it_said():
    """Without the heads, features and intervals that came later; the figures are those of the code of then."""
    objective = store.load(Path(__file__).with_name("first_default"))
    voice, mixture = song(1, seconds=3.0)
    estimate = degraded(voice, mixture, leak=0.2, holes=0.3, dull=0.1)
    found = objective(estimate[None], voice[None, None], mixture[None])
    said = {name: [float(each.mean), float(each.low), float(each.high)] for name, each in found.items()}
    assert said["interference"] == pytest.approx([42.278, 33.011, 51.545], abs=0.01)
    assert said["quality"] == pytest.approx([18.067, 5.039, 31.095], abs=0.01)
    assert said["similarity"] == pytest.approx([9.016, 0.0, 18.112], abs=0.01)
