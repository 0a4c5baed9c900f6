"""What is lost or left over is found and mended: by a thread of every worker, of which one has the turn, or by hand."""

import logging
import threading
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from listening import privacy
from listening.models import RUN_MODELS, Intake, Notice, Session, SweepTurn
from listening.models.intake import sweep_orphans
from listening.tasks.messages import deliver, wake
from listening.tasks.notify import notify

CHECKS_PER_TURN = 2
"""How often in `settings.SWEEP_EVERY` each worker asks for the turn: so long after its holder died another has it."""

logger = logging.getLogger(__name__)


def sweep() -> list[str]:
    """Mend what there is; return a line for each thing done, and for each that could not be done."""
    found = [line for kind in RUN_MODELS for line in _sweep_runs(kind)] + _notices()
    found += [f"{study}: personal data deleted ({privacy.said(gone)})" for study, gone in privacy.sweep()]
    if previews := Session.every.delete_previews():
        found.append(f"{previews} previews of studies deleted")
    found += [_swept(intake) for intake in Intake.objects.stale()]
    if gone := sweep_orphans():
        found.append(f"uploaded files of {gone} deleted studies: deleted")
    return found


class Sweeper(threading.Thread):
    """Sweeps every `settings.SWEEP_EVERY` where no other worker has, from the start until `over` is set."""

    def __init__(self) -> None:
        super().__init__(name="sweeper", daemon=True)
        self.over = threading.Event()

    def run(self) -> None:
        """Sweep at each turn; what goes wrong stands in the log and ends no later turn."""
        while True:
            try:
                self._turn()
            except Exception:  # whatever it is, this thread is the only one that would take a lost run up again
                logger.exception("the sweep failed; trying again")
            finally:
                connection.close()
            if self.over.wait(settings.SWEEP_EVERY.total_seconds() / CHECKS_PER_TURN):
                return

    def _turn(self) -> None:
        if SweepTurn.take(settings.SWEEP_EVERY):
            for line in sweep():
                logger.info("sweep: %s", line)


def _sweep_runs(kind: Any) -> list[str]:
    lines = []
    for run in kind.objects.lost():
        if run.resume():
            sent = "resumed" if wake(run) else "queued again, but the broker does not accept its message"
            lines.append(f"{run}: its worker stopped responding at step {run.step}; {sent}")
    for run in kind.objects.forgotten():
        since = f"{run}: waiting since {timezone.localtime(run.queued_at):%Y-%m-%d %H:%M}"
        if wake(run):
            kind.objects.filter(pk=run.pk, status="queued").update(queued_at=Now())
            lines.append(f"{since}; sent again")
        else:
            lines.append(f"{since}; the broker does not accept its message")
    return lines


def _notices() -> list[str]:
    due = Notice.objects.due().count()
    if not due:
        return []
    sent = deliver(notify, about="notices")
    return [
        f"{due} notices will be sent" if sent else f"{due} notices are waiting: the broker does not accept messages"
    ]


def _swept(intake: Intake) -> str:
    intake.sweep()
    return f"{intake}: its files are no longer needed; deleted"
