"""What a run waits for, in words: a worker that nobody started, another run, or the sweep that finds silent ones."""

import datetime as dt

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from listening import tasks
from listening.admin import workers
from listening.heartbeat import BEATS_PER_LOST_AFTER
from listening.models import RUN_MODELS, Run

ASK_AGAIN_SECONDS = 15
"""Workers take a second to answer: they are asked so rarely, whoever looks."""
SHOWN_IN_MINUTES = dt.timedelta(minutes=2)
SHORT_WAIT_SECONDS = 5
"""A run that has waited for less is only queued."""


def silence(run: Run) -> str:
    """Return since when a running run is silent, in words; "" while its worker beats."""
    since = run.silence
    if since is None or since < 2 * settings.RUN_LOST_AFTER / BEATS_PER_LOST_AFTER:
        return ""
    if since < SHOWN_IN_MINUTES:
        return _("silent for %d seconds") % since.total_seconds()
    minutes = round(since.total_seconds() / 60)
    return ngettext("silent for %d minute", "silent for %d minutes", minutes) % minutes


def reason(run: Run, *, ask: bool) -> str:
    """Return what a run waits for and what ends the waiting; "" for one that works, ended or was just queued.

    Workers are asked only with `ask`.
    """
    if silence(run):
        return _sweep(run)
    waited = (timezone.now() - run.queued_at).total_seconds()
    if run.status != "queued" or waited < SHORT_WAIT_SECONDS:
        return ""
    queue = tasks.queue_of(run)
    if working_on(queue):  # unnamed: it may be of a study that this user does not see
        return _("waiting until a worker of the queue %s has finished another run") % queue
    if not ask or listens(queue):
        return ""
    told = _("No worker listens to the queue %(queue)s. Start one: celery -A listening worker -Q %(queue)s")
    return told % {"queue": queue}


def working_on(queue: str) -> list[Run]:
    """Return the runs of a queue that a worker works on: one with a single process answers nobody meanwhile."""
    running = [run for model in RUN_MODELS for run in model.objects.filter(status="running")]
    return [run for run in running if tasks.queue_of(run) == queue and not silence(run)]


def listens(queue: str) -> bool:
    """Tell whether a worker of this queue has answered of late."""
    found = cache.get("workers alive")
    if found is None:
        found = [queues.split(", ") for _name, queues in workers.alive()]
        cache.set("workers alive", found, ASK_AGAIN_SECONDS)
    return any(queue in queues for queues in found)


def _sweep(run: Run) -> str:
    if run.is_lost:
        return _("its worker has stopped; another takes over at its next sweep, or press Resume")
    return (
        _("another worker will take over after %d seconds without a heartbeat")
        % settings.RUN_LOST_AFTER.total_seconds()
    )
