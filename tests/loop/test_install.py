"""The lines of docs/install.md start a site."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.waiting import until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "DJANGO_SUPERUSER_USERNAME": "owner",
    "DJANGO_SUPERUSER_EMAIL": "",
    "DJANGO_SUPERUSER_PASSWORD": "Qv7-tide",
}


def lines(port: int) -> list[str]:
    """Return the commands of the manual after those that install packages, at a free port, with no question asked."""
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    block = re.search(r"```sh\n(.*?)```", page, re.DOTALL)[1]
    block = block.replace(":8000", f":{port}").replace("createsuperuser", "createsuperuser --noinput")
    return [line for line in block.splitlines() if not line.startswith(("python -m venv", "pip "))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=30) as page:
            return page.status == 200
    except OSError:
        return False


def test_the_lines_of_the_manual_start_a_site_with_a_worker(tmp_path):
    port = free_port()
    plain = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}  # noqa: TID251
    path = f"{Path(sys.executable).parent}:{plain['PATH']}"
    environment = plain | ENVIRONMENT | {"VAR_ROOT": str(tmp_path / "var"), "PATH": path}
    script = "set -e\n" + "\n".join(lines(port)) + "\nwait\n"
    with (tmp_path / "log").open("wb") as log:
        site = subprocess.Popen(
            ["bash", "-c", script], cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/admin/login/"), seconds=120)
        until(lambda: "ok      disc" in (tmp_path / "log").read_text(), seconds=120)
        assert "FAILED" not in (tmp_path / "log").read_text()
        assert site.poll() is None
    finally:
        os.killpg(site.pid, signal.SIGTERM)
        site.wait(30)
