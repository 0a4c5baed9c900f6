"""Separated vocals of several systems as they lie on the disk: in a folder a system, or named by a manifest.

    <outputs>/<system>/<song>.vocals.wav      as `separate` writes them
    <outputs>/<system>/**/<song>/vocals.wav   as others do (MUSDB18's estimates)

`<song>` is the name of the song's folder among the songs whose vocals are known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor

from lossmodel import audio, manifest
from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.metrics import excerpt
from separation.data import stems
from separation.evaluate import Truth

VOCALS = "vocals"
OTHER_STEMS = ("accompaniment", "instrumental", "mixture", "drums", "bass", "other")


@dataclass(frozen=True)
class Output:
    """What a system made of a song; `read` returns its vocals and what they are measured against."""

    system: str
    song: str
    read: Callable[[], tuple[Audio, Truth]]


def from_folder(outputs: Path, data: Path) -> list[Output]:
    """Return every system's vocals of the songs under `data`; `BadInput` names a folder in which there are none."""
    if not outputs.is_dir():
        raise BadInput(f"{outputs}: no such folder; give one with a folder for each system")
    songs = {place.name.removesuffix(".stem.mp4"): place for place in stems.find(data)}
    found: dict[tuple[str, str], Path] = {}
    for folder in sorted(path for path in outputs.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for song, path in _vocals(folder):
            if song in songs:
                _check_twice(found.get((folder.name, song)), path)
                found[folder.name, song] = path
    if not found:
        example = next(iter(songs))
        raise BadInput(
            f"{outputs}: no vocals of the songs of {data}; they are called SYSTEM/{example}.vocals.wav"
            f" or SYSTEM/{example}/vocals.wav"
        )
    return [Output(system, song, partial(_read, path, songs[song])) for (system, song), path in found.items()]


def from_manifest(path: Path) -> list[Output]:
    """Return the systems of a manifest (`pairs.csv`); `BadInput` names a row without mixture and accompaniment."""
    pairs = [pair for pair in manifest.read(path) if pair.role == "system"]
    if not pairs:
        raise BadInput(f"{path}: no row is a system, and only systems are compared; add some")
    if lacking := [pair for pair in pairs if not (pair.mixture or pair.accompaniment)]:
        raise BadInput(f"{path}: {lacking[0]}: neither mixture nor accompaniment; leaks cannot be told; name one")
    return [Output(pair.condition, pair.item, partial(_read_pair, pair)) for pair in pairs]


def _vocals(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the song and the file of each of a system's vocals."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in audio.SUFFIXES or path.name.startswith("."):
            continue
        before, dot, last = path.stem.rpartition(".")
        if path.stem.lower() == VOCALS:
            yield path.parent.name, path
        elif dot and last.lower() == VOCALS:
            yield before, path
        elif (last or path.stem).lower() not in OTHER_STEMS:
            yield path.stem, path


def _check_twice(first: Path | None, second: Path) -> None:
    if first:
        raise BadInput(f"{second}: {first} is of the same song and system; keep one")


def _read(path: Path, place: Path) -> tuple[Audio, Truth]:
    found, truth = excerpt.whole(path), Truth.read(place)
    if found.rate != truth.mixture.rate:
        raise BadInput(f"{path}: {found.rate} Hz, the song has {truth.mixture.rate} Hz; resample it")
    beyond = found.frames - truth.mixture.frames
    if abs(beyond) > stems.MAX_LENGTH_DIFFERENCE_SECONDS * found.rate:
        raise BadInput(
            f"{path}: {found.seconds:.2f} s long, the song has {truth.mixture.seconds:.2f} s; cut both alike"
        )
    samples = np.pad(found.samples, ((0, 0), (0, max(0, -beyond))))[:, : truth.mixture.frames]
    return audio.with_channels(Audio(samples, found.rate), truth.mixture.channels), truth


def _read_pair(pair: Pair) -> tuple[Audio, Truth]:
    heard = excerpt.load(pair)

    def sound(samples: Tensor) -> Audio:
        return Audio(samples.numpy(), heard.rate)

    references = [sound(each) for each in heard.references]
    rest = sound(heard.sources[0, 1])
    mixture = Audio(references[0].samples + rest.samples, heard.rate)
    return sound(heard.estimate), Truth(pair.item, references, rest, mixture)
