"""The ring on real listeners: an objective learned from published ratings predicts them on songs left out."""

from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command

from listening import tasks
from listening.exports.ratings import freeze
from listening.models import Objective, Study
from lossmodel.metrics import cached

ONE_METRIC = ("si_sdr",)
"""What the report of the larger test sets beside the objective; that of the smaller one has every metric."""


def learned(folder: Path, source: str) -> dict:
    call_command("import_study", str(folder), format=source, verbosity=0)
    study = Study.objects.get()
    run = Objective.objects.create(name=study.slug)
    run.ratings.set([freeze(study)])
    tasks.fit(run.pk)
    run.refresh_from_db()
    assert run.status == "done", run.message
    return run.card["evaluation"]["measures"]


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.django_db(transaction=True)
def test_an_objective_learned_from_ward_2018_predicts_listeners_on_songs_left_out(data):
    measures = learned(data / "ward2018", "ward2018")
    assert measures["quality"]["pearson"]["value"] >= 0.90
    assert measures["interference"]["pearson"]["value"] >= 0.90


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.django_db(transaction=True)
def test_an_objective_learned_from_sisec_2018_predicts_listeners_on_songs_left_out(data, monkeypatch):
    monkeypatch.setattr(cached, "values", partial(cached.values, only=ONE_METRIC))
    measures = learned(data / "sisec2018", "sisec2018")
    assert measures["similarity"]["pearson"]["value"] >= 0.90
