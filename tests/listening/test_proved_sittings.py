"""What a researcher is told of the sound: proved, not proved or refused, in lists, pages, tables and the API."""

import importlib
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse

from listening import proof, tasks
from listening.exports import events as event_export
from listening.exports import ratings as export
from listening.exports import replies
from listening.models import Assessor, Objective, RatingSet, Session, Study, Trial
from listening.participant.sounds import hidden_sounds, open_sounds
from tests import builders
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path) -> Study:
    made = builders.study(tmp_path, attributes=("quality",), replicates=0)
    made.open()
    return made


def sit(client, session: Session, *, proved: bool) -> None:
    """See the first page, prove its sounds or not, hear and rate them."""
    client.get(session.get_absolute_url())
    trial = session.trials.first()
    if proved:
        prove(client, trial)
    builders.hear(client, trial)
    for slot in trial.slots.all():
        slot.answer(50, order=1, key=uuid.uuid4())


def prove(client, trial: Trial) -> None:
    builders.tell(client, trial, {"kind": "proved", "value": len(hidden_sounds(trial) + open_sounds(trial))})


def refuse(client, trial: Trial, token: str, reason: int = 1) -> None:
    builders.tell(client, trial, {"kind": "fault", "sound": token, "value": reason})


def counted(session: Session) -> Any:
    return proof.with_proof(Session.objects.filter(pk=session.pk)).get()


def admin_page(admin_client, name: str, *args, **query) -> str:
    return admin_client.get(reverse(f"admin:listening_{name}", args=args, query=query)).content.decode()


def test_a_sitting_is_proved_when_every_page_that_was_rated_is(client, study):
    session = builders.sitting(study)
    assert proof.sound_verdict(counted(session)) == ""
    client.get(session.get_absolute_url())
    assert proof.sound_verdict(counted(session)) == ""
    sit(client, session, proved=False)
    assert proof.sound_verdict(counted(session)) == "not proved"
    prove(client, session.trials.first())
    assert proof.sound_verdict(counted(session)) == "proved"


def test_simulated_sittings_are_neither_proved_nor_not(tmp_path):
    study = voices(tmp_path)
    tasks.simulate(study, 1, seed=1)
    assert proof.sound_verdict(counted(study.sessions.get())) == ""
    assert proof.sittings(study.sessions.all()) == proof.UnprovedSittings(0, 0)


def test_a_refused_sound_is_told_with_its_condition_item_time_and_reason(client, study):
    session = builders.sitting(study)
    trial = session.trials.first()
    [reference], [first, *_] = open_sounds(trial), hidden_sounds(trial)
    refuse(client, trial, first.token)
    refuse(client, trial, reference.token, 2)
    one, other = proof.refusals(session)
    assert (one.condition, one.sound) == (trial.slots.first().stimulus.condition.name, "stimulus")
    assert (one.trial, one.item, one.attribute) == (0, trial.item.name, "quality")
    assert (other.condition, other.sound) == (None, "open 0")
    assert (one.reason, other.reason) == (proof.REFUSAL_REASONS[1], proof.REFUSAL_REASONS[2])
    assert one.at.year == 2026
    assert counted(session).refused == 2


def test_the_list_and_the_page_of_sessions_say_how_the_sound_stands(client, admin_client, study):
    good, poor, fresh = builders.sitting(study), builders.sitting(study), builders.sitting(study)
    sit(client, good, proved=True)
    sit(client, poor, proved=False)
    trial = poor.trials.first()
    refuse(client, trial, trial.slots.first().token)
    every = admin_page(admin_client, "session_changelist")
    assert every.count('hb-done">sound proved') == 1
    assert every.count('hb-failed">sound not proved') == 1
    assert every.count("1 sound refused") == 1
    for how, session in {"proved": good, "unproved": poor, "refused": poor}.items():
        own = admin_page(admin_client, "session_changelist", sound=how)
        assert [str(each) in own for each in (good, poor, fresh)] == [each == session for each in (good, poor, fresh)]
    own = admin_page(admin_client, "session_change", poor.pk)
    assert own.count('hb-failed">sound not proved') == 2, "of the session, and of its page"
    assert proof.REFUSAL_REASONS[1] in own
    assert f"<td>{trial.item.name}</td><td>{trial.slots.first().stimulus.condition.name}</td>" in own
    assert proof.REFUSAL_REASONS[1] not in admin_page(admin_client, "session_change", good.pk)


