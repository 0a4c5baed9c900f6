"""Prometheus reads what goes on: only who is let in, in a fixed number of queries, and nothing that names anybody."""

import datetime as dt
import uuid
from ipaddress import ip_network

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from listening.models import Event, Notice, Objective, Session, Study, TrainingRun, Trial
from tests import builders

pytestmark = pytest.mark.django_db

QUERIES = 12
"""One for each of five kinds of run, and one each for sessions, answers, glitches, refused sounds, pages, notices."""


@pytest.fixture(autouse=True)
def token(settings) -> None:
    settings.METRICS_TOKEN = "let-me-in"


def ask(**headers: str):
    return Client(headers=headers).get("/metrics")


def figures() -> dict[tuple[str, ...], float]:
    """Return each value by the name of its metric and its labels' values."""
    text = ask(Authorization="Bearer let-me-in").content.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name.removeprefix("hearback_"), *sample.labels.values()): sample.value for sample in samples}


def test_without_token_or_addresses_there_is_no_such_page(client, settings):
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer let-me-i", "Bearer let-me-in2", "Bearer ümlaut"])
def test_who_has_no_token_is_refused(client, given):
    assert client.get("/metrics", HTTP_AUTHORIZATION=given).status_code == 403


@pytest.mark.parametrize(
    ("own", "status"), [("10.1.2.3", 200), ("11.1.2.3", 403), ("2001:db8::7", 200), ("2001:db9::7", 403), ("", 403)]
)
def test_addresses_are_let_in_without_a_token_and_no_others(client, settings, own, status):
    settings.METRICS_TOKEN, settings.METRICS_ADDRESSES = "", [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]
    assert client.get("/metrics", REMOTE_ADDR=own).status_code == status


def test_behind_a_proxy_the_proxys_word_counts(client, settings):
    settings.BEHIND_HTTPS, settings.METRICS_TOKEN, settings.METRICS_ADDRESSES = True, "", [ip_network("10.0.0.0/8")]
    forwarded = {"X-Forwarded-For": "10.1.1.1, 203.0.113.9"}
    assert client.get("/metrics", headers=forwarded, REMOTE_ADDR="10.0.0.2").status_code == 403


def test_each_process_answers_by_its_address_and_without_tls(settings):
    settings.SECURE_SSL_REDIRECT = settings.BEHIND_HTTPS = True
    assert ask(Authorization="Bearer let-me-in", Host="10.0.0.7:8000").status_code == 200


def test_runs_are_counted_by_kind_and_state_and_queues_tell_their_age():
    hour = timezone.now() - dt.timedelta(hours=1)
    for number in range(2):
        TrainingRun.objects.create(
            name="waits", recipe="tiny", data="/songs", queued_at=hour + number * dt.timedelta(minutes=20)
        )
    run = Objective.objects.create(name="lost", recipe="compact")
    run.claim()
    Objective.objects.update(beat_at=hour)
    Objective.objects.create(name="failed", recipe="compact", status="failed")
    found = figures()
    assert (found["runs", "trainingrun", "queued"], found["runs", "trainingrun", "done"]) == (2, 0)
    assert (found["runs", "objective", "running"], found["runs", "objective", "failed"]) == (1, 1)
    assert found["queue_age_seconds", "gpu"] == pytest.approx(3600, abs=60)
    assert found["queue_age_seconds", "celery"] == 0
    assert (found["errors", "run failed"], found["errors", "run lost"]) == (1, 1)


@pytest.fixture
def trial(tmp_path) -> Trial:
    """Return a trial of a running session, half rated, whose sounds broke off thrice and were once refused."""
    study = builders.study(tmp_path, items=1, systems=1, attributes=("quality",), title="Nobody's business")
    study.open()
    trial = builders.sitting(study).trials.first()
    slots = list(trial.slots.all())
    for order, slot in enumerate(slots[:2], start=1):
        slot.answer(50.0, order=order, key=uuid.uuid4())
    now = timezone.now()
    Event.objects.create(trial=trial, kind="glitch", order=1, value=3, at=now)
    Event.objects.create(trial=trial, kind="fault", order=2, value=1, at=now)
    Event.objects.create(trial=trial, kind="play", order=3, value=7, at=now)
    Trial.objects.filter(pk=trial.pk).update(proved=False)
    return trial


def test_what_assessors_do_is_counted_and_what_they_did_not_hear(trial):
    before = figures()
    assert before["sessions_running",] == 1
    assert (before["glitches",], before["unproved_pages",], before["errors", "sound refused"]) == (3, 1, 1)
    trial.slots.filter(rating=None).first().answer(50.0, order=9, key=uuid.uuid4())
    Session.objects.update(seen_at=timezone.now() - dt.timedelta(minutes=6))
    Notice.objects.create(study=Study.objects.get(), channel="email", address="ada@n.example", attempts=8)
    after = figures()
    assert after["answers_stored_total",] == before["answers_stored_total",] + 1
    assert after["sessions_running",] == 0
    assert after["errors", "notice undelivered"] == 1


def test_nothing_names_a_person_or_a_study(trial):
    Notice.objects.create(study=Study.objects.get(), channel="email", address="ada@n.example")
    text = ask(Authorization="Bearer let-me-in").content.decode()
    session = trial.session
    for name in ("tones", "Nobody", "ada@", session.assessor.code, session.token, "item0", "system0"):
        assert name not in text


def test_it_takes_as_many_queries_with_rows_as_without(django_assert_num_queries, tmp_path, request):
    with django_assert_num_queries(QUERIES):
        ask(Authorization="Bearer let-me-in")
    request.getfixturevalue("trial")
    Objective.objects.create(name="waits", recipe="compact")
    with django_assert_num_queries(QUERIES):
        ask(Authorization="Bearer let-me-in")


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (Event.objects.filter(kind="glitch"), "event_glitches"),
        (Event.objects.filter(kind="fault"), "event_faults"),
        (Trial.objects.filter(proved=False), "trial_unproved"),
    ],
)
def test_events_and_pages_are_counted_by_an_index(rows, index):
    if connection.vendor == "postgresql":  # else it reads a table of few rows from end to end
        connection.cursor().execute("SET LOCAL enable_seqscan = off")
    assert index in rows.order_by().values("pk").explain()


def test_a_database_that_does_not_answer_is_told():
    def down(execute, sql, params, many, context):
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(down):
        assert ask(Authorization="Bearer let-me-in").status_code == 503
