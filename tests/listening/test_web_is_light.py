"""The web process serves admin, API and participants without ever loading the learning side."""

import subprocess
import sys

import pytest

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
