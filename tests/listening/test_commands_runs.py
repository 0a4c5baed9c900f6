"""The shell's buttons make the same rows as the admin's, and answer mistakes in one line with exit status 2."""

import datetime as dt
import io
import threading
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from listening import tasks
from listening.admin import workers
from listening.exports import ratings as export
from listening.management import base
from listening.models import Checkpoint, Objective, Rendering, SweepTurn, TrainingRun
from listening.tasks import sweeping
from listening.tasks.sweeping import CHECKS_PER_TURN, Sweeper
from lossmodel.errors import BadInput
from tests.listening.panel import rate, voices
from tests.waiting import until

pytestmark = pytest.mark.django_db
LONG_AGO = dt.timedelta(hours=1)


def told(*command, **options) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out, **options)
    return out.getvalue()


def full(*_args, **_given):
    raise OSError(28, "No space left on device")


def refused(*command, **options) -> str:
    """Return the one line with which a command refuses its input."""
    err = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command(*command, stderr=err, **options)
    assert end.value.code == 2
    assert err.getvalue().count("\n") == 1
    return err.getvalue()


@pytest.fixture
def sent(monkeypatch):
    """Return the list of (task, pk) that workers are woken for."""
    woken = []
    for name in ("fit", "train", "render"):
        monkeypatch.setattr(getattr(tasks, name), "delay", lambda pk, name=name: woken.append((name, pk)))
    return woken


def training(**fields) -> TrainingRun:
    return TrainingRun.objects.create(**{"name": "long", "recipe": "tiny", "data": "/songs", **fields})


def checkpoint() -> Checkpoint:
    return Checkpoint.objects.create(run=training(), step=10, path="nowhere", sha256="a" * 64)


def test_a_command_turns_bad_input_into_one_line():
    class Broken(base.Command):
        def handle(self, **options):
            raise BadInput("songs/1:\n  no vocals")

    err = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command(Broken(), stderr=err)
    assert (end.value.code, err.getvalue()) == (2, "songs/1: no vocals\n")


def test_ctrl_c_ends_a_command_with_status_130():
    class Interrupted(base.Command):
        def handle(self, **options):
            raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        call_command(Interrupted(), stderr=io.StringIO())
    assert end.value.code == 130


@pytest.mark.parametrize("command", [("simulate", "x", "--assessors", "1"), ("fit_objective", "x")])
def test_an_unknown_slug_names_the_known_ones(tmp_path, command):
    voices(tmp_path)
    assert "no study is called 'x'; known are: voices" in refused(*command)


def test_fit_objective_freezes_fits_and_tells_the_figures(tmp_path):
    study = voices(tmp_path)
    rate(study)
    out = told("fit_objective", "voices", "--seed", "3")
    objective = Objective.objects.get()
    assert (objective.status, objective.seed, objective.name) == ("done", 3, "voices")
    assert objective.ratings.get() == study.rating_sets.get()
    assert "quality: Pearson r" in out


def test_a_study_without_ratings_is_not_fitted(tmp_path):
    voices(tmp_path)
    assert "voices has no ratings to freeze" in refused("fit_objective", "voices")
    assert not Objective.objects.exists()


def test_a_fit_is_sent_to_a_worker_with_queue(tmp_path, sent, django_capture_on_commit_callbacks):
    rate(voices(tmp_path))
    with django_capture_on_commit_callbacks(execute=True):
        out = told("fit_objective", "voices", "--queue")
    assert "is queued" in out
    assert sent == [("fit", Objective.objects.get().pk)]
    assert Objective.objects.get().status == "queued"


def test_a_training_is_added_as_asked(tmp_path, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        told("train_separator", "--recipe", "tiny", "--data", str(tmp_path), "--steps", "7", "--queue")
    run = TrainingRun.objects.get()
    assert (run.recipe, run.data, run.limit) == ("tiny", str(tmp_path), 7)
    assert sent == [("train", run.pk)]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--recipe", "tniy"], "recipe tniy"),
        (["--data", "/nowhere"], "--data /nowhere: give the folder of songs"),
        (["--objective", "99"], "there is no objective 99; there are: none yet"),
        (["--resume", "99"], "there is no training run 99"),
    ],
)
def test_a_training_that_cannot_start_leaves_no_row(tmp_path, options, complaint):
    assert complaint in refused("train_separator", "--data", str(tmp_path), *options)
    assert not TrainingRun.objects.exists()


def test_a_training_that_fails_in_the_shell_says_why_there_and_on_its_row(tmp_path):
    complaint = refused("train_separator", "--recipe", "tiny", "--data", str(tmp_path), "--steps", "1")
    run = TrainingRun.objects.get()
    assert run.status == "failed"
    assert " ".join(run.message.split()) == complaint.strip()


def test_only_a_training_that_ended_early_is_resumed():
    run = training()
    TrainingRun.objects.filter(pk=run.pk).update(status="done")
    assert "is done: only a failed, cancelled or lost training" in refused("train_separator", "--resume", str(run.pk))


def test_a_rendering_is_added_under_free_names(tmp_path, sent, django_capture_on_commit_callbacks):
    voices(tmp_path)
    with django_capture_on_commit_callbacks(execute=True):
        told("render_stimuli", "voices", "--checkpoint", str(checkpoint().pk), "--queue")
    run = Rendering.objects.get()
    assert (run.condition, run.slug) == ("long 10", "voices-2")
    assert sent == [("render", run.pk)]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [(["--draft", "voices"], "a study 'voices' exists already"), (["--condition", "good"], "has a condition 'good'")],
)
def test_a_rendering_under_taken_names_leaves_no_row(tmp_path, options, complaint):
    voices(tmp_path)
    assert complaint in refused("render_stimuli", "voices", "--checkpoint", str(checkpoint().pk), *options)
    assert not Rendering.objects.exists()