def test_the_page_of_a_session_shows_for_how_long_each_stimulus_was_heard_and_marks_what_was_not(
    client, admin_client, study
):
    session = builders.sitting(study)
    trial = session.trials.first()
    first, second, *_ = trial.slots.select_related("stimulus__condition")
    builders.hear(client, trial, [first.token])
    builders.hear(client, trial, [second.token], until=0.2)
    session.trials.filter(pk=trial.pk).update(seconds=4.083674)
    own = admin_page(admin_client, "session_change", session.pk)
    assert f"1 · {first.stimulus.condition.name}: 0.5 s </span>" in own
    assert f'2 · {second.stimulus.condition.name}: 0.2 s <span class="hb-badge hb-failed">not heard</span>' in own
    assert own.count("not heard</span>") == 3
    assert "4.1" in own
    assert "4.083674" not in own
    assert "0.5 s" not in admin_page(admin_client, "session_change", builders.sitting(study).pk)


def test_as_many_questions_are_asked_for_a_list_of_many_sessions_as_for_one(
    client, admin_client, study, django_assert_max_num_queries
):
    sit(client, builders.sitting(study), proved=True)
    with django_assert_max_num_queries(30) as asked:
        admin_page(admin_client, "session_changelist")
    one = len(asked)
    for _ in range(4):
        sit(client, builders.sitting(study), proved=True)
    with django_assert_max_num_queries(one):
        admin_page(admin_client, "session_changelist")


def test_the_results_say_in_how_many_sittings_the_sound_is_not_proved_or_was_refused(client, admin_client, study):
    for proved in (True, False, False):
        sit(client, session := builders.sitting(study), proved=proved)
    assert "2 sessions have ratings whose sound was not proved." in admin_page(admin_client, "study_results", study.pk)
    refuse(client, session.trials.first(), session.trials.first().slots.first().token)
    assert "In 1 session a sound was refused." in admin_page(admin_client, "study_results", study.pk)
    Trial.objects.update(proved=True)
    study.sessions.update(declined_at=session.created_at)
    assert "hb-sound" not in admin_page(admin_client, "study_results", study.pk)


def test_replies_and_events_tell_it_too(client, study, tmp_path):
    session = builders.sitting(study)
    sit(client, session, proved=False)
    trial = session.trials.first()
    token = trial.slots.first().token
    refuse(client, trial, token)
    verdict, refusal = [row for row in replies.rows(study) if row["place"] == "sound"]
    assert (verdict["question"], verdict["value"]) == ("proved", "not proved")
    assert verdict["text"] == "0 of 1 rated pages have their sound proved"
    condition = trial.slots.first().stimulus.condition.name
    assert (refusal["question"], refusal["value"]) == ("refused", condition)
    assert trial.item.name in refusal["text"]
    assert proof.REFUSAL_REASONS[1] in refusal["text"]
    fault = next(row for row in event_export.rows(study) if row["event"] == "fault")
    assert (fault["condition"], fault["item"], fault["value"]) == (condition, trial.item.name, 1.0)
    call_command("export_replies", study.slug, output=tmp_path / "replies.csv")
    assert "sound,proved,check" in (tmp_path / "replies.csv").read_text()


def test_the_api_tells_it_of_every_sitting_and_rating(client, study):
    cache.clear()
    session = builders.sitting(study)
    sit(client, session, proved=True)
    refuse(client, session.trials.first(), open_sounds(session.trials.first())[0].token, 2)
    builders.sitting(study)
    client.force_login(User.objects.create_superuser("researcher"))
    first, second = client.get(f"/api/v1/studies/{study.slug}/sessions").json()
    assert (first["session"], first["assessor"], first["sound"]) == (0, session.assessor.code, "proved")
    assert (first["pages_proved"], first["pages_unproved"]) == (1, 0)
    [refused] = first["refused"]
    assert (refused["condition"], refused["sound"], refused["reason"]) == (None, "open 0", proof.REFUSAL_REASONS[2])
    assert (second["sound"], second["refused"]) == ("", [])
    ratings = client.get(f"/api/v1/studies/{study.slug}/ratings").json()["items"]
    assert {(row["heard"], row["proved"]) for row in ratings} == {(0.5, True)}
    assert ratings == list(export.rows(study))


