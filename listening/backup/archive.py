"""An installation into one zip: the database first, so that every file its rows name is copied after it."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from listening.backup import databases
from listening.backup.manifest import DATABASE_NAME, KEY_NAME, MANIFEST_NAME, Manifest, Stored, below, folders
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file
from lossmodel.progress import Report, silent

BLOCK_BYTES = 1 << 20
OWNER_ONLY = 0o600


def back_up(target: Path, report: Report = silent) -> Manifest:
    """Write the database and all files to `target`, whole or not at all, while the site is in use.

    `report` is called first when the database is copied, then after each file. Objects in a bucket are not copied.
    """
    for folder in folders().values():
        if target.resolve().is_relative_to(folder.resolve()):
            raise BadInput(f"{target} lies in {folder}, which is backed up; give a path elsewhere")
    with atomic_file(target) as part, zipfile.ZipFile(part, "w") as archive:
        part.chmod(OWNER_ONLY)
        database = part.with_name(DATABASE_NAME)
        databases.dump(database)
        manifest = Manifest(
            made_at=timezone.now(), database=connection.vendor, migrations=databases.migrations(),
            files=_kept(archive, [(DATABASE_NAME, database), *_files()], report),
        )  # fmt: skip
        archive.writestr(MANIFEST_NAME, manifest.model_dump_json(indent=2), zipfile.ZIP_DEFLATED)
    return manifest


def _files() -> Iterator[tuple[str, Path]]:
    """Yield the name in the archive and the path of every file."""
    for name, folder in folders().items():
        for path in below(folder):
            yield f"{name}/{path.relative_to(folder).as_posix()}", path
    yield KEY_NAME, Path(settings.VAR_ROOT) / KEY_NAME


def _kept(archive: zipfile.ZipFile, every: list[tuple[str, Path]], report: Report) -> dict[str, Stored]:
    """Write the files into the archive; a file that was deleted since it was listed is left out."""
    files: dict[str, Stored] = {}
    for number, (name, path) in enumerate(every):
        report(number, len(every))
        if path.is_file():
            files[name] = _put(archive, name, path)
    return files


def _put(archive: zipfile.ZipFile, name: str, path: Path) -> Stored:
    """Write one file, and return what was written: the hash is that of the copy, whatever happens to the file."""
    info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
    info.compress_type = zipfile.ZIP_DEFLATED if name == DATABASE_NAME else zipfile.ZIP_STORED
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as kept:
        while block := source.read(BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            kept.write(block)
    return Stored(sha256=digest.hexdigest(), bytes=size)
