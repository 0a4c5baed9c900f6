"""A run moves only as its state allows, and only for the worker that holds its lease."""

import datetime as dt
import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from listening.heartbeat import Heartbeat, heartbeat
from listening.models import Objective, RunStopped, while_claimed
from lossmodel.progress import silent
from tests.waiting import until

LONG_AGO = dt.timedelta(hours=1)
TRUE_TIME = timezone.now


def queued(**fields) -> Objective:
    return Objective.objects.create(name="ridge", **fields)


def claimed() -> Objective:
    run = queued()
    assert run.claim()
    return run


def aged(run: Objective, **times) -> Objective:
    Objective.objects.filter(pk=run.pk).update(**times)
    return Objective.objects.get(pk=run.pk)


def lost() -> Objective:
    return aged(claimed(), beat_at=timezone.now() - LONG_AGO)


def status(run: Objective) -> str:
    return Objective.objects.values_list("status", flat=True).get(pk=run.pk)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_exactly_one_claims_a_run():
    run, start, won = queued(), threading.Barrier(8), []

    def work():
        mine = Objective.objects.get(pk=run.pk)
        start.wait(10)
        if mine.claim():
            won.append(mine.lease)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    run.refresh_from_db()
    assert won == [run.lease]
    assert (run.status, run.attempts) == ("running", 1)


@pytest.mark.django_db
def test_a_beat_stores_progress_and_proves_life():
    run = aged(claimed(), beat_at=timezone.now() - dt.timedelta(minutes=4))
    before = run.beat_at
    run.beat(3, 10)
    found = Objective.objects.get(pk=run.pk)
    assert (found.step, found.total, found.share) == (3, 10, 0.3)
    assert found.beat_at > before


@pytest.mark.django_db
def test_the_worker_of_a_cancelled_run_learns_it_at_the_next_beat():
    run = claimed()
    assert Objective.objects.get(pk=run.pk).cancel()
    with pytest.raises(RunStopped):
        run.beat(1, 2)
    assert status(run) == "cancelled"


@pytest.mark.django_db
def test_finishing_a_cancelled_run_files_nothing():
    run = claimed()
    Objective.objects.get(pk=run.pk).cancel()
    with pytest.raises(RunStopped):
        run.finish(card={"r": 1}, sha256="f" * 64)
    found = Objective.objects.get(pk=run.pk)
    assert (found.status, found.card, found.sha256) == ("cancelled", {}, "")


@pytest.mark.django_db
def test_finishing_files_the_result_with_the_state():
    run = claimed()
    run.finish(card={"r": 0.9}, sha256="f" * 64)
    found = Objective.objects.get(pk=run.pk)
    assert (found.status, found.card, found.sha256) == ("done", {"r": 0.9}, "f" * 64)
    assert found.ended_at is not None


@pytest.mark.django_db
def test_a_worker_that_comes_back_from_the_dead_changes_nothing():
    zombie = lost()
    heir = Objective.objects.get(pk=zombie.pk)
    assert heir.resume()
    assert heir.claim()
    heir.beat(5, 10)
    with pytest.raises(RunStopped):
        zombie.beat(9, 10)
    with pytest.raises(RunStopped):
        zombie.finish(sha256="0" * 64)
    assert not zombie.fail("out of memory")
    found = Objective.objects.get(pk=zombie.pk)
    assert (found.status, found.step, found.message, found.sha256) == ("running", 5, "", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "may"),
    [
        (queued, False),
        (claimed, False),
        (lost, True),
        (lambda: aged(claimed(), status="done"), False),
        (lambda: aged(claimed(), status="failed"), True),
        (lambda: aged(claimed(), status="cancelled"), True),
    ],
)
def test_only_failed_cancelled_and_lost_runs_are_resumed(make, may):
    assert make().resume() is may


@pytest.mark.django_db
@pytest.mark.parametrize("ended", ["done", "failed", "cancelled"])
def test_a_run_that_has_ended_is_neither_claimed_nor_cancelled(ended):
    run = aged(claimed(), status=ended)
    assert not run.claim()
    assert not run.cancel()


