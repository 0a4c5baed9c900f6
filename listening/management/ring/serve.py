"""Serve the site and a worker until Ctrl-C."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterable

from django.core.management import call_command

SECONDS_BETWEEN_LOOKS = 1.0
"""How often a worker is looked for that has gone."""


def stay(port: int, lines: Iterable[str]) -> None:
    """Collect static files, start the web server and a worker, print `lines`; stop both on Ctrl-C.

    A worker that was killed is started anew, and takes up what it was at.
    """
    call_command("collectstatic", verbosity=0, interactive=False)
    commands = (
        [sys.executable, "-m", "gunicorn", "listening.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "8",
         "--log-level", "warning"],
        [sys.executable, "-m", "celery", "--quiet", "-A", "listening", "worker", "--queues", "celery,gpu",
         "--pool", "solo", "--loglevel", "WARNING"],
    )  # fmt: skip
    started = [subprocess.Popen(command) for command in commands]
    try:
        _wait_for(port)
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
        sys.stdout.flush()
        while started[0].poll() is None:
            started[1:] = [restarted(process) for process in started[1:]]
            time.sleep(SECONDS_BETWEEN_LOOKS)
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def restarted(process: "subprocess.Popen[bytes]") -> "subprocess.Popen[bytes]":
    """Return `process` while it runs or has ended well; the same command started anew where it was killed."""
    return subprocess.Popen(process.args) if process.poll() else process


def _wait_for(port: int, seconds: float = 30.0) -> None:
    """Return when the server answers, so that its links are the last thing printed; or after `seconds` anyway."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
