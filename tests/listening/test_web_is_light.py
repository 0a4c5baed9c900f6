"""The web process serves admin, API and participants without ever loading the learning side."""

import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOOK = """
import sys
from listening.wsgi import application
from django.test import Client, override_settings
from django.contrib.auth.models import User

HEAVY = ("torch", "pandas", "statsmodels", "lightning_fabric", "lossmodel.objective.network", "separation.training")
with override_settings(ALLOWED_HOSTS=["testserver"]):
    client = Client()
    client.force_login(User.objects.create_superuser("researcher"))
    for address in {addresses}:
        assert client.get(address).status_code == 200, address
print([name for name in HEAVY if name in sys.modules])
"""
ADDRESSES = [
    "/healthz", "/admin/", "/admin/listening/study/", "/admin/listening/study/add/", "/admin/listening/objective/add/",
    "/admin/listening/trainingrun/add/", "/admin/listening/rendering/add/",
    "/admin/listening/lyricsalignment/add/", "/api/v1/docs", "/api/v1/openapi.json", "/api/v1/studies", "/api/v1/runs",
]  # fmt: skip


@pytest.mark.slow
def test_no_page_loads_torch_pandas_or_statsmodels(tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_ROOT", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'web.sqlite3'}")
    monkeypatch.setenv("DEBUG", "1")
    run([sys.executable, "manage.py", "migrate", "-v0"])
    assert run([sys.executable, "-c", LOOK.format(addresses=ADDRESSES)]).strip() == "[]"


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"{{name}} is not in the web image")

sys.meta_path.insert(0, Absent())
"""


@pytest.mark.slow
def test_the_web_process_starts_and_answers_with_what_its_image_has(tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_ROOT", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'web.sqlite3'}")
    monkeypatch.setenv("DEBUG", "1")
    without = WITHOUT.format(absent=absent())
    commands = (
        'from django.core.management import execute_from_command_line as run; run(["manage.py", "migrate", "-v0"])'
    )
    settings = 'import os; os.environ["DJANGO_SETTINGS_MODULE"] = "listening.settings"\n'
    run([sys.executable, "-c", without + settings + commands])
    assert run([sys.executable, "-c", without + LOOK.format(addresses=ADDRESSES)]).strip() == "[]"


def absent() -> set[str]:
    """Return the modules that are installed here and not in the web image."""
    group = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["dependency-groups"]["web-image"]
    there = {"hearback"}
    for line in group:
        add(Requirement(line), there)
    every = packages_distributions().items()
    found = {module for module, names in every if not {canonicalize_name(name) for name in names} & there}
    assert {"torch", "pandas", "statsmodels", "matplotlib"} <= found
    return found


def add(wanted: Requirement, there: set[str]) -> None:
    """Add the name of a requirement to `there`, and what it needs itself, as far as that is installed."""
    name = canonicalize_name(wanted.name)
    if name in there and not wanted.extras:
        return
    there.add(name)
    try:
        lines = distribution(name).requires or []
    except PackageNotFoundError:  # an extra that this environment goes without
        return
    for each in map(Requirement, lines):
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
            add(each, there)
