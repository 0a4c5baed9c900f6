"""The known listener hears what anybody would, and simulated panels scatter as real ones do."""

import numpy as np
import pytest

from lossmodel.objective.fitting.simulate import Assessor, listener, ratings
from lossmodel.objective.guards import PROBES, examine
from lossmodel.objective.network import Objective
from tests.lossmodel.objective.songs import song

TRUTH = {("quality", f"song{i}", f"system{j}"): 20.0 + 12 * j for i in range(20) for j in range(6)}


def test_the_listener_knows_reference_mixture_and_damage():
    voice, mixture = song(1)
    scores = {probe.name: probe.scores for probe in examine(listener(), voice, mixture)}
    assert min(scores["reference"].values()) > 95
    assert scores["mixture"]["quality"] > 90
    assert scores["mixture"]["interference"] == pytest.approx(5, abs=1)
    for damage in ("low-pass", "gated", "holes", "silence"):
        assert scores[damage]["quality"] < scores["reference"]["quality"] - 15, damage
    assert scores["silence"]["quality"] < 15


def test_an_attribute_of_any_name_has_a_listener():
    voice, mixture = song(1)
    found = listener(("warmth",))(mixture[None], voice[None, None], mixture[None])
    assert found.keys() == {"warmth"}


def test_panels_scatter_as_real_ones_do():
    table = ratings(TRUTH, roles={}, assessors=40, seed=1)
    middle = table[table["condition"] == "system3"]  # truth 56: the middle of the scale
    offsets = middle.groupby("assessor")["score"].mean() - 56
    residuals = middle["score"] - middle["assessor"].map(offsets) - 56
    assert 6 < offsets.std() < 13
    assert 12 < residuals.std() < 16


def test_people_agree_best_at_the_ends_of_the_scale():
    top, middle = ([Assessor(1, n).score(truth, "a") for n in range(200)] for truth in (98.0, 50.0))
    assert np.std(top) < 0.5 * np.std(middle)


def test_a_score_depends_on_its_address_alone():
    once, again = Assessor(4, 2).score(40, "quality/a/b"), Assessor(4, 2).score(40, "quality/a/b")
    assert once == again
    others = {Assessor(4, 2).score(40, "quality/a/b", replicate=n) for n in range(1, 6)}
    assert len(others) > 1


def test_simulated_ratings_are_tidy_marked_and_within_the_scale():
    table = ratings(TRUTH, roles={"system0": "anchor"}, assessors=3, seed=2, replicates=2)
    assert len(table) == 3 * 2 * len(TRUTH)
    assert table["simulated"].all()
    assert table["score"].between(0, 100).all()
    assert set(table.loc[table["condition"] == "system0", "role"]) == {"anchor"}


def test_the_probes_find_an_objective_that_everything_pleases():
    voice, mixture = song(1)
    pleased = listener(("quality",))
    pleased.heads["quality"].weight.zero_()
    pleased.heads["quality"].bias.fill_(5.0)
    found = {probe.name: set(probe.wrong) for probe in examine(Objective(pleased.heads), voice, mixture)}
    assert found.keys() == PROBES.keys()
    assert all(found[name] == {"quality"} for name in ("silence", "low-pass", "gated", "holes"))
    assert found["reference"] == set()
    assert not pleased.heads["quality"].weight.any()
