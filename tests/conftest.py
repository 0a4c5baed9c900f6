"""What every test may rely on: files in a temporary folder, plain static names, real data only where it is offered."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings


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
