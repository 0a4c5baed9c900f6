"""Starting a training in the admin: songs below the configured roots, a recipe with changes, what it will take."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from listening.admin import recipe_keys as recipes
from listening.admin.training import data
from listening.admin.training.cost import estimate
from listening.models import TrainingRun
from lossmodel import audio
from separation import config
from tests.builders import tone
from tests.listening.test_training_pages import write_metrics

pytestmark = pytest.mark.django_db

ADD = "admin:listening_trainingrun_add"


@pytest.fixture
def songs(tmp_path, settings) -> Path:
    """Return a root with two folders of songs: one song of two seconds, and two songs of one."""
    settings.TRAINING_DATA_ROOTS = [tmp_path / "roots"]
    for name, seconds in [("a/one", 2.0), ("b/two", 1.0), ("b/three", 1.0)]:
        audio.write(tmp_path / "roots" / name / "vocals.wav", tone(seconds=seconds))
        audio.write(tmp_path / "roots" / name / "mixture.wav", tone(330.0, seconds=seconds))
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "roots"


def typed(recipe: str = "tiny", **more: object) -> dict[str, object]:
    own = {each.field: each.text for each in recipes.inputs(config.load(recipe))}
    return {"name": "new", "recipe": recipe, "keys_of": recipe, "seed": 5, **own, **more}


def refusals(answer) -> str:
    return json.dumps(answer.context["adminform"].form.errors)


def test_folders_below_the_roots_say_how_many_songs_they_hold_and_how_long_these_are(songs):
    assert [(each.name, each.songs, each.seconds) for each in data.folders()] == [
        ("roots/a", 1, 2.0),
        ("roots/b", 2, 2.0),
    ]


def test_what_was_counted_is_kept_until_a_file_changes(songs, monkeypatch):
    data.folders()
    monkeypatch.setattr(data, "_length", lambda _path: 100.0)
    assert [each.seconds for each in data.folders()] == [2.0, 2.0]
    audio.write(songs / "a" / "one" / "mixture.wav", tone(seconds=3.0))
    assert [each.seconds for each in data.folders()] == [100.0, 2.0]


def test_a_folder_outside_the_roots_cannot_be_chosen(admin_client, songs):
    for path in (songs.parent / "elsewhere", songs / "a" / ".." / "b"):
        assert "not one of the available choices" in refusals(admin_client.post(reverse(ADD), typed(data=str(path))))
    assert not TrainingRun.objects.exists()


def test_without_songs_the_form_says_where_to_put_them(admin_client, settings, tmp_path):
    settings.TRAINING_DATA_ROOTS = [tmp_path / "none"]
    assert "No songs below" in admin_client.get(reverse(ADD)).content.decode()


def test_only_keys_that_were_changed_are_kept_with_the_training(admin_client, songs):
    given = typed(data=str(songs / "a")) | {"key:optimiser.clip": "1.5", "key:data.gain": "[0.5, 1.0]"}
    assert admin_client.post(reverse(ADD), given).status_code == 302
    assert TrainingRun.objects.get().overrides == {"optimiser.clip": 1.5, "data.gain": [0.5, 1.0]}


def test_a_value_out_of_range_is_refused_in_the_words_of_the_recipe(admin_client, songs):
    answer = admin_client.post(reverse(ADD), typed(data=str(songs / "a")) | {"key:data.remix": "1.5"})
    assert "data.remix" in refusals(answer)
    assert not TrainingRun.objects.exists()


def test_keys_of_another_recipe_are_no_changes_to_the_chosen_one(admin_client, songs):
    admin_client.post(reverse(ADD), typed("gan", data=str(songs / "a")) | {"recipe": "tiny"})
    assert TrainingRun.objects.get().overrides == {}


def test_a_clone_brings_the_changes_of_the_first(admin_client, songs):
    first = TrainingRun.objects.create(name="one", recipe="tiny", data=str(songs / "a"), overrides={"batch": 7})
    page = admin_client.get(reverse("admin:listening_trainingrun_change", args=[first.pk]))
    form = admin_client.get(page.context["clone"]).content.decode()
    assert 'name="key:batch" value="7"' in form
    assert f'<option value="{songs / "a"}" selected>' in form


def test_the_cost_is_what_a_training_by_the_same_recipe_took(songs):
    recipe = config.load("tiny", {"steps": 4000})
    assert estimate("tiny", recipe, TrainingRun.objects.all()).time == "unknown"
    run = TrainingRun.objects.create(name="one", recipe="tiny", data=str(songs / "a"))
    write_metrics(run.folder, 3)
    found = estimate("tiny", recipe, TrainingRun.objects.all())
    assert (found.time, found.measured) == ("17 minutes", run)
    assert estimate("gan", recipe, TrainingRun.objects.all()).measured is None


def test_every_key_of_every_recipe_is_read_back_as_it_stands():
    for name in config.recipes():
        recipe = config.load(name)
        given = {each.field: each.text for each in recipes.inputs(recipe)}
        assert recipes.typed(given, recipe) == {}


def test_the_pieces_of_the_form_are_for_those_who_may_start_trainings(client):
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_trainingrun"))
    client.force_login(looker)
    for piece in ("recipe", "cost"):
        assert client.get(reverse(f"admin:listening_trainingrun_{piece}")).status_code == 403
