"""What browsers are told of the site's powers, and how long who is signed in."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

ROOT = Path(__file__).resolve().parents[2]
LOOK = (
    "from listening import settings as s; print(s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_PRELOAD, s.SESSION_COOKIE_SECURE)"
)


def settings_with(folder: Path, **environment: str) -> str:
    """Return what LOOK prints in a process of its own."""
    command = [sys.executable, "-c", LOOK]
    own = {"PATH": "/usr/bin:/bin", "VAR_ROOT": str(folder), **environment}
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/admin/login/", "/t/unknown/"])
def test_sounds_may_play_and_no_microphone_listens(client, address):
    policy = client.get(address).headers["Permissions-Policy"]
    assert "autoplay=(self)" in policy
    assert {"microphone=()", "camera=()", "geolocation=()"} <= set(policy.split(", "))


@pytest.mark.django_db
def test_forms_go_to_this_site_alone(client):
    assert "form-action 'self'" in client.get("/").headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_who_signs_in_to_the_admin_is_signed_in_for_hours_and_a_browser_knows_its_sitting_for_months(client, settings):
    get_user_model().objects.create_superuser("ada", password="right")
    client.post(reverse("admin:login"), {"username": "ada", "password": "right", "next": "/"})
    assert 12 * 3600 - 60 < client.session.get_expiry_age() <= 12 * 3600
    assert settings.SESSION_COOKIE_AGE > 80 * 24 * 3600


def test_hsts_binds_no_other_site_unless_asked(tmp_path):
    assert settings_with(tmp_path) == "0 False False"
    assert settings_with(tmp_path, BEHIND_HTTPS="1") == "31536000 False True"
    assert settings_with(tmp_path, BEHIND_HTTPS="1", HSTS_PRELOAD="1") == "31536000 True True"
