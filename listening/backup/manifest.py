"""What a backup contains, and where each file of an installation belongs."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Literal

from django.conf import settings
from pydantic import BaseModel, ConfigDict, ValidationError

from lossmodel.errors import BadInput

MANIFEST_NAME = "manifest.json"
DATABASE_NAME = "database"
KEY_NAME = "secret_key"
"""The file in VAR_ROOT, where no SECRET_KEY is set: signs sign-ins and webhooks."""


class Stored(BaseModel):
    """One file of a backup, as it was written into it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sha256: str
    bytes: int


class Manifest(BaseModel):
    """What a backup contains: `files` by their names in the archive, `migrations` as "app.name"."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal[1] = 1
    made_at: dt.datetime
    database: str
    migrations: frozenset[str]
    files: dict[str, Stored]

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(each.bytes for each in self.files.values())


def parse(text: bytes, source: Path) -> Manifest:
    """Return the manifest of the backup `source`; `BadInput` if it is none or a name leads out of its folder."""
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise BadInput(f"{source}: its manifest is not one of this version ({error.errors()[0]['msg']})") from None
    known = {DATABASE_NAME, KEY_NAME}
    for name in manifest.files:
        folder, *rest = PurePosixPath(name).parts
        if name not in known and (folder not in folders() or not rest or ".." in rest or "\\" in name):
            raise BadInput(f"{source}: {name!r} belongs to no folder of an installation; nothing was restored")
    if DATABASE_NAME not in manifest.files:
        raise BadInput(f"{source}: contains no database; nothing was restored")
    return manifest


def folders() -> Mapping[str, Path]:
    """Return the folders of this installation that are backed up, by their names in the archive."""
    return {"media": Path(settings.MEDIA_ROOT), "intake": Path(settings.INTAKE_DIR)}


def visible(folder: Path) -> Iterator[Path]:
    """Yield what lies in `folder` by name, without what is on its way there (names that begin with a dot)."""
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def below(folder: Path) -> Iterator[Path]:
    """Yield every file below `folder`, without what is on its way there; what is deleted meanwhile may be missing."""
    try:
        for path in visible(folder):
            if path.is_dir():
                yield from below(path)
            elif path.is_file():
                yield path
    except FileNotFoundError:
        return
