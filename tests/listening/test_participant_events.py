"""What a browser tells of a trial's page: stored once, refused when it is no such thing, and what it is used for."""

import json
import re
import uuid
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from pyarrow import parquet

from listening.exports import events as event_export
from listening.models import Assessor, Event, Session, Study
from listening.participant import modules
from listening.participant.sounds import addresses_ahead, hidden_sounds, open_sounds
from listening.participant.trial_page import trial_page
from tests import builders

pytestmark = pytest.mark.django_db
CLIENT = {"engine": "worklet", "exact": True, "rate": 44100, "latency": 0.02, "counted": "browser"}
LOAD = "8a0c7f66-8f7e-4a53-a6a3-3c4a4ee2f7e1"


@pytest.fixture
def session(tmp_path) -> Session:
    study = builders.study(tmp_path, replicates=0)
    study.open()
    made = Session.objects.begin(study, Assessor.objects.create())
    made.consent()
    made.instruct()
    return made


def event(order: int = 1, **changes) -> dict:
    return {"kind": "play", "order": order, "at": 1_790_000_000_000 + order, "frame": 4410 * order, **changes}


def heard(order: int, sound: str, value: float | None, until: float | None) -> dict:
    return event(order, kind="heard", sound=sound, value=value, until=until)


def send(http, session: Session, *events: dict, **changes):
    body = {"load": LOAD, "trial": 0, "client": CLIENT, "events": list(events), **changes}
    address = reverse("participant:events", args=[session.token])
    return http.post(address, json.dumps(body), content_type="application/json")


def test_a_batch_is_stored_with_its_sounds_frames_and_browser(client, session):
    trial = session.trials.first()
    [hidden, *_], [reference, *_] = hidden_sounds(trial), open_sounds(trial)
    batch = [
        event(1, sound=reference.token, value=0.0),
        event(2, kind="switch", sound=hidden.token, value=0.35),
        event(3, kind="loop", value=0.1, until=0.45),
    ]
    assert send(client, session, *batch).json() == {"saved": 3}
    first, second, third = Event.objects.filter(trial=trial)
    assert (first.place, first.slot, first.frame) == (0, None, 4410)
    assert (second.place, second.slot.token, second.value) == (None, hidden.token, 0.35)
    assert (third.slot, third.place, third.until) == (None, None, 0.45)
    session.refresh_from_db()
    assert session.client["engine"] == "worklet"
    assert session.client["glitches"] == 0


def test_a_batch_that_comes_twice_or_overlaps_another_leaves_each_event_once(client, session):
    for orders in [(1, 2), (1, 2), (2, 3)]:
        assert send(client, session, *(event(order) for order in orders)).status_code == 200
    assert list(Event.objects.values_list("order", flat=True)) == [1, 2, 3]
    send(client, session, event(1), load=str(uuid.uuid4()))
    assert Event.objects.count() == 4


def test_glitches_are_counted_over_all_loadings_of_all_pages_and_never_twice(client, session):
    for _ in range(2):
        send(client, session, event(1, kind="glitch", value=2))
    send(client, session, event(1, kind="glitch", value=1), trial=1)
    session.refresh_from_db()
    assert session.client["glitches"] == 3


def test_what_was_heard_is_still_heard_after_a_reload(client, session):
    trial = session.trials.first()
    tokens = [sound.token for sound in hidden_sounds(trial)]
    [reference] = open_sounds(trial)
    send(client, session, heard(1, tokens[0], 0.0, 0.3), heard(2, tokens[0], 0.3, 0.5), heard(3, tokens[0], 0.0, 0.2))
    send(client, session, event(4, kind="whole", sound=tokens[0]), heard(5, reference.token, 0.1, 0.35))
    send(client, session, event(6, sound=tokens[1]), event(7, kind="rate", sound=tokens[2], value=50))
    told = trial_page(trial).settings["heard"]
    assert told.keys() == {tokens[0], reference.token}
    assert told[tokens[0]] == {"seconds": pytest.approx(0.7), "whole": True}
    assert told[reference.token] == {"seconds": pytest.approx(0.25), "whole": False}


