"""What a real worker process does with lost, doubled and late messages, with cancelling, and with sudden death."""

import datetime as dt
import io
import socket
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.utils import timezone

from listening import tasks
from listening.models import Objective
from listening.tasks import sweeping
from tests.waiting import until
from tests.worker.conftest import ROOT, kill, reaches

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def silent_for_long(run: Objective) -> None:
    Objective.objects.filter(pk=run.pk).update(beat_at=timezone.now() - dt.timedelta(hours=1))


def test_a_message_delivered_twice_is_worked_once(broker, gate, run):
    other = Objective.objects.create(name="behind", recipe=str(gate))
    for each in (run, run, other):
        broker.send(each)
    with broker.worker():
        reaches(run, "running", step=1)
        gate.touch()
        reaches(other, "done")
    run.refresh_from_db()
    assert (run.status, run.attempts, run.card) == ("done", 1, {"attempt": 1})


def test_a_cancelled_run_frees_its_worker_for_the_next(broker, gate, run):
    following = Objective.objects.create(name="next", recipe=str(gate))
    with broker.worker():
        broker.send(run)
        reaches(run, "running", step=1)
        assert run.cancel()
        broker.send(following)
        reaches(following, "running", step=1)
        gate.touch()
        reaches(following, "done")
    run.refresh_from_db()
    assert (run.status, run.card) == ("cancelled", {})


def test_a_run_whose_worker_was_killed_is_resumed_by_sweep(broker, gate, run, monkeypatch):
    monkeypatch.setattr(sweeping, "wake", broker.send)
    broker.send(run)
    with broker.worker() as process:
        reaches(run, "running", step=1)
        kill(process)
    out = io.StringIO()
    call_command("sweep", stdout=out)
    assert "nothing to do" in out.getvalue()
    silent_for_long(run)
    call_command("sweep", stdout=out)
    assert "its worker stopped responding" in out.getvalue()
    gate.touch()
    with broker.worker():
        reaches(run, "done")
    assert run.card == {"attempt": 2}


def test_a_run_whose_message_was_lost_is_sent_again_by_sweep(broker, gate, run, monkeypatch):
    monkeypatch.setattr(sweeping, "wake", broker.send)
    gate.touch()
    Objective.objects.filter(pk=run.pk).update(queued_at=timezone.now() - dt.timedelta(hours=1))
    call_command("sweep", stdout=io.StringIO())
    with broker.worker():
        reaches(run, "done")


def test_a_worker_that_was_taken_over_stops_and_files_nothing(broker, gate, run):
    broker.send(run)
    with broker.worker():
        reaches(run, "running", step=1)
        zombie_lease = run.lease
        silent_for_long(run)
        heir = Objective.objects.get(pk=run.pk)
        assert heir.resume()
        assert heir.claim()
        behind = Objective.objects.create(name="behind", recipe=str(gate))
        broker.send(behind)
        reaches(behind, "running", step=1)
        gate.touch()
        reaches(behind, "done")
    run.refresh_from_db()
    assert (run.status, run.lease, run.card) == ("running", heir.lease, {})
    assert run.lease != zombie_lease
    heir.finish(card={"heir": True})


def test_two_workers_share_the_runs_and_none_is_done_twice(broker, gate):
    gate.touch()
    runs = [Objective.objects.create(name=f"run {n}", recipe=str(gate)) for n in range(6)]
    for run in [*runs, *runs]:
        broker.send(run)
    with broker.worker(), broker.worker():
        for run in runs:
            reaches(run, "done")
    assert {run.attempts for run in runs} == {1}


def test_a_real_task_fails_with_its_reason_on_the_row_and_in_the_log(broker):
    run = Objective.objects.create(name="nothing", recipe="compact")
    broker.send(run, task=tasks.fit)
    with broker.worker():
        reaches(run, "failed")
        until(lambda: any(line["level"] == "ERROR" for line in broker.log()))
    [line] = [line for line in broker.log() if line["level"] == "ERROR"]
    assert line["run"] == f"objective/{run.pk}"
    assert "freeze a study's ratings" in line["traceback"]
    assert "freeze a study's ratings" in run.message
    assert not run.folder.exists()


def test_a_row_deleted_meanwhile_leaves_the_worker_alive(broker, gate, run):
    gone = Objective.objects.create(name="gone", recipe=str(gate))
    broker.send(gone)
    gone.delete()
    broker.send(run)
    gate.touch()
    with broker.worker() as process:
        reaches(run, "done")
        assert process.poll() is None


def test_a_run_whose_worker_was_killed_is_taken_up_by_another_without_a_command(broker, run):
    swift = {"RUN_LOST_AFTER": "2", "SWEEP_EVERY": "1"}
    broker.send(run)
    with broker.worker(**swift) as process, broker.worker(queues="celery", **swift):
        reaches(run, "running", step=1)
        kill(process)
        reaches(run, "failed")
    assert run.attempts == 2
    assert "not found; give a .toml file" in run.message  # the other worker's task took it for what it is, a fit


def test_a_worker_of_the_gpu_queue_without_its_device_does_not_start_and_says_why(broker):
    with broker.worker(queues="celery,gpu", TRAINING_DEVICE="cuda:99") as process:
        assert process.wait(60) == 2
    said = (broker.folder / "worker.log").read_text()
    assert "this worker does not start: TRAINING_DEVICE, device cuda:99: there are" in said
    assert "Traceback" not in said


def test_a_worker_of_other_queues_needs_no_device(broker, gate, run):
    gate.touch()
    broker.send(run)
    with broker.worker(TRAINING_DEVICE="cuda:99"):
        reaches(run, "done")


SEND = """
import django
django.setup()
from listening import tasks
from listening.models import Objective
print(tasks.wake(Objective(pk=1)))
"""


@pytest.fixture
def mute_server():
    """Return the port of a server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_broker_that_accepts_and_says_nothing_keeps_a_page_waiting_for_seconds_only(broker, mute_server):
    own = broker.environment | {
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{mute_server}/0", "DJANGO_SETTINGS_MODULE": "listening.settings",
    }  # fmt: skip
    command = [sys.executable, "-c", SEND]
    done = subprocess.run(command, env=own, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "False\n"
    assert "objective/1: the broker does not accept its message" in done.stderr


def test_a_worker_tells_the_system_page_its_queues_device_and_room(broker):
    answers: list[dict] = []
    with broker.worker():
        until(lambda: answers or answers.extend(broker.ask("machine")))
    [(_name, said)] = answers[0].items()
    assert (said["queues"], said["device"]) == ([broker.queue], "cpu")
    assert said["free"] > 0
