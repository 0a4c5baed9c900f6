"""The steps of the web image where no container engine runs: in a clean folder and environment, from the Dockerfile.

    python -m tests.image

Copies what git tracks, carries out each RUN of the stage `web` with a new virtual environment in front, then its CMD at
a free port, and asks `/readyz`. Exit status 1 where a step fails, the site does not answer, or torch was installed.
Downloads some 250 MB of packages; `tests/listening/test_web_is_light.py` tests the same without a network.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from urllib.request import urlopen

from tests.waiting import until

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = "from importlib.metadata import distributions; print(*sorted(d.name for d in distributions()))"


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkout = folder / "srv"
        subprocess.run(["git", "worktree", "add", "--detach", "-q", checkout, "HEAD"], cwd=ROOT, check=True)
        try:
            return carry_out(folder, checkout)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", checkout], cwd=ROOT, check=True)


def carry_out(folder: Path, checkout: Path) -> int:
    """Build in `checkout`, start the site there, and return the exit status."""
    venv.create(folder / "venv", with_pip=True)
    stage = re.search(r"^FROM \S+ AS web\n(.*?)^FROM ", (ROOT / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL)[1]
    environment = {"PATH": f"{folder / 'venv' / 'bin'}:/usr/bin:/bin", "HOME": str(folder), "OMP_NUM_THREADS": "1"}
    environment |= {"VAR_ROOT": str(folder / "var"), "STATIC_ROOT": str(folder / "static"), "WEB_PROCESSES": "1"}
    for line in ["pip install -q 'pip>=25.1'", *re.findall(r"^RUN (.*)$", stage, re.MULTILINE)]:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        here = line.replace("/tmp/build", str(folder / "build"))
        subprocess.run(["sh", "-c", here], cwd=checkout, env=environment, check=True)
    installed = subprocess.check_output(["python", "-c", INSTALLED], cwd=folder, env=environment, text=True).split()
    sys.stdout.write(f"{len(installed)} packages\n")
    start = re.search(r'^CMD \["sh", "-c", "(.*)"\]$', stage, re.MULTILINE)[1]
    return int("torch" in installed or not answers(start, checkout, environment))


def answers(start: str, checkout: Path, environment: dict[str, str]) -> bool:
    """Start the site at a free port; tell whether it is ready within two minutes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["sh", "-c", start.replace(":8000", f"127.0.0.1:{port}")]
    site = subprocess.Popen(command, cwd=checkout, env=environment, start_new_session=True)

    def ready() -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as reply:
                return reply.status == 200
        except OSError:
            return False

    try:
        until(ready, seconds=120)
    finally:
        os.killpg(site.pid, signal.SIGTERM)
        site.wait(30)
    return True


if __name__ == "__main__":
    sys.exit(main())
