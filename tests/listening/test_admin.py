"""A researcher sees everything, starts runs by adding rows, steers them, and can alter no answer."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from listening import tasks
from listening.exports import ratings as export
from listening.models import Audio, Checkpoint, Objective, Rating, RatingSet, Rendering, Session, Study, TrainingRun
from lossmodel import audio
from tests import builders
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db

LISTS = [
    "assessor", "audio", "checkpoint", "item", "objective", "rating", "ratingset", "rendering", "session", "stimulus",
    "study", "trainingrun",
]  # fmt: skip
STARTED = ("objective", "rendering", "trainingrun", "study")


@pytest.fixture
def world(tmp_path, client):
    """Return a study with ratings of people and machines, and a row of every kind; the client is a researcher's."""
    client.force_login(User.objects.create_superuser("researcher"))
    study = voices(tmp_path)
    rate(study, assessors=2)
    rate(study, assessors=2, simulated=True)
    objective = Objective.objects.create(name="first", recipe="compact")
    objective.ratings.set([export.freeze(study)])
    training = TrainingRun.objects.create(name="second", recipe="tiny", data="/songs", objective=objective)
    checkpoint = Checkpoint.objects.create(run=training, step=10, path="x", sha256="a" * 64, card={"bandwidth": 5512})
    Rendering.objects.create(checkpoint=checkpoint, study=study, condition="new", slug="next")
    return study


@pytest.fixture
def sent(monkeypatch):
    """Return the list of (task, pk) that workers are woken for."""
    woken = []
    for name in ("fit", "train", "render"):
        monkeypatch.setattr(getattr(tasks, name), "delay", lambda pk, name=name: woken.append((name, pk)))
    return woken


def url(model: str, page: str = "changelist", *args) -> str:
    return reverse(f"admin:listening_{model}_{page}", args=args)


def page(client, address: str) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == 200, address
    return response.content.decode()


def act(client, model: str, action: str, *rows) -> str:
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(url(model), chosen, follow=True).content.decode()


@pytest.mark.parametrize("model", LISTS)
def test_every_list_and_page_opens(world, client, model):
    page(client, url(model))
    rows = {kind._meta.model_name: kind for kind in _models()}[model].objects.all()
    assert rows
    page(client, url(model, "change", rows[0].pk))


@pytest.mark.parametrize("model", STARTED)
def test_every_form_to_add_a_row_opens(world, client, model):
    page(client, url(model, "add"))


@pytest.mark.parametrize("model", LISTS)
def test_no_page_has_scripts_or_styles_that_the_content_policy_forbids(world, client, model):
    row = {kind._meta.model_name: kind for kind in _models()}[model].objects.first()
    for html in (page(client, url(model)), page(client, url(model, "change", row.pk))):
        assert " style=" not in html
        assert "<style" not in html
        scripts = re.findall(r"<script([^>]*)>", html)
        assert all("src=" in script or "application/json" in script for script in scripts)


def test_adding_an_objective_starts_its_fit(world, client, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        given = {"name": "fresh", "ratings": [RatingSet.objects.get().pk], "recipe": "compact", "seed": 5}
        assert client.post(url("objective", "add"), given).status_code == 302
    made = Objective.objects.get(name="fresh")
    assert (made.status, list(made.ratings.all())) == ("queued", [RatingSet.objects.get()])
    assert sent == [("fit", made.pk)]


def test_adding_a_training_starts_it(world, client, sent, settings, tmp_path, django_capture_on_commit_callbacks):
    audio.write(tmp_path / "songs" / "one" / "vocals.wav", builders.tone())
    settings.TRAINING_DATA_ROOTS = [tmp_path / "songs"]
    Objective.objects.update(status="done")
    with django_capture_on_commit_callbacks(execute=True):
        given = {
            "name": "fresh",
            "recipe": "tiny",
            "data": str(tmp_path / "songs"),
            "objective": Objective.objects.get().pk,
            "seed": 5,
        }
        assert client.post(url("trainingrun", "add"), given).status_code == 302
    assert sent == [("train", TrainingRun.objects.get(name="fresh").pk)]


def test_adding_a_rendering_starts_it(world, client, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        given = {"checkpoint": Checkpoint.objects.get().pk, "study": world.pk, "condition": "newer", "slug": "newer"}
        assert client.post(url("rendering", "add"), given).status_code == 302
    assert sent == [("render", Rendering.objects.get(slug="newer").pk)]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"slug": "voices"}, "A study with this name already exists"),
        ({"condition": "good"}, "already has a condition with this name"),
    ],
)
def test_a_rendering_that_cannot_end_well_is_not_started(world, client, sent, changed, complaint):
    own = {"checkpoint": Checkpoint.objects.get().pk, "study": world.pk, "condition": "newer", "slug": "newer"}
    answer = client.post(url("rendering", "add"), own | changed)
    assert complaint in answer.content.decode()
    assert sent == []


