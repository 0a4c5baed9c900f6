"""What the installation stands on and who works for it: checks, queues with their workers, discs, versions."""

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from listening import checks, metrics, webhook
from listening.admin import waiting, workers
from listening.models import RUN_MODELS
from listening.models.run import Status
from listening.tasks import queue_of


@dataclass(frozen=True)
class Queue:
    """A queue: the runs that wait in it and since when, those worked on, and who listens to it."""

    name: str
    queued: int
    since: Any
    running: int
    workers: list[str]

    @property
    def deserted(self) -> bool:
        """Tell whether nobody listens; a worker with a single process does not answer while it works."""
        return not self.workers and not waiting.working_on(self.name)

    @property
    def command(self) -> str:
        """Return what starts a worker for it; that of the GPU must not fork."""
        return f"celery -A listening worker -Q {self.name}" + " --pool solo" * (self.name == "gpu")


@dataclass(frozen=True)
class Disc:
    """A disc that holds some of the site's folders, with its bytes."""

    folders: str
    free: int
    total: int

    @property
    def full(self) -> bool:
        """Tell whether there is too little room."""
        return self.free < checks.MIN_FREE_BYTES


def show(request: HttpRequest) -> HttpResponse:
    """Show the page to superusers; asking the workers takes a second."""
    if not request.user.is_superuser:
        raise PermissionDenied
    return render(request, "admin/system.html", admin.site.each_context(request) | contents())


def contents() -> dict[str, Any]:
    """Return what the page shows. What does not answer is said in its place."""
    found = checks.outcome(checks.broker)
    others = {name: checks.outcome(check) for name, check in checks.CHECKS.items() if name != "broker"}
    answered = workers.machines() if found[0] else []
    return {
        "title": _("System"), "checks": others | {"broker": found}, "queues": list(queues(answered)),
        "machines": answered, "discs": list(discs()), "gpus": workers.gpus(), "versions": versions(),
        "now": timezone.now(), "told": [*settings.NOTIFY_EMAIL, *filter(None, [settings.NOTIFY_WEBHOOK])],
        "secret": webhook.secret(None) if settings.NOTIFY_WEBHOOK else "",
    }  # fmt: skip


def queues(answered: list[workers.Machine]) -> Iterator[Queue]:
    """Yield each queue that runs are sent to."""
    states = [each for model in RUN_MODELS for each in metrics.run_states(model)]
    for name in sorted(set(map(queue_of, RUN_MODELS))):
        own = [each for each in states if each.queue == name]
        queued = [each for each in own if each.state == Status.QUEUED]
        since = timezone.now() - max(each.waited for each in queued) if queued else None
        running = sum(each.number for each in own if each.state == Status.RUNNING)
        listening = [each.name for each in answered if name in each.queues]
        yield Queue(name, sum(each.number for each in queued), since, running, listening)


def discs() -> Iterator[Disc]:
    """Yield each disc of this machine that holds folders of the site."""
    folders = {"VAR_ROOT": settings.VAR_ROOT, "MEDIA_ROOT": settings.MEDIA_ROOT, "INTAKE_DIR": settings.INTAKE_DIR}
    holds: dict[int, list[str]] = {}
    for name, folder in folders.items():
        if Path(folder).is_dir():
            holds.setdefault(Path(folder).stat().st_dev, []).append(name)
    for names in holds.values():
        usage = shutil.disk_usage(folders[names[0]])
        yield Disc(", ".join(names), usage.free, usage.total)


def versions() -> dict[str, str]:
    """Return the version of what runs here, by its name."""
    return {"Hearback": version("hearback"), "Django": django.get_version(), "Python": platform.python_version()}
