"""What every test may rely on: files in a temporary folder, plain static names, real data only where it is offered."""

import os
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection

TESTS = Path(__file__).parent
GROUPS = {"browser": "pages seen", "worker": "processes", "loop": "processes"}
"""Folders whose tests keep to one process of a parallel run: one set of workers, one Chromium at a time."""

COMPUTED = {"test_real_listeners.py"}
"""Files of those folders that start no process and only compute."""

SOUNDS_HEARD = {
    "test_blindness.py", "test_engine.py", "test_events.py", "test_journey.py", "test_nothing_lost.py", "test_proof.py",
    "test_sitting.py", "test_sounds.py", "test_trial_after_trial.py",
}  # fmt: skip
"""Files of the browser that play sounds: half of its time. They have a Chromium of their own."""

LONGEST_FIRST = ("pages seen", "processes", "sounds heard", *COMPUTED, "test_training.py")
"""Groups to begin with, so that no process is left with a long one at the end."""


def pytest_xdist_auto_num_workers():
    """Take one process more than there are cores: browsers that play and workers that wait leave a core idle."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else None


def pytest_configure(config):
    """Give each process of a parallel run one thread for its numbers, before torch is read."""
    if hasattr(config, "workerinput"):
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # noqa: TID251


def pytest_collection_modifyitems(items):
    """Keep a file's tests together, so that what they share is made once; mark what touches the database."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item.path)))
        if item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(item.fixturenames):
            item.add_marker("sql")
    items.sort(key=lambda item: LONGEST_FIRST.index(own) if (own := group(item.path)) in LONGEST_FIRST else 9)


def group(path: Path) -> str:
    """Return what a file's tests share a process with, in a parallel run."""
    own = path.name if path.name in COMPUTED else GROUPS.get(path.relative_to(TESTS).parts[0], path.name)
    return "sounds heard" if own == "pages seen" and path.name in SOUNDS_HEARD else own


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory, django_db_modify_db_settings_parallel_suffix):
    """Keep SQLite's test database in a file, in WAL as in production, so that threads and workers meet in it."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def no_static_files(tmp_path_factory):
    """Collect no static files: what the site serves under test comes from the sources."""
    django_settings.STATIC_ROOT = tmp_path_factory.mktemp("static")


@pytest.fixture(autouse=True)
def no_attempts_before():
    """Begin every test with all attempts of a limit left: rows of different tests have the same numbers."""
    cache.clear()


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    """Keep every file a test makes in its own folder, and let no password take the tenths of a second it should."""
    settings.MEDIA_ROOT, settings.INTAKE_DIR = tmp_path / "media", tmp_path / "intake"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
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