def test_an_unfitted_objective_is_not_offered_to_a_training(world, client):
    assert "first (objective" not in page(client, url("trainingrun", "add"))
    Objective.objects.update(status="done")
    assert "first (objective" in page(client, url("trainingrun", "add"))


def test_a_broker_that_is_down_loses_no_row(world, client, monkeypatch, django_capture_on_commit_callbacks):
    def refuse(pk):
        raise ConnectionError("broker is down")

    monkeypatch.setattr(tasks.fit, "delay", refuse)
    given = {"name": "fresh", "ratings": [RatingSet.objects.get().pk], "recipe": "compact", "seed": 5}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(url("objective", "add"), given).status_code == 302
    assert Objective.objects.get(name="fresh").status == "queued"


def test_a_run_is_cancelled_and_resumed_by_the_buttons_of_its_page(
    world, client, sent, django_capture_on_commit_callbacks
):
    run = TrainingRun.objects.get()
    address = url("trainingrun", "change", run.pk)
    assert "Cancel this run" in page(client, address)
    client.post(address, {"_cancel": "1"})
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert 'name="_resume"' in page(client, address)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address, {"_resume": "1"})
    run.refresh_from_db()
    assert run.status == "queued"
    assert sent == [("train", run.pk)]


def test_a_run_cannot_be_edited_on_its_page(world, client):
    run = TrainingRun.objects.get()
    client.post(url("trainingrun", "change", run.pk), {"name": "forged", "data": "/elsewhere", "objective": ""})
    again = TrainingRun.objects.get()
    assert (again.name, again.data, again.objective) == (run.name, run.data, run.objective)


def test_actions_say_how_many_runs_they_moved(world, client):
    done = TrainingRun.objects.create(name="done", recipe="tiny", data="/songs")
    TrainingRun.objects.filter(pk=done.pk).update(status="done")
    answer = act(client, "trainingrun", "cancel", *TrainingRun.objects.all())
    assert "1 run cancelled." in answer
    assert "This was not possible for 1 run in its current state." in answer


def test_the_piece_of_page_that_refreshes_itself_tells_how_far_a_run_is(world, client):
    run = TrainingRun.objects.get()
    run.claim()
    run.beat(30, 120)
    piece = page(client, url("trainingrun", "progress", run.pk))
    assert "30 / 120" in piece
    assert 'value="0.2500"' in piece
    assert " live" in piece
    run.cancel()
    assert " live" not in page(client, url("trainingrun", "progress", run.pk))


def test_the_page_of_a_run_prints_everything_it_was_made_from(world, client):
    html = page(client, url("rendering", "change", Rendering.objects.get().pk))
    for row in (Checkpoint.objects.get(), TrainingRun.objects.get(), Objective.objects.get(), RatingSet.objects.get()):
        assert f">{row}</a>" in html


def test_a_failed_run_says_why(world, client):
    run = TrainingRun.objects.get()
    run.claim()
    run.fail("/songs: no vocals.wav in <song 1>")
    assert "/songs: no vocals.wav in &lt;song 1&gt;" in page(client, url("trainingrun", "change", run.pk))


