"""How fast pymushra's server stores sessions as it fills: beside the answers a second of `load.py`.

    python -m venv peer && peer/bin/pip install pymushra
    python benchmarks/load_pymushra.py --pymushra peer/bin/pymushra [--sessions 500]

A webMUSHRA page sends a whole session at its end, here six trials of eight stimuli, as in `load.py`. They are sent one
after another, so nothing waits for a lock. Prints the sessions and ratings a second of each tenth of them.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from load import ITEMS, SYSTEMS

STIMULI = SYSTEMS + 2
START_SECONDS = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pymushra", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=500)
    asked = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [asked.pymushra.resolve(), "-w", folder, "-d", "db.json", "server", "-p", str(port)]
        with Path(folder, "log").open("wb") as log:
            server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(port)
            fill(port, asked.sessions)
            kept = json.loads(Path(folder, "db.json").read_text(encoding="utf-8"))["load"]
            print(f"{len(kept)} of {asked.sessions * ITEMS} trials are in its file")
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()
    print(f"load average {os.getloadavg()[0]:.1f}")


def wait_for(port: int) -> None:
    """Return once the server listens."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise TimeoutError(f"pymushra does not listen after {START_SECONDS:g} s")


def fill(port: int, sessions: int) -> None:
    """Send the sessions, and print how fast each tenth of them was stored."""
    tenth = max(1, sessions // 10)
    for start in range(0, sessions, tenth):
        began = time.perf_counter()
        for number in range(start, start + tenth):
            store(port, number)
        rate = tenth / (time.perf_counter() - began)
        print(f"{start:5} stored: {rate:7.1f} sessions/s, {rate * ITEMS * STIMULI:8.0f} ratings/s", flush=True)


def store(port: int, number: int) -> None:
    """Send one session; `RuntimeError` where it is not stored."""
    answers = [{"stimulus": f"c{n}", "score": (37 * n + number) % 101, "time": 3000} for n in range(STIMULI)]
    trials = [{"testId": "load", "id": f"item{n}", "type": "mushra", "responses": answers} for n in range(ITEMS)]
    session = {"testId": "load", "config": "load.yaml", "trials": trials}
    session["participant"] = {"name": ["name"], "response": [f"p{number}"]}
    body = urlencode({"sessionJSON": json.dumps(session)}).encode()
    try:
        with urlopen(f"http://127.0.0.1:{port}/service/write.php", body, timeout=120) as answer:
            if json.load(answer)["error"]:
                raise RuntimeError("pymushra did not store a session")
    except URLError as error:
        raise RuntimeError(f"pymushra did not answer: {error}") from None


if __name__ == "__main__":
    main()
