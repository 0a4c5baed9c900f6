"""What every test may rely on: files in a temporary folder, plain static names, real data only where it is offered."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory):
    """Keep SQLite's test database in a file, in WAL as in production, so that threads and workers meet in it."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    """Keep every file a test makes in its own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real ratings and audio named by HEARBACK_DATA; skip where it is not set."""
    if not django_settings.HEARBACK_DATA:
        pytest.skip("HEARBACK_DATA is not set: real ratings are not at hand")
    return Path(django_settings.HEARBACK_DATA)
