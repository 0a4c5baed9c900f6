"""The faults that `faults.py` makes: named by its docstring, each returns what became of the run, or raises why not."""

import datetime as dt
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from benchmarks.fault_site import STEPS, Site, kill, reaches, result

TOO_SMALL_KIBIBYTES = 48
"""A disc that holds less than one checkpoint."""
TAKE_OVER_SECONDS = 60
"""Within so long a run of a killed worker must be at work again, with the default settings."""
DEFAULT_SETTINGS = {"RUN_LOST_AFTER": "40", "SWEEP_EVERY": "10"}
NOT_HERE = "not possible here"


def begun(site: Site, run: Any, when: Callable[[], Any] = lambda: True) -> subprocess.Popen[bytes]:
    """Let the only worker take up `run`; return it once `when` holds."""
    from listening import tasks

    process = site.one_worker()
    tasks.wake(run)
    reaches(run, "running", when=when)
    return process


def same(site: Site, run: Any, *, attempts: int) -> None:
    """Check that `run` came to the result of one that nothing happened to, in so many attempts."""
    kind = {"objective": "fit", "trainingrun": "training"}.get(run._meta.model_name, "rendering")
    assert run.attempts == attempts, f"attempt {run.attempts}"
    assert result(run) == site.undisturbed[kind], "another result than undisturbed"


def killed(site: Site, run: Any, when: Callable[[], Any]) -> str:
    """Kill the worker of `run` once `when` holds; the next one must end it with the result of an undisturbed one."""
    kill(begun(site, run, when))
    at = run.step
    site.one_worker()
    reaches(run, "done")
    same(site, run, attempts=2)
    return f"taken up after step {at}, same result" if at else "taken up, same result"


def killed_while_fitting(site: Site) -> str:
    """Worker killed with -9 in a fit"""
    run = site.fit()
    return killed(site, run, lambda: run.step)


def killed_while_training(site: Site) -> str:
    """Worker killed with -9 in a training"""
    run = site.training()
    return killed(site, run, run.checkpoints.exists)


def killed_while_rendering(site: Site) -> str:
    """Worker killed with -9 in a rendering"""
    site.no_worker()
    run = site.rendering()
    said = killed(site, run, lambda: True)
    assert run.drafts.count() == 1, f"{run.drafts.count()} drafts"
    return said


def taken_over_by_default(site: Site) -> str:
    """Worker killed with -9, another waits, default settings"""
    run = site.training()
    process = begun(site, run, run.checkpoints.exists)
    process.send_signal(signal.SIGSTOP)  # or it would be done before the other is ready
    site.worker(**DEFAULT_SETTINGS)
    kill(process)
    began = time.monotonic()
    reaches(run, "running", when=lambda: run.attempts == 2)
    seconds = time.monotonic() - began
    reaches(run, "done")
    assert seconds <= TAKE_OVER_SECONDS, f"taken over after {seconds:.0f} s"
    same(site, run, attempts=2)
    return f"taken over after {seconds:.0f} s, same result"


def stopped_and_woken(site: Site) -> str:
    """Worker stands still (SIGSTOP), is taken over, and wakes"""
    run = site.training()
    process = begun(site, run, run.checkpoints.exists)
    process.send_signal(signal.SIGSTOP)
    site.worker()
    reaches(run, "running", when=lambda: run.attempts == 2 and run.step)
    process.send_signal(signal.SIGCONT)
    reaches(run, "done")
    kill(process)
    same(site, run, attempts=2)
    return "the second files the result, the first nothing"


def broker_emptied(site: Site) -> str:
    """Broker emptied while a run waits (five minutes skipped)"""
    from listening import tasks
    from listening.database import ago
    from listening.models.run import MESSAGE_LOST_AFTER

    site.no_worker()
    run = site.fit()
    tasks.wake(run)
    site.empty_broker()
    site.one_worker()
    run.refresh_from_db()
    assert run.status == "queued", f"{run.status} though its message was lost"
    type(run).objects.filter(pk=run.pk).update(queued_at=ago(MESSAGE_LOST_AFTER + dt.timedelta(seconds=1)))
    reaches(run, "done")
    same(site, run, attempts=1)
    return "sent again by the sweep, done"


