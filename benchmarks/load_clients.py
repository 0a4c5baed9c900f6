"""Many assessors at once, each like a browser as far as the server can tell: the load of `load.py`, in one process.

    python benchmarks/load_clients.py --port P --slug S --what assessors|answers|sounds --clients N --seconds T

Everybody begins, reads the instructions, opens the first trial and fetches its sounds, staggered over `--ramp` seconds.
Then the clock starts. «assessors»: each gives an answer every `ANSWER_SECONDS`, after telling what was played, fetches
the sounds of the next trial meanwhile, and goes on to it. «answers» and «sounds»: each sends one request after another
as fast as they are answered. Prints one JSON object: the seconds that each kind of request took, errors, bytes of
sound, and the newest acknowledged answer of each slot.

A request has a connection of its own, as from a proxy that keeps none, and an address of its own, as behind one. The
time of an answer counts from the moment at which it was due, so that a server that keeps everybody waiting shows it.
"""

import argparse
import asyncio
import json
import random
import re
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

ANSWER_SECONDS = 3.0
"""Seconds between two answers of an assessor."""
TELLING_SECONDS = 1.0
"""By which what was played is told before the answer."""
PARALLEL_SOUNDS = 4
"""Sounds that one browser fetches at a time."""
REPLY_TIMEOUT_SECONDS = 30.0


@dataclass
class Measured:
    """What all clients saw since the clock started."""

    counting: bool = False
    began: float = 0.0
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    sound_bytes: int = 0

    def start(self) -> None:
        """Start the clock."""
        self.began, self.counting = time.monotonic(), True

    def note(self, kind: str, seconds: float, size: int) -> None:
        """Count a reply."""
        if self.counting:
            self.seconds[kind].append(seconds)
            self.sound_bytes += size * (kind == "sound")


@dataclass
class Trial:
    """A trial's page: its address, the tokens of its stimuli, and where its sounds and those of the next one are."""

    address: str
    position: int
    slots: list[str]
    sounds: list[str]
    ahead: list[str]