@pytest.mark.django_db
def test_a_message_that_comes_twice_finds_the_run_taken():
    run = queued()
    with while_claimed(run) as first, while_claimed(Objective.objects.get(pk=run.pk)) as second:
        assert first is run
        assert second is None


@pytest.mark.django_db
def test_a_failure_lands_on_the_row_and_is_raised():
    run = queued()
    with pytest.raises(ValueError, match="no ratings"), while_claimed(run):
        raise ValueError("no ratings")
    found = Objective.objects.get(pk=run.pk)
    assert (found.status, found.message) == ("failed", "no ratings")


@pytest.mark.django_db
def test_a_stopped_run_ends_quietly():
    run = queued()
    with while_claimed(run):
        Objective.objects.get(pk=run.pk).cancel()
        run.beat(1, 2)
    assert status(run) == "cancelled"


@pytest.mark.django_db
def test_the_silent_and_the_long_waiting_are_found():
    silent_one, waiting, fresh = lost(), aged(queued(), queued_at=timezone.now() - LONG_AGO), claimed()
    assert list(Objective.objects.lost()) == [silent_one]
    assert list(Objective.objects.forgotten()) == [waiting]
    assert silent_one.is_lost
    assert not fresh.is_lost


@pytest.mark.django_db
def test_the_database_refuses_a_running_row_without_a_lease():
    run = queued()
    with pytest.raises(IntegrityError), transaction.atomic():
        Objective.objects.filter(pk=run.pk).update(status="running")


@pytest.mark.django_db
def test_many_reports_cost_few_queries(django_assert_max_num_queries):
    run, seen = claimed(), []
    report = Heartbeat(run, lambda step, steps: seen.append(step), silence=60)
    with django_assert_max_num_queries(8):
        for step in range(1, 201):
            report(step, 200)
    assert seen == list(range(1, 201))
    assert Objective.objects.get(pk=run.pk).step == 200


@pytest.mark.django_db(transaction=True)
def test_work_that_says_nothing_for_long_still_proves_life(settings):
    settings.RUN_LOST_AFTER = dt.timedelta(seconds=0.5)
    run = claimed()
    before = run.beat_at
    with heartbeat(run, silent):
        until(lambda: Objective.objects.get(pk=run.pk).beat_at > before)


@pytest.mark.django_db(transaction=True)
def test_silent_work_that_was_cancelled_learns_it_at_its_next_report(settings):
    settings.RUN_LOST_AFTER = dt.timedelta(seconds=0.5)
    run = claimed()
    with heartbeat(run, silent) as report:
        Objective.objects.get(pk=run.pk).cancel()
        until(lambda: not any(thread.name == f"heartbeat of {run}" for thread in threading.enumerate()))
        with pytest.raises(RunStopped):
            report(1, 1)


class WrongClock:
    """A machine's clock that is a day off."""

    def __init__(self, days: int) -> None:
        self.off = dt.timedelta(days=days)

    def __call__(self) -> dt.datetime:
        return TRUE_TIME() + self.off


@pytest.mark.django_db
@pytest.mark.parametrize("days", [-1, 1])
def test_a_worker_whose_clock_is_a_day_off_neither_looks_lost_nor_takes_a_living_run_for_lost(monkeypatch, days):
    monkeypatch.setattr(timezone, "now", WrongClock(days))
    run = claimed()
    run.beat(1, 2)
    assert not run.is_lost
    assert not Objective.objects.lost().exists()
    assert not Objective.objects.get(pk=run.pk).resume()
    assert run.silence < dt.timedelta(minutes=1)
    assert abs(run.beat_at - TRUE_TIME()) < dt.timedelta(minutes=1)


@pytest.mark.django_db
def test_a_silent_run_tells_for_how_long():
    rounding = dt.timedelta(milliseconds=1)  # to which SQLite's clock is told
    assert LONG_AGO - rounding <= lost().silence < LONG_AGO + dt.timedelta(minutes=1)
    assert queued().silence is None
