"""Assessors over a bad network, and a server that is killed under them: what `chaos.py` lets loose.

Each client is an assessor's browser as far as the network can tell: it begins a sitting, tells page by page what its
mixer played, gives answers over raw sockets, keeps each until the server has acknowledged it, and goes on. It sends
forms, what was heard and answers twice at the same time, answers in another order than they were given, and cuts
connections half-way or right before the reply. Meanwhile gunicorn and all its workers are killed with -9 and started
again. In the end the database is read: every slot must hold, in one row, exactly the newest answer by its client's own
order.
"""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
DOUBLED_SHARE, REORDERED_SHARE, CUT_SHARE = 0.15, 0.15, 0.1
"""Shares of answers that are sent twice at once, after the next one, and first over a connection that is cut."""

COUNTED_EVENTS = ("accepted", "retried", "doubled", "reordered", "cut", "killed", "server errors")
HEARD_SECONDS = 0.5
"""What a browser played of each sound before it is rated: all of those that `tests.builders` makes."""

REPLY_TIMEOUT_SECONDS = 15.0
"""Seconds without a reply after which a connection is given up."""

MAX_OUTAGE_SECONDS = 120.0
"""Seconds without any whole reply after which the server is not expected to come back."""


class Server:
    """Gunicorn on a port of its own, to be killed with all its workers; `options` are gunicorn's."""

    def __init__(
        self, environment: dict[str, str], log: Path, options: Sequence[str] = ("--workers", "2", "--threads", "4")
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment, self.log, self.options, self.kills = environment, log, options, 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it; whoever connects before it listens is refused and must come again."""
        command = [sys.executable, "-m", "gunicorn", "listening.wsgi", "--bind", f"127.0.0.1:{self.port}",
                   *self.options, "--log-level", "warning"]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """End master and workers at once, without a chance to finish anything."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Tally:
    """What all clients have seen. Kills the server whenever another share of the answers is in."""

    server: Server
    answers: int
    kills: int
    counts: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        """Count what has happened once more."""
        with self.lock:
            self.counts[what] += 1

    def accepted(self, seconds: float) -> None:
        """Count an acknowledged answer and the time it took; kill the server if that is due."""
        with self.lock:
            self.counts["accepted"] += 1
            self.waits.append(seconds)
            due = self.counts["accepted"] * (self.kills + 1) >= (self.counts["killed"] + 1) * self.answers
            if due and self.counts["killed"] < self.kills:
                self.counts["killed"] += 1
                self.server.kill()
                self.server.start()

    def share(self, part: float) -> float:
        """Return the time in ms within which that part of the answers was acknowledged."""
        return 1000 * sorted(self.waits)[min(len(self.waits) - 1, int(part * len(self.waits)))]


class Client:
    """One assessor's browser. `newest` is what each slot must hold in the end: (order, score) by its token."""

    def __init__(self, tally: Tally, slug: str, answers_a_page: int, seed: int) -> None:
        self.tally, self.slug, self.answers_a_page = tally, slug, answers_a_page
        self.rng, self.pause = random.Random(seed), threading.Event()
        self.order, self.cookie = 0, ""
        self.newest: dict[str, tuple[int, float]] = {}

    def sit(self) -> None:
        """Go from consent to thanks."""
        link = self.begin()
        self.patiently("POST", f"{link}instructions")
        page = self.patiently("GET", link)[2]
        while action := re.search(r'action="(\S+/trials/\d+)"', page):
            slots = re.findall(r'data-token="([^"]+)"', page)
            self.hear(link, slots, trial=int(action[1].rpartition("/")[2]))
            self.rate(link, slots)
            run_twice_at_once(lambda address=action[1]: self.patiently("POST", address))
            page = self.patiently("GET", link)[2]
        self.patiently("POST", f"{link}comment", form={"comment": "done"})

    def begin(self) -> str:
        """Agree, twice at the same time; return the personal link, which must be one."""
        _, head, page = self.patiently("GET", f"/s/{self.slug}/")
        self.cookie = re.findall(r"(?i)set-cookie: (csrftoken=[^;]+)", head)[0]
        form = {
            name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0] for name in ("csrfmiddlewaretoken", "ticket")
        }
        replies = run_twice_at_once(lambda: self.patiently("POST", f"/s/{self.slug}/", form=form | {"answer": "agree"}))
        links = {re.findall(r"(?i)location: (\S+)", head)[0] for _, head, _ in replies}
        if len(links) > 1:
            raise AssertionError(f"one form, sent twice, began {len(links)} sittings")
        return links.pop()

    def hear(self, link: str, slots: list[str], *, trial: int) -> None:
        """Tell that every stimulus of the page was played, without which no answer is stored."""
        stretch = {"kind": "heard", "value": 0.0, "until": HEARD_SECONDS, "at": 0}
        events = [stretch | {"sound": slot, "order": order} for order, slot in enumerate(slots, start=1)]
        load = str(uuid.UUID(int=self.rng.getrandbits(128)))
        batch = {"load": load, "trial": trial, "client": {"exact": True}, "events": events}
        if self.rng.random() < DOUBLED_SHARE:
            self.tally.note("doubled")
            run_twice_at_once(lambda: self.send(f"{link}events", batch, saved=len(events)))
        else:
            self.send(f"{link}events", batch, saved=len(events))

    def rate(self, link: str, slots: list[str]) -> None:
        """Give this page's answers, each slot at least once; they leave in about that order."""
        chosen = slots + self.rng.choices(slots, k=self.answers_a_page - len(slots))
        self.rng.shuffle(chosen)
        answers = [self.answer(slot) for slot in chosen]
        for place in range(1, len(answers)):
            if self.rng.random() < REORDERED_SHARE:
                self.tally.note("reordered")
                answers[place - 1 : place + 1] = answers[place], answers[place - 1]
        for answer in answers:
            began = time.monotonic()
            if self.rng.random() < DOUBLED_SHARE:
                self.tally.note("doubled")
                run_twice_at_once(lambda answer=answer: self.send(f"{link}answers", answer))
            else:
                self.send(f"{link}answers", answer)
            self.tally.accepted(time.monotonic() - began)

    def answer(self, slot: str) -> dict[str, Any]:
        """Return the next answer, about `slot`, and remember it as the newest there."""
        self.order += 1
        score = round(self.rng.uniform(0, 100), 1)
        self.newest[slot] = self.order, score
        return {"slot": slot, "score": score, "order": self.order, "key": str(uuid.UUID(int=self.rng.getrandbits(128)))}

    def send(self, address: str, answer: dict[str, Any], *, saved: Any = True) -> None:
        """Send `answer`, or what was heard, until it is acknowledged."""
        if self.rng.random() < CUT_SHARE:
            self.tally.note("cut")
            self.cut("POST", address, json.dumps(answer), "application/json")
        status, _, reply = self.patiently("POST", address, answer=answer)
        if status != 200 or json.loads(reply)["saved"] != saved:
            raise AssertionError(f"{address} refused what it was sent: {status} {reply[:200]}")

    def patiently(self, method: str, path: str, *, form: Any = None, answer: Any = None) -> tuple[int, str, str]:
        """Return (status, head, body) of the first whole reply of a server that is not in trouble."""
        body = json.dumps(answer) if answer else urlencode(form or {})
        kind = "application/json" if answer else "application/x-www-form-urlencoded"
        began = time.monotonic()
        while time.monotonic() - began < MAX_OUTAGE_SECONDS:
            try:
                status, head, text = self.once(method, path, body, kind)
                if status < 500:
                    return status, head, text
                self.tally.note("server errors")
            except OSError:
                self.tally.note("retried")
            self.pause.wait(self.rng.uniform(0.05, 0.3))
        raise TimeoutError(f"no reply to {method} {path} within {MAX_OUTAGE_SECONDS:g} s; see {self.tally.server.log}")

    def once(self, method: str, path: str, body: str, kind: str) -> tuple[int, str, str]:
        """Return a whole reply, or raise `OSError`."""
        with socket.create_connection(("127.0.0.1", self.tally.server.port), timeout=REPLY_TIMEOUT_SECONDS) as wire:
            wire.sendall(self.request(method, path, body, kind))
            reply = b"".join(iter(lambda: wire.recv(65536), b""))
        head, end, text = reply.decode().partition("\r\n\r\n")
        length = re.search(r"(?i)content-length: (\d+)", head)
        if not end or (length and len(text.encode()) < int(length[1])):
            raise ConnectionError("the reply was cut off")
        return int(head.split()[1]), head, text

    def cut(self, *request: str) -> None:
        """Hang up in the middle of a request, or after it without waiting for the reply."""
        whole = self.request(*request)
        try:
            with socket.create_connection(("127.0.0.1", self.tally.server.port), timeout=REPLY_TIMEOUT_SECONDS) as wire:
                wire.sendall(whole[: self.rng.choice([len(whole) // 2, len(whole) - 20, len(whole)])])
        except OSError:
            self.tally.note("retried")

    def request(self, method: str, path: str, body: str, kind: str) -> bytes:
        """Return a request as it goes over the wire."""
        head = {"Host": f"127.0.0.1:{self.tally.server.port}", "Cookie": self.cookie, "Connection": "close",
                "Content-Type": kind, "Content-Length": str(len(body))}  # fmt: skip
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items() if value)]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def run_twice_at_once(act: Callable[[], Any]) -> list[Any]:
    """Do it in two threads at once; return what both brought."""
    with ThreadPoolExecutor(2) as both:
        return [each.result() for each in [both.submit(act), both.submit(act)]]


def storm(server: Server, study: Any, *, clients: int, answers: int, kills: int, seed: int = 1) -> dict[str, Any]:
    """Let the clients sit `study` (open, without replicates) to the end; return what came of it."""
    pages = study.items.count() * study.attributes.count()
    a_page = max(answers // (clients * pages), study.conditions.count())
    tally = Tally(server, a_page * pages * clients, kills)
    crowd = [Client(tally, study.slug, a_page, 1000 * seed + number) for number in range(clients)]
    began = time.monotonic()
    with ThreadPoolExecutor(clients) as sitting:
        for end in [sitting.submit(client.sit) for client in crowd]:
            end.result()
    seen = {name: tally.counts[name] for name in COUNTED_EVENTS}
    waits = {"p50 (ms)": round(tally.share(0.5)), "p99 (ms)": round(tally.share(0.99))}
    return {
        "answers": tally.answers,
        **seen,
        **verdict(study, crowd),
        **waits,
        "seconds": round(time.monotonic() - began),
    }


def verdict(study: Any, crowd: list[Client]) -> dict[str, int]:
    """Read the database: what was lost, what is there twice or was never given, and how many sittings are wrong."""
    from listening.models import Rating

    rows = Rating.objects.filter(slot__trial__session__study=study).values_list("slot__token", "order", "score")
    stored = {token: (order, score) for token, order, score in rows}
    given = {token: newest for client in crowd for token, newest in client.newest.items()}
    return {
        "lost": sum(stored.get(token) != newest for token, newest in given.items()),
        "rows too many": len(rows) - len(stored.keys() & given.keys()),
        "sittings too many": study.sessions.count() - len(crowd),
        "sittings unfinished": len(crowd) - study.sessions.finished().count(),
    }


def environment(folder: Path, database: str) -> dict[str, str]:
    """Return what makes a site of its own in `folder`, on `database`."""
    own = {"VAR_ROOT": str(folder), "MEDIA_ROOT": str(folder / "media"), "DATABASE_URL": database, "DEBUG": "0",
           "DJANGO_SETTINGS_MODULE": "listening.settings", "OMP_NUM_THREADS": "1"}  # fmt: skip
    return {**os.environ, **own}  # noqa: TID251