def message_doubled(site: Site) -> str:
    """Message delivered three times, to two workers"""
    from listening import tasks

    run = site.training()
    site.one_worker()
    second = site.worker()
    for _ in range(3):
        tasks.wake(run)
    reaches(run, "done")
    kill(second)
    same(site, run, attempts=1)
    return "worked once"


def database_restarted(site: Site) -> str:
    """Database restarted three times in a training"""
    from django.db import connection

    if connection.vendor != "postgresql":
        return NOT_HERE
    run = site.training()
    begun(site, run)
    for passed in range(1, 4):
        reaches(run, "running", when=lambda passed=passed: run.step >= passed * STEPS // 6)
        site.restart_database()
    reaches(run, "done")
    same(site, run, attempts=1)
    return "goes on, same result"


def disc_full(site: Site) -> str:
    """Disc full in a training; room is made, then Resume"""
    from listening import tasks

    run = site.training()
    site.one_worker()
    try:
        with site.tiny_disc(run, kibibytes=TOO_SMALL_KIBIBYTES) as make_room:
            tasks.wake(run)
            reaches(run, "failed")
            assert "is full; make room and resume" in run.message, run.message
            make_room()
            assert run.resume()
            tasks.wake(run)
            reaches(run, "done")
            same(site, run, attempts=2)
    except subprocess.CalledProcessError:
        return NOT_HERE
    return "failed with the reason, then done"


def cancelled_waiting(site: Site) -> str:
    """Cancelled while it waits"""
    from listening import tasks

    site.no_worker()
    run, following = site.training(), site.training(limit=1)
    for each in (run, following):
        tasks.wake(each)
    assert run.cancel()
    site.one_worker()
    reaches(following, "done")
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("cancelled", 0), f"{run.status}, attempt {run.attempts}"
    return "never begun"


def cancelled_working(site: Site) -> str:
    """Cancelled in a training, then Resume"""
    from listening import tasks

    run, following = site.training(), site.training(limit=1)
    begun(site, run, run.checkpoints.exists)
    assert run.cancel()
    tasks.wake(following)
    reaches(following, "done")
    run.refresh_from_db()
    assert run.status == "cancelled", run.status
    assert run.resume()
    tasks.wake(run)
    reaches(run, "done")
    same(site, run, attempts=2)
    return "stops, goes on, same result"


def cancelled_lost(site: Site) -> str:
    """Cancelled while its worker lies dead"""
    from listening import tasks

    run, following = site.training(), site.training(limit=1)
    kill(begun(site, run, run.checkpoints.exists))
    assert run.cancel()
    site.one_worker()
    tasks.wake(following)
    reaches(following, "done")
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("cancelled", 1), f"{run.status}, attempt {run.attempts}"
    return "stays cancelled"


def cancelled_ended(site: Site) -> str:
    """Cancelled after it has ended"""
    ended = type(site.training()).objects.filter(status="done").first()
    assert not ended.cancel()
    return "stays done"


def device_missing(site: Site) -> str:
    """Worker of the queue gpu without its device"""
    status = site.worker("gpu", TRAINING_DEVICE="cuda:99").wait(60)
    assert status == 2, f"exit status {status}"
    return "does not start, status 2"


FAULTS: tuple[Callable[[Site], str], ...] = (
    killed_while_fitting, killed_while_training, killed_while_rendering, taken_over_by_default, stopped_and_woken,
    broker_emptied, message_doubled, database_restarted, disc_full, cancelled_waiting, cancelled_working,
    cancelled_lost, cancelled_ended, device_missing,
)  # fmt: skip
