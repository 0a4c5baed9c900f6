"""Which workers answer, and what they listen to: asked beside the page, since that takes a second."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from listening.celery import app
from listening.tasks.machine import MACHINE, gpus

__all__ = ["Machine", "alive", "gpus", "machines", "show"]

ANSWER_WITHIN = 1.0
"""Seconds that a worker has to answer."""


@dataclass(frozen=True)
class Machine:
    """A worker with its queues, and what it says of its machine: device of trainings, GPUs, bytes free for files."""

    name: str
    queues: list[str]
    device: str
    gpus: list[str]
    free: int


def show(request: HttpRequest) -> HttpResponse:
    """Answer with the piece of the home page that names the workers and the queues they take from."""
    return render(request, "admin/workers.html", {"workers": alive()})


def alive() -> list[tuple[str, str]]:
    """Return the name of each worker that answers, with its queues; an empty list where none does, or no broker."""
    try:
        found: dict[str, list[dict[str, Any]]] | None = app.control.inspect(timeout=ANSWER_WITHIN).active_queues()
    except (OSError, app.connection().connection_errors):  # a broker that is down: no worker can be reached either
        return []
    return [(name, ", ".join(queue["name"] for queue in queues)) for name, queues in sorted((found or {}).items())]


def machines() -> list[Machine]:
    """Return the workers that answer, by name; an empty list where none does, or no broker."""
    try:
        answers = app.control.broadcast(MACHINE, reply=True, timeout=ANSWER_WITHIN) or []
    except (OSError, app.connection().connection_errors):
        return []
    told = {name: said for answer in answers for name, said in answer.items() if "queues" in said}
    return [Machine(name, **said) for name, said in sorted(told.items())]