@pytest.mark.parametrize("model", ["rating", "assessor", "ratingset", "checkpoint", "audio", "stimulus"])
def test_what_people_answered_and_machines_filed_cannot_be_changed_by_hand(world, client, model):
    row = {kind._meta.model_name: kind for kind in _models()}[model].objects.first()
    assert client.get(url(model, "add")).status_code == 403
    assert client.post(url(model, "change", row.pk), {"score": 1}).status_code == 403
    assert client.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_of_a_session_only_whether_it_was_a_pilot_can_be_changed(world, client):
    row = Session.objects.first()
    before = Session.objects.filter(pk=row.pk).values().get()
    assert client.get(url("session", "add")).status_code == 403
    assert client.post(url("session", "delete", row.pk), {"post": "yes"}).status_code == 403
    assert 'name="pilot"' in page(client, url("session", "change", row.pk))
    forged = {"pilot": "on", "seed": 1, "cell": 9, "comment": "forged", "finished_at_0": "2020-01-01"}
    below = {
        f"{rows}-{sum_}_FORMS": 0
        for rows in ("checks", "comprehensions", "replies", "trials")
        for sum_ in ("TOTAL", "INITIAL")
    }
    assert client.post(url("session", "change", row.pk), forged | below).status_code == 302
    assert Session.objects.filter(pk=row.pk).values().get() == before | {"pilot": True}


def test_pilots_are_marked_in_the_list_of_sessions(world, client):
    assert 'name="form-0-pilot"' in page(client, url("session"))
    rows = list(Session.objects.order_by("-pk"))
    listed = {f"form-{place}-id": row.pk for place, row in enumerate(rows)}
    sums = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
    client.post(url("session"), listed | sums | {"form-0-pilot": "on"})
    assert [row.pilot for row in Session.objects.order_by("-pk")] == [True, *[False] * (len(rows) - 1)]


def test_how_long_a_place_is_held_is_said_on_the_studys_page_even_once_it_is_open(world, client):
    html = page(client, url("study", "design", world.pk))
    assert 'name="hold_minutes"' in html
    assert "goes to the next assessor" in html


def test_studies_are_opened_closed_and_archived_from_the_list(world, client):
    Study.objects.update(responsible="Dr. Ada Rose", institution="Northfield", contact="ada@northfield.example")
    for action, status in (("close", "closed"), ("open", "open"), ("close", "closed"), ("archive", "archived")):
        act(client, "study", action, world)
        world.refresh_from_db()
        assert world.status == status


def test_a_study_without_anything_to_rate_is_not_opened(world, client):
    empty = Study.objects.create(slug="empty", title="Empty", preset="ward-2")
    assert "Empty has nothing to rate yet." in act(client, "study", "open", empty)
    empty.refresh_from_db()
    assert empty.status == "draft"


def test_a_new_study_is_made_from_a_test_method(world, client):
    given = {"slug": "fresh", "title": "Fresh", "preset": "ward-2", "rate": 44100, "loudness": ""}
    assert client.post(url("study", "add"), given).status_code == 302
    fresh = Study.objects.get(slug="fresh")
    assert list(fresh.attributes.values_list("key", flat=True)) == ["quality", "interference"]
    assert fresh.instructions
    assert fresh.loudness is None


def test_the_texts_of_a_study_can_be_edited_but_not_the_plan_of_an_open_one(world, client):
    html = page(client, url("study", "questions", world.pk))
    assert 'name="instructions"' in html
    inlines = re.findall(r'name="(\w+-(?:TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS)" value="(\d+)"', html)
    given = dict(inlines) | {"title": "Better", "instructions": "Listen.", "consent_version": "1"}
    assert client.post(url("study", "questions", world.pk), given).status_code == 302
    assert 'name="seed"' not in page(client, url("study", "design", world.pk))
    assert client.post(url("study", "design", world.pk), {"hold_minutes": "45", "seed": 999}).status_code == 302
    seed = world.seed
    world.refresh_from_db()
    assert (world.title, world.instructions, world.seed, world.hold_minutes) == ("Better", "Listen.", seed, 45)


def test_ratings_are_frozen_from_the_list(world, client):
    rate(world, assessors=1)
    assert "is frozen" in act(client, "study", "freeze", world)
    assert world.rating_sets.count() == 2


