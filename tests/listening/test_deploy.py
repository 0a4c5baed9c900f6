"""The units and site files of deploy/: a whole installation starts from them as they stand."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings

from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SERVICES = sorted(DEPLOY.glob("*.service"))
CHECKOUT = "/srv/hearback"
PROGRAMS = Path(sys.executable).parent


def unit(path: Path) -> dict[str, list[str]]:
    """Return the values of each key of a unit, in their order."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^([A-Z]\w+)=(.*)$", path.read_text(), re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def command(line: str) -> list[str]:
    """Return a unit's command as it is run from this checkout."""
    parts = shlex.split(line.replace("%H", "here").replace("%%", "%").replace("$$", "$"))
    return [part.replace(f"{CHECKOUT}/.venv/bin", str(PROGRAMS)) for part in parts]


def test_every_queue_has_a_unit_and_that_of_the_gpu_does_not_fork():
    commands = [line.split() for path in SERVICES for line in unit(path)["ExecStart"] if "/celery " in line]
    queues = {parts[parts.index("-Q") + 1]: parts for parts in commands}
    assert set(queues) == {"celery", *(route["queue"] for route in settings.CELERY_TASK_ROUTES.values())}
    assert "solo" in queues["gpu"]
    assert len({parts[parts.index("-n") + 1] for parts in commands}) == len(commands)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_no_unit_runs_as_root_or_writes_outside_its_folders(path):
    found = unit(path)
    assert found["User"] == ["hearback"]
    assert found["ProtectSystem"] == ["strict"]
    assert found["NoNewPrivileges"] == ["yes"]
    assert found["WorkingDirectory"] == [CHECKOUT]


def test_what_serves_comes_back_when_it_dies():
    for path in SERVICES:
        assert unit(path).get("Type") == ["oneshot"] or unit(path)["Restart"] == ["always"], path.name


def test_both_proxies_lead_to_the_port_of_the_web_unit_and_hide_the_metrics():
    [line] = unit(DEPLOY / "hearback-web.service")["ExecStart"]
    address = re.search(r"--bind (\S+)", line)[1]
    for name in ("Caddyfile", "nginx.conf"):
        text = (DEPLOY / name).read_text()
        assert address in text
        assert "/metrics" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_has_no_complaint(tmp_path):
    for path in DEPLOY.glob("hearback*"):
        here = path.read_text().replace(f"{CHECKOUT}/.venv/bin", str(PROGRAMS)).replace(CHECKOUT, str(ROOT))
        (tmp_path / path.name).write_text(here)
    units = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "hearback" in line]) == (0, []), done.stderr


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.slow
def test_an_installation_starts_from_the_units_and_backs_itself_up(tmp_path, port):
    strange = {"DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in strange}  # noqa: TID251
    environment |= {"VAR_ROOT": str(tmp_path / "var"), "SITE_URL": f"http://127.0.0.1:{port}"}
    (tmp_path / "backups").mkdir()

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command(line), cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def start(stack: ExitStack, line: str) -> None:
        log = stack.enter_context((tmp_path / "log").open("ab"))
        process = subprocess.Popen(command(line), cwd=ROOT, env=environment, stdout=log, stderr=log)
        stack.callback(process.wait)
        stack.callback(process.kill)

    for line in unit(DEPLOY / "hearback-web.service")["ExecStartPre"]:
        done = run(line)
        assert done.returncode == 0, done.stderr
    with ExitStack() as stack:
        for name in ("web", "worker", "trainer"):
            [line] = unit(DEPLOY / f"hearback-{name}.service")["ExecStart"]
            start(stack, line.replace("127.0.0.1:8000", f"127.0.0.1:{port}") + " --pool solo" * (name == "worker"))
        until(lambda: ready(port), seconds=120)
        said = (tmp_path / "log").read_text
        until(lambda: all(f"{name}@here ready" in said() for name in ("worker", "trainer")), seconds=120)
    [line] = unit(DEPLOY / "hearback-backup.service")["ExecStart"]
    done = run(line.replace("/var/backups/hearback", str(tmp_path / "backups")))
    assert done.returncode == 0, done.stderr
    assert [path.suffix for path in (tmp_path / "backups").iterdir()] == [".zip"]


def ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False
