"""The site's own key is made once, whoever comes first, and lies in no image."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOOK = "from listening import settings; print(settings.SECRET_KEY)"


def test_processes_that_start_at_once_on_an_empty_folder_share_one_key(tmp_path):
    own = {"PATH": "/usr/bin:/bin", "VAR_ROOT": str(tmp_path)}
    command = [sys.executable, "-c", LOOK]
    started = [subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    [key] = {process.communicate(timeout=120)[0].strip() for process in started}
    assert len(key) == 50
    assert (tmp_path / "secret_key").read_text() == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob(".secret_key-*"))


def test_no_secret_of_this_folder_comes_into_an_image():
    left_out = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", "var", "**/secret_key", "**/*.sqlite3*"} <= set(left_out)


def test_nothing_is_run_in_the_making_of_the_image_that_would_make_a_key():
    built = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("RUN")]
    managed = [line for line in built if "manage.py" in line]
    assert managed
    for line in managed:
        assert "SECRET_KEY=unused" in line
        assert "VAR_ROOT=/tmp/build" in line
