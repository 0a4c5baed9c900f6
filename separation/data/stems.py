"""A folder of songs, checked once and decoded once into memory-mapped arrays that are known by their content.

A song is a folder of audio files, or a stem MP4 (MUSDB18):

    <song>/vocals.wav             the singing; further admissible references are vocals.<name>.wav
    <song>/accompaniment.wav      everything else; if absent drums + bass + other (MUSDB18-HQ);
                                  if absent mixture - vocals; if absent the sum of all other files

Without vocals.wav, but with mixture.wav and accompaniment.wav, the singing is what the accompaniment leaves.
Recordings of one kind alone, for semi-supervised recipes, lie in a folder `unpaired` (see `separation.data.unpaired`).

A mastered mixture is not the sum of its stems; what is separated here always is: mixture = vocals + accompaniment.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file, sha256
from lossmodel.metrics.excerpt import whole
from lossmodel.progress import Report, silent

INSTRUMENTS = ("drums", "bass", "other")
MAX_LENGTH_DIFFERENCE_SECONDS = 0.05
"""Stems of one song may differ by so many seconds (encoders pad); they are cut to the shortest."""

UNPAIRED_FOLDER, LYRICS_FOLDER = "unpaired", "lyrics"
"""Folders beside the songs that hold none: recordings of one kind alone, songs of which the words are known."""

CACHE_VERSION = 1
"""Raised when the meaning of a cached array changes."""


@dataclass(frozen=True)
class Song:
    """A decoded song: `sources` of shape (1 + references, channels, frames) holds the accompaniment, then each vocals.

    The first reference is the one that the mixture is made of; the accompaniment of another is mixture - reference.
    """

    name: str
    rate: int
    references: tuple[str, ...]
    sources: NDArray[np.float32]

    @property
    def mixture(self) -> Audio:
        """Return the sum of the accompaniment and the first reference."""
        return Audio(self.sources[0] + self.sources[1], self.rate)

    @property
    def vocals(self) -> Audio:
        """Return the first reference."""
        return Audio(np.asarray(self.sources[1]), self.rate)

    @property
    def accompaniment(self) -> Audio:
        """Return what the first reference leaves of the mixture."""
        return Audio(np.asarray(self.sources[0]), self.rate)


class SilentSong(BadInput):
    """A song of which a part is silent: nothing can be learned from it or measured on it, but on others."""


def unheard(_: str) -> None:
    """Take a remark and tell nobody."""


def songs(
    folder: Path,
    *,
    rate: int,
    channels: int,
    cache: Path,
    report: Report = silent,
    remark: Callable[[str], None] = unheard,
) -> list[Song]:
    """Return every song under `folder` at `rate` Hz, memory-mapped from `cache` and decoded into it if new.

    A song with a silent part is left out, and `remark` is told; where all are, the first is named. `BadInput` names the
    folder without songs, the song without vocals and the stem that is unreadable or of another length or rate than its
    neighbours.
    """
    places, found, left_out = find(folder), [], []
    for number, place in enumerate(places, start=1):
        try:
            found.append(_cached(place, folder, rate=rate, channels=channels, cache=cache))
        except SilentSong as reason:
            left_out.append(reason)
        report(number, len(places))
    if not found:
        raise left_out[0]
    for silent_song in left_out:
        remark(f"left out: {silent_song}")
    return found


def content_hash(decoded: Iterable[NDArray[np.float32]]) -> str:
    """Return the SHA-256 that names decoded files by the content and order of what they were decoded from.

    An array that lies in the cache is known by its name there, which begins with the hash of its source.
    """
    files = [Path(str(cast("np.memmap[Any, Any]", array).filename)) for array in decoded]
    names = [file.name.partition("-")[0] for file in files]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def find(folder: Path) -> list[Path]:
    """Return the songs under `folder`, sorted: folders that hold vocals or other stems, and stem MP4 files."""
    if not folder.is_dir():
        raise BadInput(
            f"{folder}: no such folder; give a folder of songs, each a folder with vocals.wav and its other stems"
        )
    files = [
        path for path in sorted(folder.rglob("*")) if path.suffix.lower() in audio.SUFFIXES and _visible(path, folder)
    ]
    packed = {path for path in files if path.name.lower().endswith(".stem.mp4")}
    loose = {path.parent for path in files if path not in packed}
    if not packed | loose:
        raise BadInput(
            f"{folder}: no songs; each song is a folder with vocals.wav and its other stems, or a .stem.mp4 file"
        )
    return sorted(packed | loose)


def read(place: Path) -> tuple[dict[str, Audio], Audio]:
    """Return a song's references by name, the one it is made of first, and its accompaniment, at their own rate."""
    stems = dict(_stems(place))
    names = [name for name in stems if name.partition(".")[0] == "vocals"]
    left_over = not names and {"mixture", "accompaniment"} <= stems.keys()
    if not names and not left_over:
        raise BadInput(
            f"{place}: no vocals among {', '.join(stems)}; a song needs vocals.wav, or mixture and accompaniment"
        )
    stems = _aligned(place, stems)
    if left_over:
        names = ["vocals"]
        stems["vocals"] = Audio(stems["mixture"].samples - stems["accompaniment"].samples, stems["mixture"].rate)
    first = "vocals" if "vocals" in names else names[0]
    accompaniment = _accompaniment(place, stems, stems[first])
    references = {name.partition(".")[2] or name: stems[name] for name in (first, *names)}
    for name, stem in {**references, "accompaniment": accompaniment}.items():
        if stem.peak < audio.SILENT_PEAK_80_DBFS:
            raise SilentSong(f"{place}: {name} is silent (peak {stem.peak:.1e}); leave the song out")
    return references, accompaniment


