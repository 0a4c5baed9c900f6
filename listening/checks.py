"""Whether everything the site stands on answers, check by check: for `manage.py healthcheck` and the system page."""

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor

from listening.celery import app

MIN_FREE_BYTES = 1 << 30
"""Bytes that must be free where files are stored."""


def outcome(check: Callable[[], str]) -> tuple[bool, str]:
    """Return whether a check passes, with what it found or why not: whatever may go wrong out there, it is told."""
    try:
        return True, check()
    except Exception as error:  # noqa: BLE001
        return False, " ".join(str(error).split()) or type(error).__name__


def database() -> str:
    """Return which database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return f"{connection.vendor} answers"


def migrations() -> str:
    """Return that the tables are those of the code."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise RuntimeError(f"{len(missing)} not applied, first {missing[0][0]}; run manage.py migrate")
    return f"all applied on {DEFAULT_DB_ALIAS}"


def storage() -> str:
    """Return that a file can be written, read and deleted."""
    content = uuid.uuid4().bytes
    name = default_storage.save("healthcheck", ContentFile(content))
    try:
        with default_storage.open(name) as file:
            if file.read() != content:
                raise RuntimeError(f"{name} was not read back as it was written")
    finally:
        default_storage.delete(name)
    return f"{settings.STORAGE_URL or settings.MEDIA_ROOT} can be written"


def broker() -> str:
    """Return that messages can be sent to workers."""
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]))
        with TemporaryFile(dir=folder):
            return f"{folder} can be written"
    with app.connection_for_write() as sent:
        sent.ensure_connection(max_retries=1, timeout=5)
        return f"{sent.as_uri()} answers"


def disc() -> str:
    """Return how much room is left for files."""
    free = shutil.disk_usage(settings.VAR_ROOT).free
    if free < MIN_FREE_BYTES:
        raise RuntimeError(f"{free >> 20} MiB left in {settings.VAR_ROOT}; make room")
    return f"{free >> 30} GiB left"


CHECKS: dict[str, Callable[[], str]] = {
    "database": database, "migrations": migrations, "storage": storage, "broker": broker, "disc": disc,
}  # fmt: skip