def test_simulate_says_that_nobody_was_asked(tmp_path):
    study = voices(tmp_path, items=1)
    out = told("simulate", "voices", "--assessors", "2", "--seed", "4")
    assert "simulated ratings by 2 simulated assessors (seed 4), marked simulated" in out
    assert {row["assessor"] for row in export.rows(study)} == {"simulated-4-001", "simulated-4-002"}


def test_simulating_nobody_is_refused(tmp_path):
    voices(tmp_path, items=1)
    assert "give 1 to 1000 assessors" in refused("simulate", "voices", "--assessors", "0")


def test_sweep_resumes_what_fell_silent_and_sends_again_what_waits(sent, django_capture_on_commit_callbacks):
    silent, waiting, working = training(), training(), training()
    for run in (silent, working):
        assert run.claim()
    TrainingRun.objects.filter(pk=silent.pk).update(beat_at=timezone.now() - LONG_AGO)
    TrainingRun.objects.filter(pk=waiting.pk).update(queued_at=timezone.now() - LONG_AGO)
    with django_capture_on_commit_callbacks(execute=True):
        out = told("sweep")
    assert sorted(sent) == [("train", silent.pk), ("train", waiting.pk)]
    assert out.count("\n") == 2
    for run in (silent, waiting, working):
        run.refresh_from_db()
    assert [silent.status, waiting.status, working.status] == ["queued", "queued", "running"]


def test_sweep_does_not_send_the_same_run_at_every_turn(sent, django_capture_on_commit_callbacks):
    waiting = training()
    TrainingRun.objects.filter(pk=waiting.pk).update(queued_at=timezone.now() - LONG_AGO)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            out = told("sweep")
    assert out == "nothing to do\n"
    assert sent == [("train", waiting.pk)]


def test_sweep_says_so_where_the_broker_takes_no_message_and_tries_again_at_the_next_turn(monkeypatch, sent):
    def refuse(_pk):
        raise OperationalError("Connection refused")

    silent, waiting = training(), training()
    assert silent.claim()
    TrainingRun.objects.filter(pk=silent.pk).update(beat_at=timezone.now() - LONG_AGO)
    TrainingRun.objects.filter(pk=waiting.pk).update(queued_at=timezone.now() - LONG_AGO)
    with monkeypatch.context() as without_broker:
        without_broker.setattr(tasks.train, "delay", refuse)
        out = told("sweep")
    assert "sent again" not in out
    assert out.count("the broker does not accept its message") == 2
    assert "sent again" in told("sweep")
    assert sent == [("train", waiting.pk)]


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_has_the_turn_to_sweep_until_the_next_is_due():
    start, took = threading.Barrier(6), []

    def ask():
        start.wait(10)
        took.append(SweepTurn.take(LONG_AGO))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(took) == [False] * 5 + [True]
    assert not SweepTurn.take(LONG_AGO)
    SweepTurn.objects.update(taken_at=timezone.now() - LONG_AGO - dt.timedelta(seconds=1))
    assert SweepTurn.take(LONG_AGO)


def test_a_lost_run_is_taken_up_within_a_minute_of_its_workers_death():
    longest_wait = django_settings.SWEEP_EVERY * (1 + 1 / CHECKS_PER_TURN)
    assert django_settings.RUN_LOST_AFTER + longest_wait < dt.timedelta(seconds=60)


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_fails_ends_no_later_one(monkeypatch, settings):
    settings.SWEEP_EVERY = dt.timedelta(seconds=0.02)
    turns = []

    def fail():
        turns.append(1)
        raise RuntimeError("storage is away")

    monkeypatch.setattr(sweeping, "sweep", fail)
    sweeper = Sweeper()
    sweeper.start()
    until(lambda: len(turns) >= 2)
    sweeper.over.set()
    sweeper.join(10)
    assert not sweeper.is_alive()


def test_healthcheck_names_everything_that_answers():
    lines = [line for line in told("healthcheck").splitlines() if not line.startswith("nobody")]
    assert [line.split(":")[0] for line in lines] == [
        f"ok      {name}" for name in ("database", "migrations", "storage", "broker", "disc")
    ]


def test_healthcheck_names_a_queue_that_no_worker_listens_to_and_does_not_fail_for_it(monkeypatch):
    answers = [{"one@here": {"queues": ["celery"], "device": "cpu", "gpus": [], "free": 5 << 30}}]
    monkeypatch.setattr(workers.app.control, "broadcast", lambda *_, **__: answers)
    [line] = [line for line in told("healthcheck").splitlines() if line.startswith("nobody")]
    assert line == (
        "nobody  no worker listens to the queue gpu; start one: celery -A listening worker -Q gpu --pool solo"
    )


def test_healthcheck_fails_with_the_reason(settings, tmp_path):
    wall = tmp_path / "wall"
    wall.write_text("a file where a folder should be")
    settings.MEDIA_ROOT = wall / "media"
    err = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("healthcheck", stdout=io.StringIO(), stderr=err)
    assert end.value.code == 1
    assert err.getvalue().startswith("FAILED  storage: ")


def test_healthcheck_leaves_nothing_behind():
    told("healthcheck")
    assert not list(Path(django_settings.MEDIA_ROOT).glob("*"))


def test_a_full_disc_is_one_line_and_exit_status_2(tmp_path, monkeypatch):
    voices(tmp_path)
    monkeypatch.setattr(export, "rows", full)
    assert refused("export_ratings", "voices", output=tmp_path / "x.csv") == (
        "the disc is full: nothing was stored; make room, then do it again\n"
    )
    assert not (tmp_path / "x.csv").exists()
