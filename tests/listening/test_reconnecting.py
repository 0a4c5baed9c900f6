"""A run outlives a database that restarts under its worker: work goes on, and the row decides afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings as configured
from django.db import OperationalError, connection, transaction

from listening import database
from listening.heartbeat import heartbeat
from listening.models import Objective, RunStopped, while_claimed
from lossmodel.progress import silent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sql]


@contextmanager
def restarted() -> Iterator[list[str]]:
    """Break this thread's connection as a restart does; yields what was refused. SQLite cannot, so it is played."""
    if connection.vendor == "postgresql":
        import psycopg

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [own] = cursor.fetchone()
        other = psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": psycopg.Cursor})
        other.execute("SELECT pg_terminate_backend(%s)", [own])
        other.close()
        yield ["by PostgreSQL itself"]
        return
    broken, refused = connection.connection, []

    def refuse(execute, sql, params, many, context):
        if connection.connection is broken:
            refused.append(sql)
            raise OperationalError("the connection is closed")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield refused


@pytest.fixture
def run() -> Objective:
    made = Objective.objects.create(name="long")
    assert made.claim()
    return made


def test_a_beat_that_a_restart_swallows_stops_no_work_and_the_next_one_arrives(run):
    with heartbeat(run, silent) as report, restarted() as refused:
        report(1, 3)
        report.beaten = float("-inf")
        report(2, 3)
    assert refused
    assert Objective.objects.get(pk=run.pk).step == 2


def test_a_run_cancelled_while_the_database_was_away_stops_at_the_next_beat(run):
    Objective.objects.get(pk=run.pk).cancel()
    with heartbeat(run, silent) as report, restarted():
        report(1, 3)
        report.beaten = float("-inf")
        with pytest.raises(RunStopped):
            report(2, 3)


def test_a_result_is_filed_after_a_restart(run):
    with restarted() as refused:
        run.finish(card={"found": 1})
    assert refused
    found = Objective.objects.get(pk=run.pk)
    assert (found.status, found.card) == ("done", {"found": 1})


def test_why_a_run_failed_is_filed_after_a_restart():
    made = Objective.objects.create(name="bad")
    with pytest.raises(ValueError, match="no ratings"), while_claimed(made), restarted():
        raise ValueError("no ratings")
    assert Objective.objects.get(pk=made.pk).message == "no ratings"


def test_a_transaction_that_a_restart_has_cut_is_not_taken_up_in_the_middle(run):
    with pytest.raises(OperationalError), restarted(), transaction.atomic():
        run.finish(card={})
    assert Objective.objects.get(pk=run.pk).status == "running"


def test_a_database_that_stays_away_is_told_after_a_minute(monkeypatch):
    assert 45 <= sum(database.WAITS_SECONDS) <= 90
    monkeypatch.setattr(database, "WAITS_SECONDS", (0.0, 0.0))
    tries = []

    def query():
        tries.append(1)
        raise OperationalError("could not connect")

    with pytest.raises(OperationalError):
        database.patiently(query)
    assert len(tries) == 3


def test_a_web_process_asks_whether_its_connection_still_lives():
    assert configured.DATABASES["default"]["CONN_HEALTH_CHECKS"] is True
