"""Requests from outside: spoilt bodies and forms for each address that takes one, and what the API's own text allows.

They are answered in this process, on the database that is set up; an error of the server comes up here as it is.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from django.contrib.auth.models import User
from django.core import signals
from django.core.cache import cache
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse
from schemathesis import GenerationMode

from listening.models import ApiToken, Scope, Study
from listening.wsgi import application
from tests import builders

ORDER = 1_790_000_000_000
KEY = "7d7b3d52-6b0c-4a7f-9c53-2f0f3d1a9d10"
DESCRIPTION = "/api/v1/openapi.json"


@dataclass(frozen=True)
class Address:
    """An address that takes a body of one kind; `good` is one that it accepts."""

    name: str
    url: str
    good: bytes
    content_type: str
    client: Client = field(default_factory=Client)

    def send(self, body: bytes) -> None:
        """Send it; an error of the server is raised, or `AssertionError` for one that it has answered with."""
        cache.clear()
        answer = self.client.generic("POST", self.url, body, content_type=self.content_type)
        assert answer.status_code < 500, f"{answer.status_code} {answer.content[:300]!r}"


def addresses(folder: Path) -> Iterator[Address]:
    """Yield each address, on a study of its own."""
    study = builders.study(folder, replicates=0)
    study.open()
    session = builders.sitting(study)
    slot = session.trials.first().slots.first().token
    own = {"kind": "heard", "sound": slot, "order": 1, "at": ORDER, "value": 0.0, "until": 0.5, "frame": 0}
    batch = {"load": KEY, "trial": 0, "client": {"exact": True, "rate": 44100, "latency": 0.1}, "events": [own]}
    answer = {"slot": slot, "score": 50.5, "order": ORDER, "key": KEY}
    link = session.get_absolute_url()
    for name, body in {"events": batch, "answers": answer}.items():
        yield Address(name, f"{link}{name}", json.dumps(body).encode(), "application/json")
    form = "application/x-www-form-urlencoded"
    yield Address("begin", f"/s/{study.slug}/?PROLIFIC_PID=a", b"answer=agree&ticket=abcdefghijklmnopqrst", form)
    yield Address("resume", f"/s/{study.slug}/resume", f"code={session.code}".encode(), form)
    ended = builders.sitting(study)
    ended.trials.update(finished_at=ended.created_at)
    yield Address("comment", f"{ended.get_absolute_url()}comment", "comment=gut%20–%20b%C3%B6se".encode(), form)
    yield Address("withdraw", f"{builders.sitting(study).get_absolute_url()}withdraw", b"sure=on", form)
    researcher = Client()
    researcher.force_login(User.objects.create_superuser("researcher"))
    draft = Study.objects.create(slug="draft", title="Draft", preset="ward-2")
    told = {"files": [{"name": "a/reference.wav", "size": 1000, "modified": 1}]}
    announced = reverse("admin:listening_study_sounds_files", args=[draft.pk])
    yield Address("announce", announced, json.dumps(told).encode(), "application/json", researcher)


@dataclass(frozen=True)
class Operation:
    """One operation of the API, as schemathesis knows it from the description, with a right to it."""

    name: str
    described: Any
    headers: dict[str, str]

    def cases(self) -> Any:
        """Return requests that the description allows, and others."""
        allowed = self.described.as_strategy(generation_mode=GenerationMode.POSITIVE)
        return allowed | self.described.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    def send(self, case: Any) -> None:
        """Send it; `AssertionError` for an error of the server."""
        cache.clear()
        with same_connection():
            answer = case.call(headers=self.headers)
        assert answer.status_code < 500, (
            f"{case.method} {case.formatted_path}: {answer.status_code} {answer.text[:300]}"
        )


@contextmanager
def same_connection() -> Iterator[None]:
    """Let a request of the WSGI application keep the connection of a test's transaction, as Django's client does."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (signals.request_started, signals.request_finished):
            signal.connect(close_old_connections)


def operations() -> Iterator[Operation]:
    """Yield each operation, for a user who may everything."""
    user = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("researcher")
    _row, secret = ApiToken.objects.issue(user=user, name="fuzz", scopes=list(Scope.values))
    headers = {"Authorization": f"Bearer {secret}"}
    reader = Client()
    reader.force_login(user)
    described = schemathesis.openapi.from_dict(reader.get(DESCRIPTION).json())
    described.app, described.location = application, DESCRIPTION
    for result in described.get_all_operations():
        operation = result.ok()
        yield Operation(f"api {operation.method.upper()} {operation.path}", operation, headers)