@pytest.mark.parametrize(
    ("value", "until"), [(-0.1, 0.2), (0.2, 0.2), (0.3, 0.2), (0.0, 0.56), (0.6, 0.8), (None, 0.2), (0.1, None)]
)
def test_a_stretch_that_a_sound_does_not_have_is_refused_in_one_line(client, session, value, until):
    token = hidden_sounds(session.trials.first())[0].token
    refused = send(client, session, event(1), heard(2, token, value, until))
    assert refused.status_code == 400
    assert refused.json()["error"] == f"heard: from {value} to {until} s is no stretch of a sound of 0.500 s"
    assert not Event.objects.exists()
    assert send(client, session, heard(1, token, 0.0, 0.54)).status_code == 200


def test_what_was_heard_is_of_some_sound(client, session):
    assert send(client, session, event(1, kind="heard", value=0.0, until=0.2)).status_code == 400


def test_a_page_is_proved_when_its_browser_proved_every_sound_of_it_and_stays_so(client, session):
    trial, other = session.trials.all()[:2]
    assert trial.proved is None
    client.get(session.get_absolute_url())
    sounds = len(hidden_sounds(trial) + open_sounds(trial))
    send(client, session, event(1, kind="proved", value=sounds - 1))
    trial.refresh_from_db()
    assert trial.proved is False
    send(client, session, event(2, kind="proved", value=sounds))
    client.get(session.get_absolute_url())
    trial.refresh_from_db()
    other.refresh_from_db()
    assert (trial.proved, other.proved) == (True, None)


def test_looking_at_the_page_of_a_simulated_or_imported_sitting_does_not_say_that_it_was_played(session):
    trial = session.trials.first()
    Study.objects.update(source="elsewhere")
    trial.start()
    Study.objects.update(source="")
    Assessor.objects.update(simulated=True)
    trial.start()
    trial.refresh_from_db()
    assert trial.proved is None
    Assessor.objects.update(simulated=False)
    trial.start()
    trial.refresh_from_db()
    assert trial.proved is False


@pytest.mark.parametrize(("value", "status"), [(1, 200), (2, 200), (3, 400), (0, 400), (None, 400)])
def test_a_sound_is_refused_for_one_of_two_reasons(client, session, value, status):
    token = hidden_sounds(session.trials.first())[0].token
    assert send(client, session, event(1, kind="fault", sound=token, value=value)).status_code == status
    assert send(client, session, event(2, kind="fault", value=value)).status_code == 400
    assert Event.objects.filter(kind="fault").count() == (status == 200)


def test_the_sounds_of_the_next_open_trial_are_named_ahead_and_those_of_the_last_have_none(session):
    first, *_between, last = session.trials.all()
    following = session.trials.get(position=1)
    tokens = [sound.token for sound in open_sounds(following) + hidden_sounds(following)]
    assert [address.split("/")[-1] for address in addresses_ahead(first)] == tokens
    assert addresses_ahead(last) == []


def test_events_of_an_ended_session_are_taken_but_not_of_a_declined_one(client, session):
    Session.objects.filter(pk=session.pk).update(finished_at=session.created_at)
    assert send(client, session, event(1)).status_code == 200
    Session.objects.filter(pk=session.pk).update(finished_at=None, declined_at=session.created_at)
    assert send(client, session, event(2)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"events": [event(kind="dance")]}, 400, "events.0.kind"),
        ({"events": [event(frame=-1)]}, 400, "events.0.frame"),
        ({"events": [event(value="NaN")]}, 400, "events.0.value"),
        ({"events": [event(sound="../../etc")]}, 400, "events.0.sound"),
        ({"events": [event(sound="nobody")]}, 404, "sound"),
        ({"trial": 99}, 404, "trial"),
        ({"load": "x"}, 400, "load"),
        ({"client": CLIENT | {"engine": "gramophone"}}, 400, "client.engine"),
        ({"events": [event(n) for n in range(501)]}, 400, "events"),
        ({"condition": "anchor"}, 400, "condition"),
    ],
)
def test_what_is_no_batch_is_refused_with_one_clear_line(client, session, changes, status, says):
    response = send(client, session, event(), **changes)
    assert response.status_code == status
    assert response.json()["error"].startswith(says)
    assert not Event.objects.exists()


