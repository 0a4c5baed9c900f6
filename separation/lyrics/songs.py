"""Songs whose lines are known in time: JamendoLyrics and DALI folders, and songs with stems and their lyrics.

    <folder>/audio/<song>.*  <folder>/lines/<song>.csv           start_time,end_time,lyrics_line   (JamendoLyrics)
    <folder>/audio/<song>.*  <folder>/annotations/<song>.json    as DALI's own tool writes them
    <folder>/<song>/lyrics.csv or lyrics.txt beside vocals.wav and the other stems                 (MUSDB18 lyrics)

`lyrics.txt` has lines such as `00:12 00:15 a the words`; category `n` says that nobody sings words.
"""

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.files import read_json, read_text
from lossmodel.progress import Report, silent
from separation.data import stems
from separation.data.stems import LYRICS_FOLDER, unheard
from separation.data.unpaired import decoded
from separation.lyrics.alphabet import Alphabet
from separation.lyrics.text import sung_as

JAMENDO_FOLDERS = ("lines", "annotations/lines")
DALI_FOLDER = "annotations"
LINES_FILES = ("lyrics.csv", "lyrics.txt")
COLUMNS = ("start_time", "end_time", "lyrics_line")
MUSDB_LINE = re.compile(r"(\d+):(\d+(?:\.\d+)?)\s+(\d+):(\d+(?:\.\d+)?)\s+(\S+)(?:\s+(.*))?")
WORDLESS_CATEGORY = "n"

RawLine = tuple[float, float, str]
"""Start and end in seconds, and the words as they are written."""


@dataclass(frozen=True)
class SungLine:
    """A line's time in seconds and the numbers of its symbols."""

    start: float
    end: float
    symbols: tuple[int, ...]


@dataclass(frozen=True)
class LyricSong:
    """A mixture, decoded, and its lines in order. Shape: samples (channels, frames)."""

    name: str
    rate: int
    samples: NDArray[np.float32]
    lines: tuple[SungLine, ...]


def songs(
    folder: Path,
    alphabet: Alphabet,
    *,
    rate: int,
    channels: int,
    cache: Path,
    report: Report = silent,
    remark: Callable[[str], None] = unheard,
) -> list[LyricSong]:
    """Return every song under `folder`, or its subfolder `lyrics`, that has lines; decoded into `cache`, memory-mapped.

    `remark` is told of recordings without lines. `BadInput` names a folder without any, the line that ends before it
    starts or comes before its predecessor, and the file that cannot be read.
    """
    found = []
    places = list(_places(folder, remark))
    for number, (name, recording, annotation) in enumerate(places, start=1):
        samples = _samples(recording, rate=rate, channels=channels, cache=cache)
        found.append(LyricSong(name, rate, samples, _encoded(read_lines(annotation), alphabet)))
        report(number, len(places))
    if not found:
        raise BadInput(
            f"{folder}: no songs with lyrics; give a folder with audio/ and lines/ (or annotations/), or songs with"
            f" {LINES_FILES[0]} beside their stems"
        )
    return found


def songs_hash(found: Iterable[LyricSong]) -> str:
    """Return the SHA-256 of songs' names, lengths and lines."""
    listing = [(song.name, song.samples.shape[1], [asdict(line) for line in song.lines]) for song in found]
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()


def read_lines(path: Path) -> list[RawLine]:
    """Return a song's lines; `BadInput` names the row whose times cannot be."""
    readers = {".csv": _csv_lines, ".json": _dali_lines, ".txt": _musdb_lines}
    lines = readers[path.suffix.lower()](path)
    before = 0.0
    for row, (start, end, text) in enumerate(lines, start=1):
        if not 0 <= start < end:
            raise BadInput(f"{path}: line {row} ({text}) lasts from {start} to {end} s; correct its times")
        if start < before:
            raise BadInput(f"{path}: line {row} ({text}) starts at {start} s, before the line above; sort the lines")
        before = start
    if not lines:
        raise BadInput(f"{path}: no lines; remove the file, or write the lines with their times")
    return lines


def _places(folder: Path, remark: Callable[[str], None]) -> Iterable[tuple[str, Path, Path]]:
    """Yield (name, recording or folder of stems, annotation) of each song."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; give a folder of songs with lyrics")
    for place in (folder, folder / LYRICS_FOLDER):
        annotations = _annotations(place)
        for recording in sorted((place / "audio").glob("*")) if annotations else ():
            if recording.suffix.lower() not in audio.SUFFIXES:
                continue
            if recording.stem in annotations:
                yield recording.stem, recording, annotations[recording.stem]
            else:
                remark(f"left out: {recording} has no lines")
    for name in LINES_FILES:
        for annotation in sorted(folder.rglob(name)):
            yield annotation.parent.name, annotation.parent, annotation


def _annotations(place: Path) -> dict[str, Path]:
    for folder in JAMENDO_FOLDERS:
        if found := {path.stem: path for path in (place / folder).glob("*.csv")}:
            return found
    return {path.stem: path for path in (place / DALI_FOLDER).glob("*.json")}


def _samples(recording: Path, *, rate: int, channels: int, cache: Path) -> NDArray[np.float32]:
    if recording.is_file():
        return decoded(recording, rate=rate, channels=channels, cache=cache)
    (song,) = stems.songs(recording, rate=rate, channels=channels, cache=cache)
    return np.asarray(song.sources[0] + song.sources[1])


def _encoded(lines: Iterable[RawLine], alphabet: Alphabet) -> tuple[SungLine, ...]:
    encoded = []
    for start, end, text in lines:
        sung = " ".join(word for word in (sung_as(written, alphabet)[0] for written in text.split()) if word)
        encoded.append(SungLine(start, end, tuple(alphabet.encode(sung))))
    return tuple(encoded)


def _csv_lines(path: Path) -> list[RawLine]:
    try:
        rows = list(csv.DictReader(read_text(path).splitlines()))
    except csv.Error as error:
        raise BadInput(f"{path}: not a CSV file ({error})") from None
    if rows and not set(COLUMNS) <= rows[0].keys():
        raise BadInput(f"{path}: columns {', '.join(map(str, rows[0]))}; needed are {', '.join(COLUMNS)}")
    try:
        return [(float(row["start_time"]), float(row["end_time"]), row["lyrics_line"] or "") for row in rows]
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path}: a time is no number of seconds ({error}); correct it") from None


def _dali_lines(path: Path) -> list[RawLine]:
    found: Any = read_json(path)
    try:
        lines = found["annotations"]["annot"]["lines"]
        return [(float(line["time"][0]), float(line["time"][1]), str(line["text"])) for line in lines]
    except (KeyError, IndexError, TypeError, ValueError):
        raise BadInput(
            f"{path}: no annotations.annot.lines with time and text; write it with DALI's write_json"
        ) from None


def _musdb_lines(path: Path) -> list[RawLine]:
    found = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        if not (parts := MUSDB_LINE.fullmatch(line.strip())):
            raise BadInput(f"{path}: line {number} is not «00:12 00:15 a the words»; correct it")
        start, end = (60 * float(parts[at]) + float(parts[at + 1]) for at in (1, 3))
        if parts[5] != WORDLESS_CATEGORY:
            found.append((start, end, parts[6] or ""))
    return found
