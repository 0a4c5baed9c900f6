"""A run's progress while it is carried out: beats as the work reports, and also while it is silent.

The work may report a thousand times a second or not for minutes (reading data, solving a large system). `Heartbeat`
turns either into a beat now and then, so the row costs few queries and a living worker is never taken for a lost one.
"""

import copy
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from listening.models import Run, RunStopped
from lossmodel.progress import Report

MIN_SECONDS_BETWEEN_BEATS = 0.5
"""Seconds between two beats of reported progress: how long a cancellation may go unnoticed."""
BEATS_PER_LOST_AFTER = 5
"""Beats of work that says nothing within `settings.RUN_LOST_AFTER`."""

logger = logging.getLogger(__name__)


@contextmanager
def heartbeat(run: Run, report: Report) -> Iterator[Report]:
    """Yield the report for the work on `run` (claimed by us); it raises `RunStopped` when the run is no longer ours."""
    beating = Heartbeat(run, report, silence=settings.RUN_LOST_AFTER.total_seconds() / BEATS_PER_LOST_AFTER)
    thread = threading.Thread(target=beating.fill_silence, name=f"heartbeat of {run}", daemon=True)
    thread.start()
    try:
        yield beating
    finally:
        beating.over.set()
        thread.join()


class Heartbeat:
    """The report of one claimed run: beats at most every half second, and every `silence` seconds without a report."""

    def __init__(self, run: Run, report: Report, *, silence: float) -> None:
        self.run = run
        self.report = report
        self.silence = silence
        self.over = threading.Event()
        self.at = (run.step, run.total)
        self.beaten = float("-inf")

    def __call__(self, step: int, steps: int) -> None:
        """Take a report of the work: `step` of `steps` are done."""
        self.at = (step, steps)
        self.report(step, steps)
        if step >= steps or time.monotonic() - self.beaten >= MIN_SECONDS_BETWEEN_BEATS:
            self._beat(self.run)
            self.beaten = time.monotonic()

    def fill_silence(self) -> None:
        """Beat for work that says nothing, until it is over or the run is not ours; the work learns that itself."""
        own = copy.copy(self.run)
        try:
            while not self.over.wait(self.silence):
                if time.monotonic() - self.beaten >= self.silence:
                    self._beat(own)
        except RunStopped:
            return
        finally:
            connection.close()

    def _beat(self, own: Run) -> None:
        """Beat once. Work goes on without a database that restarts: the next beat, on a new connection, decides."""
        try:
            own.beat(*self.at)
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block:
                raise
            logger.warning("%s: the database did not accept a heartbeat (%s); trying again", own, error)
            connection.close()
