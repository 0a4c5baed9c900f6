"""Folders of songs to train on, below the configured roots, with how many songs and hours each holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import soundfile
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from listening.admin.progress import duration
from lossmodel.audio import SUFFIXES

MAX_DEPTH = 2
"""Folders so deep below a root are offered."""
KEPT_SECONDS = 24 * 3600
"""How long a count is kept; a folder that changes is counted again at once."""


@dataclass(frozen=True)
class Folder:
    """A folder of songs; `seconds` is the length of those whose files say it."""

    path: Path
    name: str
    songs: int
    seconds: float

    def __str__(self) -> str:
        songs = ngettext("%d song", "%d songs", self.songs) % self.songs
        return f"{self.name}: {songs}, {duration(self.seconds)}" if self.seconds else f"{self.name}: {songs}"


def folders() -> list[Folder]:
    """Return the folders of songs below TRAINING_DATA_ROOTS, the roots themselves included."""
    return [found for root in settings.TRAINING_DATA_ROOTS for found in _below(Path(root))]


def no_folders() -> str:
    """Return what to do where there is no folder of songs."""
    roots = ", ".join(map(str, settings.TRAINING_DATA_ROOTS)) or "TRAINING_DATA_ROOTS"
    return (
        _("No songs below %s: put a folder of songs there, each a folder with vocals.wav and its other stems.") % roots
    )


def _below(root: Path) -> Iterator[Folder]:
    if not root.is_dir():
        return
    for folder in (root, *_subfolders(root, MAX_DEPTH)):
        songs = list(_songs(folder))
        if songs and folder not in songs:
            name = root.name if folder == root else f"{root.name}/{folder.relative_to(root)}"
            yield Folder(folder, name, len(songs), _seconds(songs))


def _subfolders(folder: Path, depth: int) -> Iterator[Path]:
    for each in sorted(folder.iterdir()) if depth else ():
        if each.is_dir() and not each.name.startswith("."):
            yield each
            yield from _subfolders(each, depth - 1)


def _songs(folder: Path) -> Iterator[Path]:
    """Yield the songs of a folder: folders of stems and stem MP4 files right in it."""
    for each in sorted(folder.iterdir()):
        if each.name.lower().endswith(".stem.mp4") or (each.is_dir() and _is_song(each)):
            yield each


def _is_song(folder: Path) -> bool:
    stems = {each.name.partition(".")[0].lower() for each in _sounds(folder)}
    return "vocals" in stems or {"mixture", "accompaniment"} <= stems


def _sounds(folder: Path) -> list[Path]:
    return [each for each in sorted(folder.iterdir()) if each.suffix.lower() in SUFFIXES and each.name[0] != "."]


def _seconds(songs: list[Path]) -> float:
    """Return the length of songs as their headers tell it, counted once until a file changes."""
    sounds = [found[0] for song in songs if song.is_dir() and (found := _sounds(song))]
    stamp = sha256("\n".join(f"{each} {each.stat().st_mtime_ns}" for each in sounds).encode()).hexdigest()
    counted: Any = cache.get_or_set(f"seconds of {stamp}", lambda: sum(map(_length, sounds)), KEPT_SECONDS)
    return float(counted)


def _length(path: Path) -> float:
    try:
        return float(soundfile.info(str(path)).duration)
    except soundfile.LibsndfileError:  # a kind that only the training reads, or a damaged file: it says so itself
        return 0.0
