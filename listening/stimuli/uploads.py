"""Files on their way in: announced, sent in pieces, resumed where they were cut; the file on the disc is the truth."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from listening.intake.archive import CONTROL, PIECE
from listening.intake.names import is_sound
from listening.intake.reading import no_sound
from listening.models import Intake, IntakeFile, Study
from lossmodel.errors import BadInput, is_disc_full

LONGEST_NAME = 1000
MOST_FILES = 10_000
NOTHING_FOUND: Mapping[str, Any] = MappingProxyType(
    {"measured": None, "alignment": None, "aligned_to": None, "treatment": {}, "accepted": []}
)
TO_SPARE = 256 * 1024 * 1024
"""Bytes that stay free on the disc."""


class NoRoom(BadInput):
    """The disc is full; nothing that came is lost."""


class OtherOffset(BadInput):
    """The piece does not follow what has come; `received` says where to go on."""

    def __init__(self, file: IntakeFile) -> None:
        super().__init__(f"{file.name}: {file.received} bytes have arrived; continue there")
        self.received = file.received


@dataclass(frozen=True)
class Announced:
    """A file that a browser is about to send."""

    name: str
    size: int
    modified: int = 0
    """When it was changed last (ms): another time is another file, which does not go on where this one was."""


def open_intake(study: Study, *, user: object = None, source: str = "") -> Intake:
    """Return the draft's open intake, new where it has none; `BadInput` for a study that takes no sounds."""
    if study.status != Study.Status.DRAFT:
        raise BadInput(f"{study} is {study.status}: only a draft accepts sounds; redraft it")
    own = {"started_by_id": getattr(user, "pk", None), "source": source}
    intake, _ = Intake.objects.get_or_create(study=study, ended_at=None, defaults=own)
    return intake


def announce(intake: Intake, files: Sequence[Announced]) -> list[IntakeFile]:
    """Return the row of each file: new, or as far as it came before; one that cannot be used says why.

    Raises `BadInput` for too many files, and `NoRoom` where they do not fit on the disc.
    """
    if len(files) + intake.files.count() > MOST_FILES:
        raise BadInput(f"{len(files)} files, {MOST_FILES} are possible; upload them in parts")
    coming = sum(file.size for file in files if not problem_of(file))
    _check_room(intake, coming)
    Intake.objects.filter(pk=intake.pk).update(touched_at=timezone.now())
    with transaction.atomic():
        return [_row(intake, file) for file in files]


def take(file: IntakeFile, offset: int, stream: BinaryIO) -> IntakeFile:
    """Append what `stream` brings to a file at `offset`; returns the row with how much has come.

    What came before a connection broke is kept. Raises `OtherOffset` where the piece does not follow, `BadInput` for
    more than was announced, and `NoRoom` for a full disc.
    """
    if offset != file.received:
        raise OtherOffset(file)
    if file.problem:
        raise BadInput(file.problem)
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.touch()
    came = 0
    try:
        with file.path.open("r+b", buffering=0) as stored:  # what is counted as come lies on the disc
            stored.seek(offset)
            while piece := stream.read(min(PIECE, file.size - offset - came + 1)):
                if offset + came + len(piece) > file.size:
                    raise BadInput(f"{file.name}: is larger than the {file.size} bytes that were announced")
                while piece:
                    written = stored.write(piece)
                    came, piece = came + written, piece[written:]
    except OSError as error:
        _told(file, error)
    finally:
        IntakeFile.objects.filter(pk=file.pk, received=offset).update(received=offset + came)
        file.refresh_from_db()
    return file


def problem_of(file: Announced) -> str:
    """Return why a file is not worth sending; "" for one that is."""
    pure = PurePosixPath(file.name)
    if CONTROL.search(file.name):
        return f"{file.name!r}: the name holds a control character; rename it"
    if pure.is_absolute() or ".." in pure.parts or not pure.name:
        return f"{file.name!r}: the name leads out of the folder; left out"
    if not is_sound(file.name) and pure.suffix.lower() not in {".zip", ".csv"}:
        return f"{file.name}: {no_sound(file.name)}"
    if file.size == 0:
        return f"{file.name}: is empty (0 bytes); copy or export it again"
    if file.size > settings.INTAKE_MAX_BYTES:
        sizes = f"{file.size / 1e9:.1f} GB, at most {settings.INTAKE_MAX_BYTES / 1e9:.1f} GB are possible"
        return f"{file.name}: {sizes}; cut excerpts, or name a server folder"
    return ""


def _row(intake: Intake, file: Announced) -> IntakeFile:
    name = file.name if len(file.name) <= LONGEST_NAME else f"…{file.name[1 - LONGEST_NAME :]}"
    suffix = PurePosixPath(name).suffix.lower()
    fresh = {
        "size": max(0, file.size), "modified": file.modified, "received": 0, "problem": problem_of(file),
        "suffix": suffix if suffix.isascii() and len(suffix) <= 8 else "",
    }  # fmt: skip
    row, new = IntakeFile.objects.get_or_create(intake=intake, name=name, defaults=fresh)
    if not new and (_is_other(row, file) or row.problem):
        row.path.unlink(missing_ok=True)
        IntakeFile.objects.filter(pk=row.pk).update(**fresh, **NOTHING_FOUND)
        row.refresh_from_db()
    return row


def _is_other(row: IntakeFile, file: Announced) -> bool:
    """Tell whether what has come of a file of that name is of another one, or is no longer there."""
    if (row.size, row.modified) != (file.size, file.modified):
        return True
    on_disc = row.path.stat().st_size if row.path.exists() else 0
    return on_disc < row.received and not row.unpacked


def _check_room(intake: Intake, size: int) -> None:
    folder = intake.folder
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free - TO_SPARE
    if size > free:
        raise NoRoom(
            f"{size / 1e6:.0f} MB are to be uploaded, but the server's disk has room for {max(0, free) / 1e6:.0f} MB;"
            " ask the administrator for more"
        )


def _told(file: IntakeFile, error: OSError) -> None:
    """Raise in words what the disc says; a connection that broke is no fault: the rest comes later."""
    if is_disc_full(error):
        raise NoRoom(
            f"{file.name}: the server's disk is full; uploaded data is kept, continue when there is room"
        ) from None
    if error.errno is not None:
        raise error
