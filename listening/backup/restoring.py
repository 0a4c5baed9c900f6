"""An archive back into an installation: everything is unpacked and checked before anything is touched.

Then the files change places by renaming, and the database is loaded in one transaction; if that fails they change back.
"""

import hashlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from listening.backup import databases
from listening.backup.archive import BLOCK_BYTES, OWNER_ONLY
from listening.backup.manifest import DATABASE_NAME, KEY_NAME, MANIFEST_NAME, Manifest, folders, parse, visible
from listening.models import Assessor, Audio, Objective, Study, TrainingRun
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent

TELLING: tuple[type[Any], ...] = (User, Study, Assessor, Audio, Objective, TrainingRun)
"""An installation without rows in these tables has not been used yet."""
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError)
"""What `zipfile` raises for an archive that is cut off, changed or not one."""


def restore(source: Path, *, replace: bool = False, report: Report = silent) -> Manifest:
    """Put the backup `source` in the place of this installation: all of it, or `BadInput` and nothing has changed.

    Refused: an installation in use, unless `replace`; a damaged archive; another kind of database; a newer version.
    """
    try:
        with zipfile.ZipFile(source) as archive, ExitStack() as staging:
            manifest = parse(archive.read(MANIFEST_NAME), source)
            _check(manifest, source, replace=replace)
            staged = {name: staging.enter_context(_staging(folder)) for name, folder in folders().items()}
            own = staging.enter_context(_staging(Path(settings.VAR_ROOT)))
            _unpack(archive, manifest, staged | {DATABASE_NAME: own, KEY_NAME: own}, report)
            with _in_place({folder: staged[name] for name, folder in folders().items()}):
                databases.load(own / DATABASE_NAME)
            if KEY_NAME in manifest.files:
                (own / KEY_NAME).chmod(OWNER_ONLY)
                (own / KEY_NAME).replace(Path(settings.VAR_ROOT) / KEY_NAME)
            return manifest
    except DAMAGED as error:
        raise BadInput(f"{source}: not a whole backup ({error}); nothing was restored") from None


def _check(manifest: Manifest, source: Path, *, replace: bool) -> None:
    if manifest.database != connection.vendor:
        raise BadInput(
            f"{source} contains a database of {manifest.database}, DATABASE_URL names one of {connection.vendor}"
        )
    if newer := manifest.migrations - databases.known_migrations():
        raise BadInput(f"{source} was made by a newer version (it has {min(newer)}); update this installation first")
    if not replace and (found := list(_in_use())):
        raise BadInput(f"this installation has {', '.join(found)}; --replace deletes them for what {source} contains")
    free = shutil.disk_usage(settings.VAR_ROOT).free
    if manifest.size > free:
        raise BadInput(f"{source} needs {manifest.size >> 20} MiB and {settings.VAR_ROOT} has {free >> 20}; make room")


def _in_use() -> Iterator[str]:
    """Yield what this installation already holds, in words."""
    there = set(databases.tables())
    for model in TELLING:
        if model._meta.db_table in there and (rows := model.objects.count()):
            yield f"{rows} {model._meta.verbose_name_plural if rows > 1 else model._meta.verbose_name}"
    for folder in folders().values():
        if any(visible(folder)):
            yield f"files in {folder}"


def _unpack(archive: zipfile.ZipFile, manifest: Manifest, staged: dict[str, Path], report: Report) -> None:
    """Write every file of the manifest below its folder in `staged`; `BadInput` for one whose hash is another."""
    for number, (name, stored) in enumerate(manifest.files.items()):
        report(number, len(manifest.files))
        folder, *rest = PurePosixPath(name).parts
        path = staged[folder].joinpath(*rest or [folder])
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with archive.open(name) as kept, path.open("wb") as target:
            while block := kept.read(BLOCK_BYTES):
                digest.update(block)
                target.write(block)
        if digest.hexdigest() != stored.sha256:
            raise BadInput(f"{archive.filename}: {name} is not as its manifest says; nothing was restored")


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Yield an empty folder within `folder`, and so on its disc; what is left in it is deleted."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restored-") as own:
        yield Path(own)


@contextmanager
def _in_place(staged: dict[Path, Path]) -> Iterator[None]:
    """Let what each folder holds and what is staged for it change places; they change back if the block fails."""
    moved: list[tuple[Path, Path]] = []

    def move(path: Path, target: Path) -> None:
        path.rename(target)
        moved.append((path, target))

    before = {folder: Path(tempfile.mkdtemp(dir=folder, prefix=".before-")) for folder in staged}
    try:
        for folder, new in staged.items():
            for path in visible(folder):
                move(path, before[folder] / path.name)
            for path in new.iterdir():
                move(path, folder / path.name)
        yield
    except BaseException:
        for path, target in reversed(moved):
            target.rename(path)
        _delete(before.values())
        raise
    _delete(before.values())


def _delete(every: Iterable[Path]) -> None:
    for folder in every:
        shutil.rmtree(folder, ignore_errors=True)
