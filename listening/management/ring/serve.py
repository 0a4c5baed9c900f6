"""Serve the site and a worker until Ctrl-C."""

import subprocess
import sys
from collections.abc import Iterable

from django.core.management import call_command


def stay(port: int, lines: Iterable[str]) -> None:
    """Collect static files, start the web server and a worker, print `lines`, and stop both when either ends."""
    call_command("collectstatic", verbosity=0, interactive=False)
    commands = (
        [sys.executable, "-m", "gunicorn", "listening.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "8",
         "--log-level", "warning"],
        [sys.executable, "-m", "celery", "-A", "listening", "worker", "--queues", "celery,gpu", "--pool", "solo",
         "--loglevel", "WARNING"],
    )  # fmt: skip
    started = [subprocess.Popen(command) for command in commands]
    try:
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
        sys.stdout.flush()
        started[0].wait()
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()