def test_a_body_that_is_too_long_or_no_json_is_refused(client, session):
    address = reverse("participant:events", args=[session.token])
    assert client.post(address, "{", content_type="application/json").status_code == 400
    assert client.post(address, "x" * 70_000, content_type="application/json").status_code == 413
    unknown = reverse("participant:events", args=["nobody"])
    assert client.post(unknown, "{}", content_type="application/json").status_code == 404


def test_a_sound_of_another_session_is_none_of_this_ones(client, session):
    other = Session.objects.begin(session.study, Assessor.objects.create())
    [foreign, *_] = hidden_sounds(other.trials.first())
    assert send(client, session, event(sound=foreign.token)).status_code == 404


def test_a_trial_holds_so_many_events_and_no_more(client, session, monkeypatch):
    monkeypatch.setattr("listening.participant.event_log.MAX_EVENTS_OF_A_TRIAL", 2)
    assert send(client, session, event(1), event(2)).status_code == 200
    assert send(client, session, event(3)).status_code == 409


def test_the_tidy_table_tells_which_condition_was_heard_when(client, session):
    trial = session.trials.first()
    [hidden, *_], [reference, *_] = hidden_sounds(trial), open_sounds(trial)
    send(client, session, event(1, sound=reference.token), event(2, kind="rate", sound=hidden.token, value=61.5))
    first, second = event_export.rows(session.study)
    assert list(first) == list(event_export.FIELDS)
    assert (first["sound"], first["condition"], first["event"]) == ("open 0", None, "play")
    condition = trial.slots.get(token=hidden.token).stimulus.condition.name
    assert (second["sound"], second["condition"], second["value"]) == ("stimulus", condition, 61.5)
    assert second["at"].startswith("20")


def test_the_researcher_downloads_the_events_of_a_study_by_page_and_by_command(client, admin_client, session, tmp_path):
    send(client, session, event(1), event(2, kind="pause", value=0.2))
    study = session.study
    assert "events.csv" in admin_client.get(f"/admin/listening/study/{study.pk}/results/").content.decode()
    page = admin_client.get(reverse("admin:listening_study_events", args=[study.pk]))
    lines = b"".join(page).decode().splitlines()
    assert lines[0].split(",") == list(event_export.FIELDS)
    for form in ("csv", "json", "parquet"):
        call_command("export_events", study.slug, format=form, output=tmp_path / form)
    assert (tmp_path / "csv").read_text().splitlines() == lines
    found = [json.loads((tmp_path / "json").read_text()), parquet.read_table(tmp_path / "parquet").to_pylist()]
    assert found[0] == found[1] == list(event_export.rows(study))
    assert client.get(reverse("admin:listening_study_events", args=[study.pk])).status_code == 302


def test_declined_sessions_leave_no_rows(client, session):
    send(client, session, event(1))
    Session.objects.filter(pk=session.pk).update(declined_at=session.created_at)
    assert list(event_export.rows(session.study)) == []


def test_the_head_of_a_trial_page_names_every_module_that_it_runs():
    static = Path(__file__).resolve().parents[2] / "static"
    found, waiting = set(), {modules.TRIAL_MODULE}
    while waiting:
        name = waiting.pop()
        found.add(name)
        code = (static / name).read_text()
        imports = re.findall(r'(?:^import |^export |import\()[^"]*"\./([\w-]+\.js)"', code, re.MULTILINE)
        waiting |= {f"participant/{each}" for each in imports} - found
    assert sorted(modules.names()) == sorted(found)