def test_a_fit_leaves_out_what_is_not_proved_only_where_that_is_ticked(admin_client, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks.fit, "delay", lambda pk: None)
    study = voices(tmp_path)
    rate(study, assessors=2)[0].trials.update(proved=False)
    frozen = export.freeze(study)
    address = reverse("admin:listening_objective_add")
    page = admin_client.get(address).content.decode()
    assert f"{frozen.unproved} in {frozen}" in page
    assert 'name="proved_only"' in page
    assert "checked" not in page
    given = {"name": "all", "ratings": [frozen.pk], "recipe": "compact", "seed": 5}
    assert admin_client.post(address, given).status_code == 302
    assert Objective.objects.get(name="all").ratings.get() == frozen
    assert admin_client.post(address, given | {"name": "some", "proved_only": "on"}).status_code == 302
    only = Objective.objects.get(name="some").ratings.get()
    assert only == export.freeze(study, proved_only=True)
    assert (only.rows, only.unproved) == (frozen.rows - frozen.unproved, 0)
    assert (
        'name="proved_only"'
        not in admin_client.get(
            reverse("admin:listening_objective_change", args=[Objective.objects.get(name="some").pk])
        ).content.decode()
    )


def test_a_fit_of_nothing_but_what_is_not_proved_is_not_started(admin_client, tmp_path):
    study = voices(tmp_path)
    for session in rate(study, assessors=2):
        session.trials.update(proved=False)
    given = {"name": "none", "ratings": [export.freeze(study).pk], "recipe": "compact", "seed": 5, "proved_only": "on"}
    answer = admin_client.post(reverse("admin:listening_objective_add"), given)
    assert "include ratings whose sound is not proved" in answer.content.decode()
    assert not Objective.objects.exists()


def test_the_command_that_fits_leaves_them_out_on_demand(tmp_path, monkeypatch):
    monkeypatch.setattr(tasks.fit, "delay", lambda pk: None)
    study = voices(tmp_path)
    rate(study, assessors=2)[0].trials.update(proved=False)
    call_command("fit_objective", study.slug, name="all", queue=True)
    call_command("fit_objective", study.slug, name="some", queue=True, proved_only=True)
    rows = {each.name: each.ratings.get().rows for each in Objective.objects.all()}
    assert rows["some"] == rows["all"] // 2


def test_what_was_begun_by_people_here_before_is_marked_not_proved_and_nothing_else(tmp_path):
    migration = importlib.import_module("listening.migrations.0003_what_was_before")
    study = voices(tmp_path)
    begun, fresh = (Session.objects.begin(study, Assessor.objects.create()) for _ in range(2))
    rated, machine = rate(study, assessors=1)[0], rate(study, assessors=1, simulated=True)[0]
    (tmp_path / "elsewhere").mkdir()
    imported = rate(voices(tmp_path / "elsewhere", slug="elsewhere", source="a paper"), assessors=1)[0]
    for session in (begun, rated, machine, imported):
        session.trials.update(started_at=session.created_at)
    sets = [export.freeze(session.study) for session in (rated, imported)]
    migration.mark(apps, None)
    marks = {session.pk: set(session.trials.values_list("proved", flat=True)) for session in Session.objects.all()}
    expected = {begun: {False}, rated: {False}, fresh: {None}, machine: {None}, imported: {None}}
    assert marks == {session.pk: mark for session, mark in expected.items()}
    own, foreign = (RatingSet.objects.get(pk=each.pk) for each in sets)
    assert (own.unproved, foreign.unproved) == (own.rows - own.simulated, 0)
