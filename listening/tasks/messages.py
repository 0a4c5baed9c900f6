"""Messages that wake workers: which task carries out a run, and what happens where no broker takes the message."""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from kombu.exceptions import KombuError

from listening.models import Run
from listening.tasks.align import align
from listening.tasks.analyse import analyse
from listening.tasks.fit import fit
from listening.tasks.prepare import prepare
from listening.tasks.render import render
from listening.tasks.train import train

UNREACHABLE = (KombuError, OSError)
"""What a message ends in that no broker takes: refused, timed out, or a folder that cannot be written."""

DEFAULT_QUEUE = "celery"
"""Where Celery sends what `settings.CELERY_TASK_ROUTES` sends nowhere else."""

logger = logging.getLogger(__name__)


def queue_of(run: Run | type[Run]) -> str:
    """Return the queue that the message of a run, or of this kind of run, goes to."""
    routes: dict[str, dict[str, str]] = settings.CELERY_TASK_ROUTES
    return routes.get(task_of(run).name, {}).get("queue", DEFAULT_QUEUE)


def task_of(run: Run | type[Run]) -> Any:
    """Return the task that carries out this kind of run."""
    known = {
        "objective": fit, "trainingrun": train, "rendering": render, "preparation": prepare, "analysis": analyse,
        "lyricsalignment": align,
    }  # fmt: skip
    return known[str(run._meta.model_name)]


def send(run: Run) -> None:
    """Wake a worker once the row is committed. A broker that is down stands in the log: `sweep` sends again."""
    transaction.on_commit(lambda: wake(run))


def wake(run: Run) -> bool:
    """Wake a worker for `run`, whose row is committed; False, with an error in the log, where no message goes out."""
    return deliver(task_of(run), run.pk, about=f"{run._meta.model_name}/{run.pk}")


def deliver(task: Any, *args: Any, about: str) -> bool:
    """Send a message; False, with an error in the log, where the broker does not take it."""
    try:
        task.delay(*args)
    except UNREACHABLE as error:
        logger.error("%s: the broker does not accept its message (%s); a sweep will send it again", about, error)  # noqa: TRY400
        return False
    return True
