"""A site of its own for `load.py`, started as in production, and what it takes: memory and processor time, watched."""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks import storm

SAMPLE_INTERVAL_SECONDS = 0.5
SOUND_SECONDS, SOUND_RATE = 10.0, 44100
BYTES_PER_MIB, NANOSECONDS = 1 << 20, 1e9


class Watch:
    """Samples processes while a block runs: memory of the largest web worker, processor time of web and database."""

    def __init__(self, master: int, database: str) -> None:
        self.master, self.database = master, database
        self.memory: list[float] = []
        self.spent: dict[str, dict[int, list[float]]] = {"web": defaultdict(list), "database": defaultdict(list)}
        self.ended = threading.Event()

    def __enter__(self) -> Self:
        self.began = time.monotonic()
        self.sampling = threading.Thread(target=self.sample)
        self.sampling.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.sampling.join()
        self.took = time.monotonic() - self.began

    def sample(self) -> None:
        """Look at all processes until the block has ended, and once more."""
        last = False
        while not last:
            last = self.ended.wait(SAMPLE_INTERVAL_SECONDS)
            workers = children(self.master)
            self.memory.append(max(map(own_memory, workers), default=0.0))
            for name, processes in (("web", workers), ("database", backends(self.database))):
                for process in processes:
                    self.spent[name][process].append(processor_seconds(process))

    def cores(self, name: str) -> float:
        """Return how many cores the web workers, or the database's processes, kept busy on average."""
        return sum(max(each) - min(each) for each in self.spent[name].values()) / self.took


def children(master: int) -> list[int]:
    """Return the processes that gunicorn's master has started."""
    found = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii")
    return [int(each) for each in found.split()]


def backends(database: str) -> list[int]:
    """Return PostgreSQL's processes that serve this database; none for SQLite, which works in the web's own."""
    if database.startswith("sqlite"):
        return []
    import psycopg

    query = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    with psycopg.connect(database) as asking:
        return [pid for (pid,) in asking.execute(query, [database.rpartition("/")[2]])]


def processor_seconds(process: int) -> float:
    """Return the processor time of a process with all its threads; 0 for one that has ended."""
    tasks = Path(f"/proc/{process}/task").glob("*/schedstat")
    try:
        return sum(int(each.read_text(encoding="ascii").split()[0]) for each in tasks) / NANOSECONDS
    except OSError:
        return 0.0


def own_memory(process: int) -> float:
    """Return the memory in MiB that a process has resident (RSS)."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def site(folder: Path, database: str, *, workers: int, threads: int) -> Iterator[storm.Server]:
    """Run the product's web server on an empty database with the open study `load`, as behind a proxy with TLS."""
    own = storm.environment(folder, database) | {"BEHIND_HTTPS": "1", "ALLOWED_HOSTS": "127.0.0.1"}
    os.environ.update(own)  # noqa: TID251
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    if not (folder / "static").exists():
        call_command("collectstatic", verbosity=0, interactive=False)
    options = ["--workers", str(workers), "--threads", str(threads)]
    with storm.Server(own, folder / "server.log", options) as server:
        yield server


def study(folder: Path, *, items: int, systems: int) -> Any:
    """Return an open study of one attribute: `items` trials of `systems` stimuli and two more, of 10 s each."""
    from tests import builders

    rng = np.random.default_rng(1)
    made = builders.study(
        folder, slug="load", title="Load", items=items, systems=systems, attributes=("quality",), replicates=0,
        rate=SOUND_RATE, break_every=0, sound=lambda _frequency: music(rng),
    )  # fmt: skip
    made.open()
    return made


def music(rng: np.random.Generator) -> Any:
    """Return stereo noise that falls by 6 dB an octave: FLAC makes of it about what it makes of music."""
    from lossmodel import audio

    steps = rng.standard_normal((2, round(SOUND_SECONDS * SOUND_RATE))).astype(np.float32)
    walk = np.cumsum(steps, axis=1)
    walk -= np.linspace(0, 1, walk.shape[1], dtype=np.float32) * walk[:, -1:]
    return audio.Audio(0.3 * walk / np.abs(walk).max(), SOUND_RATE)


def store_sessions(study: Any, number: int) -> None:
    """Let so many people have finished the study."""
    from benchmarks import workbench
    from listening.models import Assessor

    workbench.rate(study, Assessor.objects.bulk_create(Assessor() for _ in range(number)))
