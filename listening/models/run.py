"""A long job is a row: its state moves only by conditional UPDATE, so lost, doubled and late messages do no harm.

No broker delivers exactly once: with the filesystem broker a killed worker loses its message, with Redis a job longer
than the visibility timeout is delivered twice. Here the message only wakes a worker; the worker `claim`s the row under
a fresh lease, and each `beat` is one query that stores progress, proves life and notices cancellation or take-over.
Every time in it is the database's: the clocks of workers differ.

    queued ──claim──▶ running ──finish──▶ done
      ▲  │               ├─────fail─────▶ failed
      │  └──cancel──┐    └────cancel────▶ cancelled
      └───────────resume (failed, cancelled, lost)
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.database import ago, patiently
from listening.models.notices import tell_end_of_run
from lossmodel.errors import FULL_DISC, is_disc_full


class RunStopped(Exception):
    """The row is no longer ours: cancelled, or taken over under another lease. Stop at once, file nothing."""


class Status(models.TextChoices):
    """Where a run is."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


MESSAGE_LOST_AFTER = dt.timedelta(minutes=5)
"""How long a run waits until its message is sent again; most wait for a worker that has another run."""
LIVE = (Status.QUEUED, Status.RUNNING)
ENDED_BADLY = (Status.FAILED, Status.CANCELLED)


class RunQuerySet(models.QuerySet[Any]):
    """Runs, many at once."""

    def live(self) -> Self:
        """Return the runs that wait or work."""
        return self.filter(status__in=LIVE)

    def lost(self) -> Self:
        """Return the runs whose worker has been silent for longer than `settings.RUN_LOST_AFTER`."""
        return self.filter(status=Status.RUNNING, beat_at__lt=ago(settings.RUN_LOST_AFTER))

    def forgotten(self) -> Self:
        """Return the runs that have waited so long that their message may be lost: it is safe to send it again."""
        return self.filter(status=Status.QUEUED, queued_at__lt=ago(MESSAGE_LOST_AFTER))


RunManager = models.Manager.from_queryset(RunQuerySet)


class Run(models.Model):
    """One long job. `Objective`, `TrainingRun` and `Rendering` are runs."""

    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED, editable=False)
    lease = models.UUIDField(null=True, editable=False, help_text=_("the worker that holds it; new at each claim"))
    step = models.PositiveIntegerField(_("step"), default=0, editable=False)
    total = models.PositiveIntegerField(_("steps"), default=0, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    beat_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    message = models.TextField(_("message"), blank=True, editable=False, help_text=_("why it failed, in one line"))

    objects = RunManager()

    class Meta:
        abstract = True
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="%(class)s_running_has_a_lease",
                condition=~Q(status=Status.RUNNING) | Q(lease__isnull=False, beat_at__isnull=False),
            ),
            models.CheckConstraint(name="%(class)s_known_status", condition=Q(status__in=Status.values)),
        ]

    @property
    def is_lost(self) -> bool:
        """Tell whether the row says running, but its worker has been silent for too long."""
        return self.status == Status.RUNNING and self._row().lost().exists()

    @property
    def silence(self) -> dt.timedelta | None:
        """Return for how long the worker of a running run has said nothing, by the database's clock; else None."""
        since = ExpressionWrapper(Now() - F("beat_at"), output_field=models.DurationField())
        running = self._row().filter(status=Status.RUNNING).annotate(silence=since)
        found: dt.timedelta | None = running.values_list("silence", flat=True).first()
        return found

    @property
    def share(self) -> float:
        """Return how much is done, 0 to 1."""
        return min(1.0, self.step / self.total) if self.total else float(self.status == Status.DONE)

    def claim(self) -> bool:
        """Take the queued run: True for exactly one of any number of workers, False for the others."""
        return self._move(
            Q(status=Status.QUEUED),
            status=Status.RUNNING, lease=uuid.uuid4(), started_at=Now(), beat_at=Now(), ended_at=None, message="",
            attempts=F("attempts") + 1,
        )  # fmt: skip

    def beat(self, step: int, total: int) -> None:
        """Store progress and prove life in one query; raise `RunStopped` when the run is no longer ours."""
        if not self._move(self._mine, step=step, total=total, beat_at=Now()):
            raise RunStopped(f"{self} was cancelled or taken over at step {step}")

    def finish(self, **result: Any) -> None:
        """File the result with the state in one query; raise `RunStopped` (and file nothing) if no longer ours."""
        done = {"status": Status.DONE, "ended_at": Now(), **result}
        if not patiently(lambda: self._end(**done)):
            raise RunStopped(f"{self} was cancelled or taken over before its result was filed")

    def fail(self, message: str) -> bool:
        """Keep why it failed; False if the run was no longer ours."""
        failed = {"status": Status.FAILED, "message": message, "ended_at": Now()}
        return patiently(lambda: self._end(**failed))

    def cancel(self) -> bool:
        """Cancel a waiting or working run; its worker learns of it at the next beat. False if it had ended."""
        return self._move(Q(status__in=LIVE), status=Status.CANCELLED, ended_at=Now())

    def resume(self) -> bool:
        """Queue a failed, cancelled or lost run again; the lost worker's next beat fails. False in any other state."""
        lost = Q(status=Status.RUNNING, beat_at__lt=ago(settings.RUN_LOST_AFTER))
        again = {"status": Status.QUEUED, "lease": None, "queued_at": Now(), "ended_at": None}
        return self._move(Q(status__in=ENDED_BADLY) | lost, **again)

    @property
    def _mine(self) -> Q:
        return Q(status=Status.RUNNING, lease=self.lease, lease__isnull=False)

    def _row(self) -> RunQuerySet:
        rows: RunQuerySet = type(self).objects.filter(pk=self.pk)
        return rows

    @transaction.atomic
    def _end(self, **changes: Any) -> bool:
        """End the run if it is still ours, and write whom to tell."""
        ended = self._move(self._mine, **changes)
        if ended:
            tell_end_of_run(self, str(self), str(self.status), self.message)
        return ended

    def _move(self, where: Q, **changes: Any) -> bool:
        """Update the row if it is (still) as `where` says; True, and this object is up to date, if it was."""
        moved = self._row().filter(where).update(**changes)
        if moved:
            self.refresh_from_db()
        return bool(moved)


@contextmanager
def while_claimed(run: Run) -> Iterator[Run | None]:
    """Claim `run` for the block: yields it, or None when another worker has it. A failure or Ctrl-C lands on the row.

    The block files its result itself with `run.finish(...)`. `RunStopped` ends the block quietly.
    """
    if not run.claim():
        yield None
        return
    try:
        yield run
    except RunStopped:
        return
    except BaseException as error:
        run.fail(FULL_DISC if is_disc_full(error) else str(error) or type(error).__name__)
        raise
