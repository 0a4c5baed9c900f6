"""The form of a fit: the recipe's keys explained and changed, its time estimated, a clone that brings its changes."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from listening import tasks
from listening.admin import recipe_keys
from listening.exports.ratings import freeze
from listening.models import Objective
from lossmodel.errors import BadInput
from lossmodel.objective import config
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db


@pytest.fixture
def frozen(tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "send", lambda run: None)
    study = voices(tmp_path, items=2)
    rate(study, assessors=2)
    return freeze(study)


def typed(**changes) -> dict[str, str]:
    own = {each.field: each.text for each in recipe_keys.inputs(config.load("compact"))}
    return own | {"keys_of": "compact"} | {f"key:{name.replace('__', '.')}": value for name, value in changes.items()}


def start(client, frozen, **changes):
    asked = {"name": "fit", "ratings": [frozen.pk], "recipe": "compact", "seed": "1"}
    return client.post(reverse("admin:listening_objective_add"), asked | typed(**changes), follow=True)


def test_keys_that_were_changed_are_stored_and_reach_the_fit(admin_client, frozen, monkeypatch):
    start(admin_client, frozen, ridge="9", ends__raters="2")
    run = Objective.objects.get()
    assert run.overrides == {"ridge": 9, "ends.raters": 2}
    seen = []

    def judge(*given, **_more):
        seen.append(given)
        raise BadInput("far enough")

    monkeypatch.setattr("lossmodel.objective.fitting.evaluate.cross_validate", judge)
    with pytest.raises(BadInput, match="far enough"):
        tasks.fit(run.pk)
    recipe = seen[0][2]
    assert (recipe.ridge, recipe.ends.raters, recipe.seed) == (9, 2, 1)


def test_every_key_is_explained():
    found = recipe_keys.inputs(config.load("compact"))
    assert len(found) > 30
    assert not [each.name for each in found if not each.meaning]


def test_a_value_that_the_recipe_refuses_is_told_and_nothing_is_started(admin_client, frozen):
    answer = start(admin_client, frozen, clip="-3")
    assert "clip: Input should be greater than 0" in answer.content.decode()
    assert not Objective.objects.exists()


def test_the_page_shows_every_key_with_the_changed_ones_marked_and_a_clone_brings_them(admin_client, frozen):
    start(admin_client, frozen, ridge="9")
    run = Objective.objects.get()
    page = admin_client.get(reverse("admin:listening_objective_change", args=[run.pk])).content.decode()
    assert "Fit again with changes" in page
    assert "ridge</th><td>9" in page
    changes = {"recipe": "compact", "changes": '{"ridge": 9}', "ratings": str(frozen.pk)}
    page = admin_client.get(reverse("admin:listening_objective_add"), changes).content.decode()
    assert 'name="key:ridge" value="9.0"' in page


def test_the_time_is_taken_from_the_newest_fit_by_its_stimuli(admin_client, frozen, tmp_path):
    address = reverse("admin:listening_objective_cost")
    asked = {"ratings": [frozen.pk], "recipe": "compact"}
    page = admin_client.get(address, asked).content.decode()
    assert "No fit has finished here yet" in page
    assert "<dd>8</dd>" in page
    now = timezone.now()
    run = Objective.objects.create(name="first", status="done", started_at=now - dt.timedelta(seconds=40), ended_at=now)
    run.ratings.set([frozen])
    assert "40 seconds" in admin_client.get(address, asked).content.decode()


def test_an_unknown_recipe_is_no_page(admin_client):
    assert admin_client.get(reverse("admin:listening_objective_recipe"), {"recipe": "nope"}).status_code == 404