def test_the_frozen_file_is_sent_as_it_was_frozen(world, client):
    frozen = RatingSet.objects.get()
    answer = client.get(url("ratingset", "file", frozen.pk))
    assert b"".join(answer.streaming_content) == frozen.path.read_bytes()


def test_the_downloaded_table_is_the_exported_one(world, client, tmp_path):
    file = tmp_path / "ratings.csv"
    with file.open("w", newline="") as out:
        export.write_csv(world, out)
    answer = client.get(url("study", "ratings", world.pk))
    assert b"".join(answer.streaming_content) == file.read_bytes()
    both = client.post(url("study"), {"action": "download", "_selected_action": [world.pk]})
    assert b"".join(both.streaming_content) == file.read_bytes()


def test_results_keep_people_and_simulated_assessors_apart(world, client):
    html = page(client, url("study", "results", world.pk))
    assert html.count("<h2>Quality</h2>") == 1
    assert html.count('<h2>Quality <span class="hb-badge hb-simulated">simulated</span></h2>') == 1


def test_what_comes_of_simulated_ratings_is_marked_wherever_it_is_named(world, client):
    mark = "64 ratings, 32 simulated"
    for address in (url("objective"), url("objective", "add"), url("rendering", "change", Rendering.objects.get().pk)):
        assert mark in page(client, address)


def test_what_was_noticed_about_a_sound_stands_on_its_items_page_in_the_list_and_on_the_studys_page(world, client):
    item = world.items.first()
    note = "good: silent (peak -92 dBFS)"
    assert "silent" not in page(client, url("study", "sounds", world.pk))
    world.items.filter(pk=item.pk).update(note=note)
    for address in (url("item"), url("item", "change", item.pk), url("study", "sounds", world.pk)):
        assert note in page(client, address)
    noted = page(client, url("item") + f"?study__id__exact={world.pk}&note__isempty=0")
    assert [each.name for each in world.items.all() if each.name in noted] == [item.name]


def test_a_silent_stimulus_is_called_silent_where_its_loudness_would_stand(world, client):
    address = url("stimulus") + f"?item__study__id__exact={world.pk}"
    assert ">silent<" not in page(client, address)
    Audio.objects.filter(pk=world.items.first().stimuli.first().audio_id).update(peak=0.0, loudness=None)
    assert page(client, address).count(">silent<") == 1


def test_staff_hear_a_stimulus(world, client):
    answer = client.get(url("audio", "play", world.items.first().mixture.pk))
    assert answer["Content-Type"] == "audio/flac"
    assert b"".join(answer.streaming_content)[:4] == b"fLaC"


@pytest.mark.parametrize("address", ["/admin/listening/study/", "/admin/listening/audio/1/play/"])
def test_nobody_else_sees_anything(world, client, address):
    client.logout()
    assert client.get(address).status_code == 302


def test_staff_without_permission_see_nothing_either(world, client):
    client.force_login(User.objects.create_user("guest", is_staff=True))
    mixture, frozen = world.items.first().mixture, RatingSet.objects.get()
    for address in (
        url("study", "results", world.pk), url("study", "ratings", world.pk), url("audio", "play", mixture.pk),
        url("ratingset", "file", frozen.pk), url("trainingrun", "progress", TrainingRun.objects.get().pk),
    ):  # fmt: skip
        assert client.get(address).status_code in {403, 404}, address


def test_who_may_only_look_finds_no_buttons(world, client):
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(looker)
    run = TrainingRun.objects.get()
    assert "Cancel this run" not in page(client, url("trainingrun", "change", run.pk))
    assert client.post(url("trainingrun", "change", run.pk), {"_cancel": "1"}).status_code == 403
    run.refresh_from_db()
    assert run.status == "queued"


def test_lists_take_the_same_number_of_queries_however_long_they_are(world, client, django_assert_max_num_queries):
    for model in ("session", "rating", "stimulus", "item"):
        with django_assert_max_num_queries(14):
            page(client, url(model))
    assert Rating.objects.count() > 50
    assert Session.objects.count() == 4


def _models():
    from django.apps import apps

    return apps.get_app_config("listening").get_models()
