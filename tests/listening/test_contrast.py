"""Whether people heard a difference between two systems, over assessors and items, and whether it was foreseen."""

import numpy as np
import pytest

from listening import stimuli, tasks
from listening.exports import contrast
from listening.exports.contrast import Difference, forecast, two_way
from listening.models import Checkpoint, Objective, Rating, Rendering, Study, TrainingRun
from lossmodel.ratings.inference.crossed import crossed_mean
from tests.listening.panel import rate, voices
from tests.listening.test_tasks import rendering
from tests.listening.test_workbench import tab

PREDICTED = {
    "quality": {
        "one": {"new": {"mean": 60, "low": 50, "high": 70}, "old": {"mean": 50, "low": 40, "high": 60}},
        "two": {"new": {"mean": 30, "low": 20, "high": 40}},
    }
}


@pytest.mark.parametrize("kept", [1.0, 0.6], ids=["everybody hears everything", "each hears some"])
def test_the_interval_is_that_of_an_analysis(kept):
    noise = np.random.default_rng(1)
    people, items = noise.normal(0, 8, 9), noise.normal(0, 5, 6)
    found = {
        (a, i): 4 + people[a] + items[i] + noise.normal() for a in range(9) for i in range(6) if noise.random() < kept
    }
    table = np.full((9, 6), np.nan)
    table[tuple(np.array(list(found)).T)] = list(found.values())
    ours, theirs = two_way(found), crossed_mean(table)
    assert ours.mean == theirs.value
    assert (ours.low, ours.high) == theirs.interval()


def test_one_assessor_or_one_item_gives_no_interval():
    assert two_way({(1, 1): 5.0, (1, 2): 7.0}) == Difference(6.0, None, None)
    assert two_way({(1, 1): 5.0, (2, 1): 7.0}).verdict == "open"


@pytest.mark.parametrize(("low", "high", "verdict"), [(0.1, 3.0, "better"), (-3.0, -0.1, "worse"), (-1.0, 1.0, "open")])
def test_better_and_worse_need_the_whole_interval_on_one_side(low, high, verdict):
    assert Difference((low + high) / 2, low, high).verdict == verdict


def test_a_forecast_takes_the_items_that_both_conditions_have():
    found = forecast({"attributes": PREDICTED}, "quality", "new", "old")
    assert found is not None
    assert found.mean == 10
    assert found.high == pytest.approx(10 + 2**0.5 * 10)
    assert forecast({"attributes": PREDICTED}, "other", "new", "old") is None
    assert forecast({}, "quality", "new", "old") is None


@pytest.mark.django_db
def test_a_follow_up_says_on_its_results_whether_people_found_the_new_separator_better(admin_client, tmp_path):
    study = voices(tmp_path)
    run = TrainingRun.objects.create(name="again", recipe="tiny", data="/songs")
    checkpoint = Checkpoint.objects.create(run=run, step=1, path="x", sha256="a" * 64)
    row = Rendering.objects.create(checkpoint=checkpoint, study=study, condition="good", slug="follow")
    items = study.items.values_list("name", flat=True)
    opinion = {"good": {"mean": 80, "low": 75, "high": 85}, "poor": {"mean": 30, "low": 25, "high": 35}}
    key = study.attributes.values_list("key", flat=True)[0]
    Rendering.objects.filter(pk=row.pk).update(forecast={"attributes": {key: dict.fromkeys(items, opinion)}})
    follow = stimuli.redraft(study, "follow", rendering=row)
    follow.conditions.filter(name="good").update(checkpoint=checkpoint)
    assert follow.open()
    assert "Nobody has rated the new condition" in admin_client.get(tab(follow, "results")).content.decode()
    rate(follow)
    follow = Study.objects.get(pk=follow.pk)
    found = next(each for each in contrast.contrasts(follow) if each.other == "poor")
    scores = {
        name: Rating.objects.counted(follow).filter(
            slot__stimulus__condition__name=name, slot__trial__attribute__key=key
        ).values_list("score", flat=True)
        for name in ("good", "poor")
    }  # fmt: skip
    assert found.heard.mean == pytest.approx(np.mean(scores["good"]) - np.mean(scores["poor"]))
    assert (found.assessors, found.items) == (4, 3)
    assert found.foreseen is not None
    assert found.foreseen.mean == 50
    html = admin_client.get(tab(follow, "results")).content.decode()
    assert "Did people find the retrained separator better?" in html
    assert "good less poor" in html


@pytest.mark.django_db
def test_a_study_that_no_rendering_drafted_asks_nothing_of_the_kind(admin_client, tmp_path):
    study = voices(tmp_path)
    assert contrast.contrasts(study) == []
    assert "retrained separator" not in admin_client.get(tab(study, "results")).content.decode()


@pytest.mark.django_db
def test_a_rendering_keeps_what_its_objective_predicts_for_each_system(tmp_path, monkeypatch):
    from lossmodel.objective import store

    monkeypatch.setattr(Objective, "folder", store.default())
    run = rendering(tmp_path)
    objective = Objective.objects.create(name="default")
    TrainingRun.objects.update(objective=objective)
    tasks.render(run.pk)
    said = Rendering.objects.get(pk=run.pk).forecast
    assert set(said["attributes"]["quality"]["song0"]) == {"new", "good", "fair", "poor"}
    opinions = said["attributes"]["quality"]["song0"].values()
    assert all(0 <= each["low"] <= each["mean"] <= each["high"] <= 100 for each in opinions)


@pytest.mark.django_db
def test_stimuli_are_rendered_although_the_objective_cannot_judge_them(tmp_path):
    run = rendering(tmp_path)
    TrainingRun.objects.update(objective=Objective.objects.create(name="gone"))
    tasks.render(run.pk)
    done = Rendering.objects.get(pk=run.pk)
    assert done.status == "done"
    assert done.forecast["note"]
