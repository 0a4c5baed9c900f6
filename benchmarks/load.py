"""How many assessors a site bears at once: answers, sounds and memory under load, on PostgreSQL and on SQLite.

    python benchmarks/load.py [--quick] [--assessors 300] [--seconds 60] [--stored 5000] [--json FILE]

Starts the product's web server as in production on a site of its own, and `load_clients.py` beside it, in a process of
its own, three times: on PostgreSQL, on PostgreSQL with many finished sessions, and on SQLite with fewer assessors. Each
time assessors rate at their pace; on PostgreSQL, answers and sounds are then sent as fast as they are taken, and the
processor time of each kind of request is measured, one at a time. In the end every acknowledged answer must stand in
the database, and no other. Exit status 1 if one is lost or doubled, or a request failed.

Figures of a machine that has other work too are marked «loaded»: times are then no property of the site, but processor
times and losses are. PostgreSQL is used in a database of its own, dropped afterwards (TEST_POSTGRES names the server).
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks import chaos, load_clients, load_site, storm

CLIENTS = Path(__file__).with_name("load_clients.py")
ITEMS, SYSTEMS = 6, 6
CLOSED_LOOP_CLIENTS, SOUND_CLIENTS = 16, 4
BYTES_PER_MB = 1e6
LOADED_SHARE = 0.3
"""Of the cores, that others may keep busy before times are no property of the site any more."""
BEGUN_PER_SECOND = 5.0
SQLITE_SHARE = 6
"""SQLite gets one assessor for so many on PostgreSQL: 50 for 300."""
GOALS = {
    "answer p99 (ms)": "≤ 100, SQLite ≤ 150", "answers/s, as fast as taken": "≥ 400", "sounds (MB/s)": "≥ 150",
    "memory of a web worker (MB)": "≤ 150", "its growth in the last third (MB)": "flat", "errors": "0",
    "answers lost": "0", "rows too many": "0", "answer (ms of processor)": "5.4 before",
    "trial page (ms of processor)": "≤ 14, 28 before",
    "next trial (ms of processor)": "", "sound (ms of processor)": "≤ 2.8, 5.6 before",
    "begin (ms of processor)": "16 before",
}  # fmt: skip
FAULTS = ("errors", "answers lost", "rows too many")


def main() -> int:
    asked = arguments()
    small = max(2, asked.assessors // SQLITE_SHARE)
    sites = {
        "PostgreSQL": ("postgres", asked.assessors, 0),
        f"{asked.stored} sessions stored": ("postgres", asked.assessors, asked.stored),
        f"SQLite, {small} assessors": ("sqlite", small, 0),
    }
    columns = {}
    apart = multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1)  # the settings are read once a process
    with tempfile.TemporaryDirectory() as folder, apart:
        for name, (kind, assessors, stored) in sites.items():
            columns[name] = apart.apply(measure, (asked, Path(folder), kind, assessors, stored))
            if asked.json:
                asked.json.write_text(json.dumps(columns, indent=1), encoding="utf-8")
    table(asked, columns)
    return int(any(figures.get(name) for figures in columns.values() for name in FAULTS))


def measure(asked: argparse.Namespace, folder: Path, kind: str, assessors: int, stored: int) -> dict[str, Any]:
    """Return the figures of one site."""
    with (
        chaos.database(kind, folder, "hearback_load") as database,
        load_site.site(folder, database, workers=asked.workers, threads=asked.threads) as server,
    ):
        load_site.store_sessions(load_site.study(folder, items=ITEMS, systems=SYSTEMS), stored)
        run = Run(server, database, asked.seconds)
        figures = run.assessors(assessors)
        if kind == "postgres":
            figures |= run.answers() | run.sounds() | run.costs()
        return figures | run.verdict()


@dataclass
class Run:
    """What clients did to one site, one kind of load after another, and what they saw."""

    server: storm.Server
    database: str
    seconds: float
    newest: dict[str, tuple[int, float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)

    def assessors(self, clients: int) -> dict[str, Any]:
        """Return the figures of assessors who rate at their pace."""
        seen, watch = self.let("assessors", clients, seed=1, seconds=self.seconds, ramp=clients / BEGUN_PER_SECOND)
        figures: dict[str, Any] = {"assessors": seen["began"], "answers/s, at their pace": rate(seen, "answer")}
        for kind in ("answer", "events", "next trial", "sound"):
            figures |= {f"{kind} p{share} (ms)": share_of(seen["seconds"].get(kind, []), share) for share in (50, 99)}
        third = len(watch.memory) // 3
        figures["memory of a web worker (MB)"] = round(max(watch.memory))
        figures["its growth in the last third (MB)"] = round(max(watch.memory) - max(watch.memory[: 2 * third + 1]), 1)
        figures |= {f"cores busy: {name}": round(watch.cores(name), 2) for name in watch.spent}
        return figures | {"load average": round(os.getloadavg()[0], 1)}

    def answers(self) -> dict[str, Any]:
        """Return how many answers are taken in a second."""
        seen, _ = self.let("answers", CLOSED_LOOP_CLIENTS, seed=2, seconds=self.seconds / 3, ramp=4.0)
        return {"answers/s, as fast as taken": rate(seen, "answer")}

    def sounds(self) -> dict[str, Any]:
        """Return how much sound is sent in a second."""
        seen, _ = self.let("sounds", SOUND_CLIENTS, seed=3, seconds=self.seconds / 3, ramp=1.0)
        return {"sounds (MB/s)": round(seen["sound_bytes"] / seen["took"] / BYTES_PER_MB)}

    def costs(self) -> dict[str, Any]:
        """Return the processor time of the web's process, in ms, that each kind of request takes (median)."""
        workers = load_site.children(self.server.process.pid)
        alone = Alone(self.server.port, lambda: sum(map(load_site.processor_seconds, workers)))
        asyncio.run(alone.sit_alone())
        self.note(alone.newest, alone.measured.errors)
        own = {f"{kind} (ms of processor)": round(1000 * median(spent), 1) for kind, spent in alone.spent.items()}
        return {name: own[name] for name in sorted(own)}

    def let(self, what: str, clients: int, **options: float) -> tuple[dict[str, Any], load_site.Watch]:
        """Let clients do that; return what they saw, and what the site took meanwhile."""
        options |= {"port": self.server.port, "clients": clients}
        command = [sys.executable, CLIENTS, "--slug=load", f"--what={what}"]
        command += [f"--{name}={value}" for name, value in options.items()]
        with load_site.Watch(self.server.process.pid, self.database) as watch:
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        seen = json.loads(done.stdout)
        self.note({token: tuple(given) for token, given in seen["newest"].items()}, seen["errors"])
        return seen, watch

    def note(self, newest: Mapping[str, tuple[int, float]], errors: Mapping[str, int]) -> None:
        """Remember what was acknowledged, and what failed."""
        self.newest |= newest
        self.errors.update(errors)

    def verdict(self) -> dict[str, Any]:
        """Compare what was acknowledged with the database: what is not as the client gave it, and what nobody gave."""
        from listening.models import Rating

        print(*(f"{what}: {number}" for what, number in self.errors.items()), sep="\n", end="", file=sys.stderr)
        rows = Rating.objects.filter(order__gt=0).values_list("slot__token", "order", "score")
        stored = {token: (order, score) for token, order, score in rows}
        return {
            "answers acknowledged": len(self.newest),
            "errors": sum(self.errors.values()),
            "answers lost": sum(stored.get(token) != given for token, given in self.newest.items()),
            "rows too many": len(rows) - len(stored.keys() & self.newest.keys()),
        }


