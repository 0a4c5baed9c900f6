"""An installation of its own with real workers, for `faults.py`: what is broken in it, and what must come out."""

import hashlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import storm
from tests.waiting import until

REDIS = os.environ.get("TEST_REDIS_FAULTS", "redis://127.0.0.1:6379/8")  # noqa: TID251
RABBITMQ = os.environ.get("TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672")  # noqa: TID251
RABBITMQ_VHOST = "hearback_faults"
QUEUES = ("celery", "gpu")
SWIFT = {"RUN_LOST_AFTER": "5", "SWEEP_EVERY": "1"}
"""Seconds of silence and between sweeps, so that a fault takes seconds; the defaults have a row of their own."""

READY = " ready."
"""What a worker logs once it takes messages."""
PATIENCE_SECONDS = 300
"""How long a state of a run or worker may take to come, on a machine that has other work too."""

ENOUGH_KIBIBYTES = 64 * 1024
"""A disc on which a training has room."""

STEPS, CHECKPOINT_EVERY = 120, 10
RECIPE = f"""extends = "tiny"
checkpoint_every = {CHECKPOINT_EVERY}
batch = 1

[network]
levels = 3
filters = 4

[data]
seconds = 0.2
"""


@contextmanager
def broker(kind: str) -> Iterator[str]:
    """Give the address of an empty broker; RabbitMQ's virtual host, made by `rabbitmqctl`, is taken away afterwards."""
    if kind == "filesystem":
        yield "filesystem://"
    elif kind == "redis":
        empty_redis()
        yield REDIS
    else:
        subprocess.run(["rabbitmqctl", "-q", "delete_vhost", RABBITMQ_VHOST], check=False, capture_output=True)
        subprocess.run(["rabbitmqctl", "-q", "add_vhost", RABBITMQ_VHOST], check=True)
        everything = ["guest", ".*", ".*", ".*"]
        subprocess.run(["rabbitmqctl", "-q", "set_permissions", "-p", RABBITMQ_VHOST, *everything], check=True)
        try:
            yield f"{RABBITMQ}/{RABBITMQ_VHOST}"
        finally:
            subprocess.run(["rabbitmqctl", "-q", "delete_vhost", RABBITMQ_VHOST], check=False)


def empty_redis() -> None:
    """Delete what the Redis database for this benchmark holds."""
    import redis

    redis.Redis.from_url(REDIS).flushdb()


