"""The home page: the ring with what is in it, what runs, and what to do next for each."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from listening.admin import workers
from listening.exports import ratings as export
from listening.models import Checkpoint, Objective, Study, TrainingRun
from tests import builders
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db


def home(client) -> dict:
    answer = client.get("/admin/")
    assert answer.status_code == 200
    assert " style=" not in answer.content.decode()
    return answer.context


def next_step(client, kind: str = "studies") -> str:
    return home(client)[kind][0].step.text


def test_a_study_says_what_it_waits_for_from_empty_draft_to_objective(admin_client, tmp_path):
    empty = Study.objects.create(slug="empty", title="Empty", preset="ward-2")
    assert next_step(admin_client) == "Add sounds"
    empty.delete()
    study = voices(tmp_path)
    Study.objects.update(status="draft")
    assert next_step(admin_client) == "Check it, then open it"
    Study.objects.update(status="open", quota=2)
    assert next_step(admin_client) == "Waiting for 2 more listeners"
    rate(study, assessors=2)
    study.sessions.update(finished_at="2026-01-01T00:00Z")
    assert next_step(admin_client) == "All 2 have finished: close it"
    study.close()
    assert next_step(admin_client) == "Check the results, then freeze them"
    frozen = export.freeze(study)
    assert next_step(admin_client) == "Fit an objective"
    objective = Objective.objects.create(name="first", recipe="compact")
    objective.ratings.set([frozen])
    assert next_step(admin_client) == "Results"


def test_an_objective_leads_to_a_training_and_a_separator_to_the_next_test(admin_client):
    objective = Objective.objects.create(name="first", recipe="compact", status="done")
    objective.card = {"evaluation": {"measures": {"quality": {"pearson": 0.873}}}}
    objective.save()
    assert next_step(admin_client, "objectives") == "Train a separator against it"
    assert home(admin_client)["objectives"][0].figures == "quality r 0.87"
    training = TrainingRun.objects.create(name="t", recipe="tiny", data="/songs", objective=objective, status="done")
    checkpoint = Checkpoint.objects.create(run=training, step=10, path="x", sha256="a" * 64)
    assert next_step(admin_client, "separators") == "Render stimuli for the next test"
    address = home(admin_client)["separators"][0].step.url
    assert address.endswith(f"checkpoint={checkpoint.pk}")
    assert admin_client.get(address).status_code == 200


def test_the_ring_counts_what_there_is_and_what_runs_says_how_far(admin_client, tmp_path):
    study = voices(tmp_path)
    rate(study, assessors=3)
    builders.study(tmp_path, slug="draft")
    run = TrainingRun.objects.create(name="long", recipe="tiny", data="/songs")
    run.claim()
    run.beat(1, 4)
    context = home(admin_client)
    assert [(each.count, each.words) for _place, each in context["placed"]] == [
        (2, "1 open · 1 draft"), (0, "0 ratings"), (0, ""), (1, "1 running"),
    ]  # fmt: skip
    assert "1 / 4" in context["running"][0][-1]


def test_who_may_see_nothing_sees_nothing_on_the_home_page(client, tmp_path):
    voices(tmp_path)
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    context = home(client)
    assert not context["studies"]
    assert {each.count for _place, each in context["placed"]} == {0}


def test_the_home_page_takes_as_many_queries_with_many_studies_as_with_few(
    admin_client, tmp_path, django_assert_max_num_queries
):
    for number in range(12):
        builders.study(tmp_path, items=1, systems=1, slug=f"study-{number}")
    with django_assert_max_num_queries(30):
        home(admin_client)


@pytest.mark.parametrize("found", [{}, {"gpu@here": [{"name": "celery"}, {"name": "gpu"}]}])
def test_workers_are_named_with_their_queues_or_it_is_said_that_none_answers(admin_client, monkeypatch, found):
    monkeypatch.setattr(workers, "alive", lambda: [(name, "celery, gpu") for name in found])
    html = admin_client.get(reverse("admin:workers")).content.decode()
    assert ("gpu@here" in html) == bool(found)
    assert ("No worker is responding" in html) == (not found)