class Alone(load_clients.Assessor):
    """One assessor on a site that nobody else uses: `spent` are the seconds of processor time of each request."""

    def __init__(self, port: int, processor_seconds: Callable[[], float]) -> None:
        super().__init__(Namespace(port=port, slug="load", seed=4), load_clients.Measured(), number=0)
        self.processor_seconds = processor_seconds
        self.spent: dict[str, list[float]] = defaultdict(list)

    async def sit_alone(self) -> None:
        """Go through the sitting without pauses, one request at a time; begin a few more."""
        await self.arrive()
        while trial := self.trial:
            for slot in trial.slots:
                await self.tell(trial, slot)
                await self.answer(slot)
            await self.request("GET", self.link, kind="trial page")
            await self.go_on(trial)

    async def fetch(self, addresses: list[str]) -> None:
        """Fetch them one after another."""
        for address in addresses:
            await self.request("GET", address, kind="sound")

    async def request(self, method: str, path: str, *, kind: str, **what: Any) -> tuple[str, str]:
        """Note what it took."""
        before = self.processor_seconds()
        reply = await super().request(method, path, kind=kind, **what)
        self.spent[kind].append(self.processor_seconds() - before)
        return reply


def rate(seen: Mapping[str, Any], kind: str) -> float:
    """Return how many requests of a kind were answered in a second."""
    return round(len(seen["seconds"].get(kind, [])) / seen["took"], 1)


def share_of(seconds: list[float], share: int) -> float:
    """Return the time in ms within which that share (%) of the requests was answered."""
    return round(1000 * quantiles(seconds, n=100)[share - 1], 1) if len(seconds) > 1 else float("nan")


def table(asked: argparse.Namespace, columns: Mapping[str, Mapping[str, Any]]) -> None:
    """Print a row for each figure, a column for each site, and the goal."""
    print(f"{asked.workers} web processes of {asked.threads} threads, {os.cpu_count()} cores, {asked.seconds:g} s each")
    if asked.load_before > LOADED_SHARE * (os.cpu_count() or 1):
        print(f"loaded: before the start the load average was {asked.load_before:.1f}, so others work on this machine")
    names = list(dict.fromkeys(name for figures in columns.values() for name in figures))
    print(f"{'':34}" + "".join(f"{name:>24}" for name in columns) + "  goal")
    for name in names:
        values = (str(figures.get(name, "")) for figures in columns.values())
        print(f"{name:34}" + "".join(f"{value:>24}" for value in values) + f"  {GOALS.get(name, '')}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a minute: few assessors, for a few seconds")
    for name, default in {"assessors": 300, "stored": 5000, "workers": os.cpu_count(), "threads": 8}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.quick:
        asked.assessors, asked.stored, asked.seconds = 24, 100, 6.0
    asked.load_before = os.getloadavg()[0]
    return asked


if __name__ == "__main__":
    sys.exit(main())