class Assessor:
    """One browser. `newest` is what each slot must hold in the end: (order, score) by its token."""

    def __init__(self, asked: argparse.Namespace, measured: Measured, number: int) -> None:
        self.asked, self.measured, self.number = asked, measured, number
        self.rng, self.load = random.Random(asked.seed * 100_003 + number), str(uuid.UUID(int=number))
        self.order, self.events, self.cookie, self.link = 0, 0, "", ""
        self.newest: dict[str, tuple[int, float]] = {}
        self.fetched: set[str] = set()
        self.trial: Trial | None = None

    async def arrive(self) -> None:
        """Begin, and open the first trial with its sounds; a reply that leads nowhere is an error."""
        try:
            await self.begin()
        except ValueError:
            self.measured.errors["could not begin"] += 1

    async def begin(self) -> None:
        """Begin, and open the first trial with its sounds."""
        page, head = await self.request("GET", f"/s/{self.asked.slug}/", kind="consent page")
        self.cookie = first(r"(?i)set-cookie: (csrftoken=[^;]+)", head)
        form = {name: first(rf'name="{name}" value="([^"]+)"', page) for name in ("csrfmiddlewaretoken", "ticket")}
        _, head = await self.request("POST", f"/s/{self.asked.slug}/", kind="begin", form=form | {"answer": "agree"})
        self.link = first(r"(?i)location: (\S+)", head)
        await self.request("GET", self.link, kind="instructions page")
        await self.request("POST", f"{self.link}instructions", kind="instructions")
        self.trial = trial_of((await self.request("GET", self.link, kind="trial page"))[0])
        await self.fetch(self.trial.sounds if self.trial else [])

    async def sit(self, until: float) -> None:
        """Rate, an answer every `ANSWER_SECONDS`, until that time or the last trial."""
        due = time.monotonic() + self.rng.uniform(TELLING_SECONDS, ANSWER_SECONDS)
        while (trial := self.trial) and due < until:
            ahead = asyncio.create_task(self.fetch(trial.ahead))
            for slot in trial.slots:
                await asyncio.sleep(max(0, due - TELLING_SECONDS - time.monotonic()))
                await self.tell(trial, slot)
                await asyncio.sleep(max(0, due - time.monotonic()))
                await self.answer(slot, due=due)
                due = max(due + ANSWER_SECONDS, time.monotonic())
            await ahead
            await self.go_on(trial)

    async def go_on(self, trial: Trial) -> None:
        """Finish `trial` and open what comes in its place, with those of its sounds that are not there yet."""
        page, _ = await self.request("POST", trial.address, kind="next trial", headers={"In-Place": "1"})
        self.trial = trial_of(page)
        await self.fetch(self.trial.sounds if self.trial else [])

    async def tell(self, trial: Trial, *slots: str) -> None:
        """Tell that stimuli were played to their end."""
        events: list[dict[str, Any]] = []
        for slot in slots:
            for what in (
                {"kind": "play"},
                {"kind": "heard", "value": 0.0, "until": 1.5},
                {"kind": "rate", "value": 50},
            ):
                self.events += 1
                events.append(what | {"sound": slot, "order": self.events, "at": round(time.time() * 1000), "frame": 0})
        batch = {"load": self.load, "trial": trial.position, "client": {"exact": True}, "events": events}
        await self.request("POST", f"{self.link}events", kind="events", body=batch)

    async def answer(self, slot: str, *, due: float | None = None) -> None:
        """Give an answer; what is acknowledged is remembered."""
        self.order += 1
        score = round(self.rng.uniform(0, 100), 1)
        body = {"slot": slot, "score": score, "order": self.order, "key": str(uuid.UUID(int=self.rng.getrandbits(128)))}
        reply, _ = await self.request("POST", f"{self.link}answers", kind="answer", body=body, due=due)
        if reply.startswith('{"saved": true'):
            self.newest[slot] = self.order, score

    async def answer_without_pause(self, until: float) -> None:
        """Give answers about the first trial's stimuli, one after another."""
        assert self.trial
        while time.monotonic() < until:
            for slot in self.trial.slots:
                await self.answer(slot)

    async def fetch_without_pause(self, until: float) -> None:
        """Fetch the first trial's sounds, one after another, again and again."""
        assert self.trial
        while time.monotonic() < until:
            for address in self.trial.sounds:
                await self.request("GET", address, kind="sound")

    async def fetch(self, addresses: list[str]) -> None:
        """Fetch those sounds that are not in this browser's cache."""
        wanted = [address for address in addresses if address not in self.fetched]
        self.fetched |= set(wanted)
        for start in range(0, len(wanted), PARALLEL_SOUNDS):
            some = wanted[start : start + PARALLEL_SOUNDS]
            await asyncio.gather(*(self.request("GET", address, kind="sound") for address in some))

    async def request(
        self, method: str, path: str, *, kind: str, due: float | None = None, **what: Any
    ) -> tuple[str, str]:
        """Return (body, head) of the reply, without the body of a sound; an error is counted, and its reply empty."""
        began = due or time.monotonic()
        try:
            async with asyncio.timeout(REPLY_TIMEOUT_SECONDS):
                status, head, body = await self.exchange(self.written(method, path, **what))
        except (OSError, TimeoutError, EOFError, ValueError, IndexError) as error:
            self.measured.errors[f"{kind}: {type(error).__name__}"] += 1
            return "", ""
        if status >= 400:
            self.measured.errors[f"{kind}: {status}"] += 1
            return "", ""
        self.measured.note(kind, time.monotonic() - began, len(body))
        return ("" if kind == "sound" else body.decode()), head

    async def exchange(self, request: bytes) -> tuple[int, str, bytes]:
        """Return (status, head, body) of a whole reply."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.asked.port, limit=1 << 21)
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"(?i)content-length: (\d+)", head)
            body = await (reader.readexactly(int(length[1])) if length else reader.read())
        finally:
            writer.close()
        return int(head.split()[1]), head, body

    def written(self, method: str, path: str, *, form: Any = None, body: Any = None, headers: Any = None) -> bytes:
        """Return a request as the proxy in front passes it on."""
        content = json.dumps(body) if body else urlencode(form or {})
        place, host = divmod(self.number, 250)
        lines = {
            "Host": f"127.0.0.1:{self.asked.port}", "Origin": f"https://127.0.0.1:{self.asked.port}",
            "X-Forwarded-Proto": "https", "X-Forwarded-For": f"10.{self.asked.seed % 250}.{place}.{host}",
            "Connection": "close", "Content-Length": str(len(content)), "Accept-Language": "en",
            "Content-Type": "application/json" if body else "application/x-www-form-urlencoded",
            **({"Cookie": self.cookie} if self.cookie else {}), **(headers or {}),
        }  # fmt: skip
        head = "\r\n".join([f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())])
        return f"{head}\r\n\r\n{content}".encode()


def trial_of(page: str) -> Trial | None:
    """Return the trial that a page shows; None for another page."""
    address = re.search(r'action="(\S+/trials/(\d+))"', page)
    if not address:
        return None
    data = json.loads(first(r'<script id="page-data" type="application/json">(.*?)</script>', page))
    slots = re.findall(r'data-token="([^"]+)"', page)
    return Trial(address[1], int(address[2]), slots, data["sounds"], data["ahead"])


def first(pattern: str, text: str) -> str:
    """Return what the pattern's group holds; raise `ValueError` where it is not found."""
    if not (found := re.search(pattern, text, re.DOTALL)):
        raise ValueError(f"{pattern} is not in a reply of {len(text)} characters")
    return found[1]


async def load(asked: argparse.Namespace) -> dict[str, Any]:
    """Let everybody in, then run; return what was measured."""
    measured = Measured()
    crowd = [Assessor(asked, measured, number) for number in range(asked.clients)]
    await asyncio.gather(*(later(n * asked.ramp / len(crowd), each.arrive) for n, each in enumerate(crowd)))
    if asked.what == "answers":
        await asyncio.gather(*(each.tell(each.trial, *each.trial.slots) for each in crowd if each.trial))
    measured.start()
    until = measured.began + asked.seconds
    runs = {"assessors": Assessor.sit, "answers": Assessor.answer_without_pause, "sounds": Assessor.fetch_without_pause}
    await asyncio.gather(*(runs[asked.what](each, until) for each in crowd if each.trial))
    took = time.monotonic() - measured.began
    newest = dict(pair for each in crowd for pair in each.newest.items())
    return {
        "began": sum(each.trial is not None or bool(each.newest) for each in crowd), "took": took,
        "seconds": measured.seconds, "errors": measured.errors, "sound_bytes": measured.sound_bytes, "newest": newest,
        "processor_seconds": time.process_time(),
    }  # fmt: skip


async def later(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    """Do it after that many seconds."""
    await asyncio.sleep(seconds)
    await act()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=["assessors", "answers", "sounds"], default="assessors")
    parser.add_argument("--slug", required=True)
    for name, default in {"port": 8000, "clients": 10, "seed": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, default in {"ramp": 1.0, "seconds": 10.0}.items():
        parser.add_argument(f"--{name}", type=float, default=default)
    return parser.parse_args()


if __name__ == "__main__":
    json.dump(asyncio.run(load(arguments())), sys.stdout)