def _visible(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return parts[0] not in {UNPAIRED_FOLDER, LYRICS_FOLDER} and not any(part.startswith(".") for part in parts)


def _stems(place: Path) -> Iterator[tuple[str, Audio]]:
    if place.is_file():
        decoded = audio.read_stems(place)
        if len(decoded) != len(audio.STEM_STREAMS):
            raise BadInput(
                f"{place}: {len(decoded)} streams, but a MUSDB18 stem file has {', '.join(audio.STEM_STREAMS)}"
            )
        yield from zip(audio.STEM_STREAMS, decoded)
        return
    for path in sorted(place.iterdir()):
        if path.suffix.lower() in audio.SUFFIXES and not path.name.startswith("."):
            yield path.stem.lower(), whole(path)


def _aligned(place: Path, stems: Mapping[str, Audio]) -> dict[str, Audio]:
    """Cut the stems to their common length, or say which one does not belong."""
    name, first = next(iter(stems.items()))
    shortest = min(stem.frames for stem in stems.values())
    for other, stem in stems.items():
        if stem.rate != first.rate:
            raise BadInput(
                f"{place}: {other} has {stem.rate} Hz, {name} {first.rate} Hz; export all stems at the same rate"
            )
        if stem.frames - shortest > MAX_LENGTH_DIFFERENCE_SECONDS * stem.rate:
            raise BadInput(
                f"{place}: {other} lasts {stem.seconds:.2f} s, the shortest stem {shortest / stem.rate:.2f} s"
            )
    channels = max(stem.channels for stem in stems.values())
    cut = {other: Audio(stem.samples[:, :shortest], stem.rate) for other, stem in stems.items()}
    return {other: audio.with_channels(stem, channels) for other, stem in cut.items()}


def _accompaniment(place: Path, stems: Mapping[str, Audio], vocals: Audio) -> Audio:
    others = [name for name in stems if name.partition(".")[0] not in {"vocals", "mixture"}]
    if "accompaniment" in stems:
        return stems["accompaniment"]
    if set(INSTRUMENTS) <= stems.keys():
        return _sum([stems[name] for name in INSTRUMENTS])
    if "mixture" in stems:
        return Audio(stems["mixture"].samples - vocals.samples, vocals.rate)
    if not others:
        raise BadInput(f"{place}: only vocals; add accompaniment.wav, mixture.wav or the instruments")
    return _sum([stems[name] for name in others])


def _sum(stems: Sequence[Audio]) -> Audio:
    return Audio(np.sum([stem.samples for stem in stems], axis=0, dtype=np.float32), stems[0].rate)


def _cached(place: Path, folder: Path, *, rate: int, channels: int, cache: Path) -> Song:
    path = cache / f"{_content(place)}-{rate}-{channels}-{CACHE_VERSION}.npy"
    if not path.is_file():
        _decode(place, path, rate=rate, channels=channels)
    names = path.with_suffix(".txt").read_text(encoding="utf-8").split("\n")
    name = str(place.relative_to(folder)).removesuffix(".stem.mp4")
    name = folder.name if name == "." else name
    return Song(name, rate, tuple(names), np.load(path, mmap_mode="r"))


def _decode(place: Path, path: Path, *, rate: int, channels: int) -> None:
    references, accompaniment = read(place)
    stems = [audio.resample(audio.with_channels(s, channels), rate) for s in (accompaniment, *references.values())]
    with atomic_file(path.with_suffix(".txt")) as part:
        part.write_text("\n".join(references), encoding="utf-8")
    with atomic_file(path) as part:
        np.save(part, np.stack([stem.samples for stem in stems]))


def _content(place: Path) -> str:
    files = [place] if place.is_file() else [path for path in sorted(place.iterdir()) if path.is_file()]
    listing = "\n".join(f"{path.name} {sha256(path)}" for path in files if path.suffix.lower() in audio.SUFFIXES)
    return hashlib.sha256(listing.encode()).hexdigest()[:32]