class Site:
    """A study that was rated, songs to train on, workers, and the results of runs that nothing disturbed."""

    def __init__(self, folder: Path, kind: str, environment: dict[str, str]) -> None:
        self.folder, self.kind, self.environment = folder, kind, environment
        self.undisturbed: dict[str, str] = {}
        self.workers: list[subprocess.Popen[bytes]] = []
        self.made = 0

    def furnish(self) -> None:
        """Make tables, ratings and songs."""
        from django.core.management import call_command

        from listening.exports import ratings
        from separation.data.synthetic import write_songs
        from tests.listening import panel

        call_command("migrate", verbosity=0)
        (self.folder / "sounds").mkdir()
        self.study = panel.voices(self.folder / "sounds")
        panel.rate(self.study)
        self.ratings = ratings.freeze(self.study)
        write_songs(self.folder / "songs", [1], 2.0, 11025)
        (self.folder / "quick.toml").write_text(RECIPE)

    def fit(self) -> Any:
        """Return a new objective to be fitted, always the same."""
        from listening.models import Objective

        run = Objective.objects.create(name="fit", recipe="compact", seed=1)
        run.ratings.set([self.ratings])
        return run

    def training(self, **fields: Any) -> Any:
        """Return a new training, always the same."""
        from listening.models import TrainingRun

        own = {"recipe": str(self.folder / "quick.toml"), "data": str(self.folder / "songs"), "limit": STEPS, "seed": 1}
        return TrainingRun.objects.create(name="training", **own | fields)

    def rendering(self) -> Any:
        """Return a new rendering with the newest checkpoint of the undisturbed training."""
        from listening.models import Checkpoint, Rendering

        self.made += 1
        checkpoint = Checkpoint.objects.filter(step=STEPS, run__status="done").earliest("pk")
        own = {"checkpoint": checkpoint, "study": self.study, "condition": "new", "slug": f"next-{self.made}"}
        return Rendering.objects.create(**own)

    def worker(self, queues: str = ",".join(QUEUES), **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker as docs/install.md does, with settings of its own; return it once it takes messages."""
        log = self.folder / f"worker-{uuid.uuid4().hex[:8]}.log"
        command = [sys.executable, "-m", "celery", "-A", "listening", "worker", "--queues", queues, "--pool", "solo",
                   "-n", f"{log.stem}@faults", "-l", "WARNING"]  # fmt: skip
        with log.open("wb") as lines:
            own = self.environment | SWIFT | environment
            process = subprocess.Popen(command, cwd=storm.ROOT, env=own, stdout=lines, stderr=lines)
        self.workers.append(process)
        until(lambda: READY in log.read_text() or process.poll() is not None, seconds=PATIENCE_SECONDS)
        return process

    def one_worker(self) -> subprocess.Popen[bytes]:
        """Return the worker that is there, or a new one."""
        self.workers = [process for process in self.workers if process.poll() is None]
        return self.workers[0] if self.workers else self.worker()

    def no_worker(self) -> None:
        """Leave no worker alive."""
        for process in self.workers:
            kill(process)

    def empty_broker(self) -> None:
        """Lose every message."""
        if self.kind == "filesystem":
            for message in (self.folder / "broker" / "messages").iterdir():
                message.unlink()
        elif self.kind == "redis":
            empty_redis()
        else:
            for queue in QUEUES:
                command = ["rabbitmqctl", "-q", "purge_queue", "-p", RABBITMQ_VHOST, queue]
                subprocess.run(command, check=False, capture_output=True)

    def restart_database(self) -> None:
        """End every other connection, as a restart of PostgreSQL does."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    @contextmanager
    def tiny_disc(self, run: Any, *, kibibytes: int) -> Iterator[Callable[[], Any]]:
        """Put the folder of a run on a disc of its own that is too small; the block is given what makes room on it."""
        run.folder.mkdir(parents=True)
        disc = ["mount", "-t", "tmpfs", "tmpfs", str(run.folder)]
        subprocess.run([*disc, "-o", f"size={kibibytes}k"], check=True)
        try:
            yield lambda: subprocess.run([*disc, "-o", f"remount,size={ENOUGH_KIBIBYTES}k"], check=True)
        finally:
            subprocess.run(["umount", "--lazy", str(run.folder)], check=True)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker as a power cut would."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait(30)


def reaches(
    run: Any, status: str, *, when: Callable[[], Any] = lambda: True, seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until `run` is in that state, and `when` holds; say what it is instead if it does not come to that."""

    def there() -> bool:
        run.refresh_from_db()
        if run.status == "failed" and status != "failed":
            raise AssertionError(f"{run} failed: {run.message}")
        return run.status == status and bool(when())

    try:
        until(there, seconds=seconds)
    except AssertionError as error:
        raise AssertionError(f"{run} is {run.status} instead of {status}: {error}") from None


def result(run: Any) -> str:
    """Return the hash of what a run made: its weights, or the sounds of the draft that it ends in."""
    from listening.models import Rendering, Stimulus

    if isinstance(run, Rendering):
        made = Stimulus.objects.filter(item__study__rendering=run, condition__name=run.condition)
        parts = [digest.encode() for digest in made.order_by("item__name").values_list("audio__sha256", flat=True)]
    else:
        found = sorted(run.folder.glob("*.safetensors")) or sorted((run.folder / "last").glob("weights.safetensors"))
        parts = [path.read_bytes() for path in found]
    if not parts:
        raise AssertionError(f"{run} left nothing")
    return hashlib.sha256(b"".join(parts)).hexdigest()
