"""A real worker in a process of its own, on the test's database and a broker of its own."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from kombu import Connection
from kombu.pidbox import Mailbox

from listening.celery import app
from listening.models import Objective
from tests.waiting import until
from tests.worker.jobs import work_until_the_gate_opens

ROOT = Path(__file__).resolve().parents[2]


class Broker:
    """Where messages go: folders of the test's own, or the configured broker under a queue of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.queue = f"test-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.messages = folder / "broker" / "messages"
        self.messages.mkdir(parents=True)
        self.url = settings.CELERY_BROKER_URL
        self.environment = dict(os.environ) | {  # noqa: TID251
            "VAR_ROOT": str(folder), "MEDIA_ROOT": str(settings.MEDIA_ROOT), "DATABASE_URL": database(),
            "CELERY_BROKER_URL": self.url, "RUN_LOST_AFTER": "300", "LOG_FORMAT": "json", "SWEEP_EVERY": "0",
            "OMP_NUM_THREADS": "1",
        }  # fmt: skip

    def send(self, run: Objective, task=work_until_the_gate_opens) -> bool:
        """Send one message about `run`; True, as it went out."""
        with self.connected() as sending:
            task.apply_async((run.pk,), connection=sending, queue=self.queue)
        return True

    def ask(self, command: str) -> list[dict[str, dict[str, Any]]]:
        """Return what each worker that answers within a second says to a command of remote control, by its name."""
        with self.connected() as asking:
            return Mailbox(app.conf.control_exchange, type="fanout", accept=["json"])(asking).multi_call(command)

    def connected(self) -> Connection:
        """Return a connection to it."""
        folders = dict.fromkeys(("data_folder_in", "data_folder_out"), str(self.messages))
        options = folders | {"control_folder": str(self.folder / "broker" / "control")}
        return Connection(self.url, transport_options=options if self.url.startswith("filesystem") else {})

    def log(self) -> list[dict[str, str]]:
        """Return the lines that the test's workers have logged."""
        return [json.loads(line) for line in (self.folder / "worker.log").read_text().splitlines() if line[:1] == "{"]

    @contextmanager
    def worker(self, *, queues: str = "", **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker, as `celery -A listening worker --pool=solo` does, until the block ends.

        It listens to the test's own queue, unless to other `queues`.
        """
        command = [
            sys.executable, "-m", "celery", "-A", "listening", "worker", "--pool=solo", "-Q", queues or self.queue,
            "-I", "tests.worker.jobs", "--without-gossip", "--without-mingle", "--without-heartbeat",
            "-l", "WARNING", "-n", f"{uuid.uuid4()}@test",
        ]  # fmt: skip
        with (self.folder / "worker.log").open("ab") as log:
            environment = self.environment | environment
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker as a power cut would."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait(30)


def database() -> str:
    """Return the address of the test's database, for another process."""
    own = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{own['NAME']}"
    host = f"{own['HOST'] or 'localhost'}:{own['PORT'] or 5432}"
    return f"postgres://{quote(own['USER'])}:{quote(own['PASSWORD'])}@{host}/{own['NAME']}"


@pytest.fixture
def broker(tmp_path) -> Broker:
    return Broker(tmp_path / "worker")


@pytest.fixture
def gate(tmp_path) -> Path:
    """Return the file that ends the work as soon as it exists."""
    return tmp_path / "gate"


@pytest.fixture
def run(gate) -> Objective:
    return Objective.objects.create(name="work", recipe=str(gate))


def reaches(run: Objective, status: str, *, step: int = 0) -> None:
    """Wait until `run` is in that state, and that far."""

    def there() -> bool:
        run.refresh_from_db()
        return run.status == status and run.step >= step

    until(there, seconds=60)
