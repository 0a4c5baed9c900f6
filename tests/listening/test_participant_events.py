"""What a browser tells of a trial's page: stored once, refused when it is no such thing, and what it is used for."""

import json
import re
import uuid
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from pyarrow import parquet

from listening import behaviour
from listening.models import Assessor, Event, Session
from listening.participant import modules
from listening.participant.sheet import sheet
from listening.participant.sounds import addresses_ahead, hidden_sounds, open_sounds
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
    send(client, session, event(1, sound=tokens[0]), event(2, kind="whole", sound=tokens[0]))
    send(client, session, event(3, sound=tokens[1]), event(4, kind="rate", sound=tokens[2], value=50))
    send(client, session, event(5, sound=reference.token))
    expected = {tokens[0]: "whole", tokens[1]: "begun", reference.token: "begun"}
    assert sheet(trial).settings["heard"] == expected


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
    monkeypatch.setattr("listening.participant.log.MOST", 2)
    assert send(client, session, event(1), event(2)).status_code == 200
    assert send(client, session, event(3)).status_code == 409


def test_the_tidy_table_tells_which_condition_was_heard_when(client, session):
    trial = session.trials.first()
    [hidden, *_], [reference, *_] = hidden_sounds(trial), open_sounds(trial)
    send(client, session, event(1, sound=reference.token), event(2, kind="rate", sound=hidden.token, value=61.5))
    first, second = behaviour.rows(session.study)
    assert list(first) == list(behaviour.FIELDS)
    assert (first["sound"], first["condition"], first["event"]) == ("open 0", None, "play")
    condition = trial.slots.get(token=hidden.token).stimulus.condition.name
    assert (second["sound"], second["condition"], second["value"]) == ("stimulus", condition, 61.5)
    assert second["at"].startswith("20")


def test_the_researcher_downloads_the_events_of_a_study_by_page_and_by_command(client, admin_client, session, tmp_path):
    send(client, session, event(1), event(2, kind="pause", value=0.2))
    study = session.study
    assert "events.csv" in admin_client.get(f"/admin/listening/study/{study.pk}/change/").content.decode()
    page = admin_client.get(reverse("admin:listening_study_events", args=[study.pk]))
    lines = b"".join(page).decode().splitlines()
    assert lines[0].split(",") == list(behaviour.FIELDS)
    for form in ("csv", "json", "parquet"):
        call_command("export_events", study.slug, format=form, output=tmp_path / form)
    assert (tmp_path / "csv").read_text().splitlines() == lines
    found = [json.loads((tmp_path / "json").read_text()), parquet.read_table(tmp_path / "parquet").to_pylist()]
    assert found[0] == found[1] == list(behaviour.rows(study))
    assert client.get(reverse("admin:listening_study_events", args=[study.pk])).status_code == 302


def test_declined_sessions_leave_no_rows(client, session):
    send(client, session, event(1))
    Session.objects.filter(pk=session.pk).update(declined_at=session.created_at)
    assert list(behaviour.rows(session.study)) == []


def test_the_head_of_a_trial_page_names_every_module_that_it_runs():
    static = Path(__file__).resolve().parents[2] / "static"
    found, waiting = set(), {modules.PAGE}
    while waiting:
        name = waiting.pop()
        found.add(name)
        code = (static / name).read_text()
        imports = re.findall(r'(?:^import |^export |import\()[^"]*"\./([\w-]+\.js)"', code, re.MULTILINE)
        waiting |= {f"participant/{each}" for each in imports} - found
    assert sorted(modules.names()) == sorted(found)
