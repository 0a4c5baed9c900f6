"""A folder on the server is read in place: only below the configured roots, and never through a link out of them."""

import os
from collections.abc import Sequence
from pathlib import Path

from listening.intake.names import is_sound
from lossmodel.errors import BadInput, printable

MOST_FILES = 10_000


def files_below(folder: Path) -> dict[str, Path]:
    """Return the sounds and tables below `folder` by their relative paths, sorted; links are not followed.

    Raises `BadInput` for no folder, one without sounds, more than `MOST_FILES` files, and a name that is no UTF-8.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    found: dict[str, Path] = {}
    for place, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place) / name
            if not path.is_symlink() and path.is_file() and _wanted(name):
                found[_utf8(path.relative_to(folder).as_posix())] = path
        if len(found) > MOST_FILES:
            raise BadInput(f"{folder}: more than {MOST_FILES} files; choose a subfolder")
    if not any(is_sound(name) for name in found):
        raise BadInput(f"{folder}: no sound in it (WAV, FLAC, Ogg, MP3 and MP4 can be read; links are not followed)")
    return found


def below_roots(name: str, roots: Sequence[Path]) -> Path:
    """Return the folder `name` (absolute, or relative to a root) if it lies below one of `roots`; else `BadInput`."""
    if not roots:
        raise BadInput("no folder of the server may be read; list folders in INTAKE_ROOTS (docs/settings.md)")
    for root in roots:
        path = (root / name).resolve()
        if path.is_relative_to(root.resolve()) and path.is_dir():
            return path
    allowed = ", ".join(str(root) for root in roots)
    raise BadInput(f"{name}: no folder below {allowed}; choose one there, or add another to INTAKE_ROOTS")


def _utf8(name: str) -> str:
    if printable(name) != name:
        raise BadInput(f"{name}: this name is not UTF-8; rename it (convmv can rename many at once)")
    return name


def _wanted(name: str) -> bool:
    return is_sound(name) or (name.lower().endswith(".csv") and not name.startswith("."))
