"""The ring on real listeners: an objective learned from published ratings predicts them on songs left out."""

from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command

from listening import tasks
from listening.exports import ratings as export
from listening.models import Objective, Study
from lossmodel.metrics import cached
from lossmodel.objective import guards, store
from lossmodel.objective.ear import excerpt

pytestmark = [pytest.mark.slow, pytest.mark.data, pytest.mark.django_db(transaction=True)]

ONE_METRIC = ("si_sdr",)
"""What the reports set beside the objective: all of them, PEASS too, stand beside the fits of tests/listening."""
NOT_IN_THE_TEST = {"clicks", "phase scramble", "low-pass"}
"""Exploits that nothing among the rated sounds is like: a fit to these ratings alone may be pleased by them."""


@pytest.fixture(autouse=True)
def one_metric(monkeypatch):
    monkeypatch.setattr(cached, "values", partial(cached.values, only=ONE_METRIC))


def learned(folder: Path, source: str) -> Objective:
    """Import a published test, freeze its ratings and fit an objective to them, as a researcher does."""
    call_command("import_study", str(folder), format=source, verbosity=0)
    study = Study.objects.get()
    run = Objective.objects.create(name=study.slug)
    run.ratings.set([export.freeze(study)])
    tasks.fit(run.pk)
    run.refresh_from_db()
    assert run.status == "done", run.message
    return run


def test_an_objective_learned_from_ward_2018_predicts_listeners_on_songs_left_out(data):
    run = learned(data / "ward2018", "ward2018")
    for attribute in ("quality", "interference"):
        found = run.card["evaluation"]["measures"][attribute]
        assert found["stimuli"] == 55
        assert found["pearson"]["value"] >= 0.92, attribute
        assert found["rmse"]["value"] <= 8, attribute
        assert 0.85 <= found["coverage"] <= 0.95, attribute
    known_exploits_do_not_please_it(run)


def known_exploits_do_not_please_it(run: Objective) -> None:
    heard = excerpt.read(export.pairs(Study.objects.get())[0])
    probes = guards.examine(store.load(run.folder), heard.references[0, 0], heard.mixture[0])
    found = {probe.name: probe for probe in probes}
    assert {name for name, probe in found.items() if probe.wrong} <= NOT_IN_THE_TEST
    assert found["low-pass"].scores["quality"] < found["reference"].scores["quality"] - 15
    assert found["silence"].scores["quality"] < 5
    assert found["silence"].scores["interference"] < 20


def test_an_objective_learned_from_sisec_2018_predicts_listeners_on_songs_left_out(data):
    found = learned(data / "sisec2018", "sisec2018").card["evaluation"]["measures"]["similarity"]
    assert found["stimuli"] == 60
    assert found["pearson"]["value"] >= 0.94
    assert found["within"]["value"] >= 0.92
    assert found["rmse"]["value"] <= 7.0
