"""Short real recordings as FLAC files of every kind: mono and stereo, 16 and 24 bits, every level, many block sizes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path

import av
import numpy as np
import soundfile
from django.conf import settings

from lossmodel import audio

SECONDS = 0.4
TESTS = ("ward2018", "sisec2018", "codec2024", "gensvs2025")
LEVELS = range(9)
BLOCKS = (None, 192, 576, 1000, 4096, 16384)
"""Samples a block: what libFLAC takes by itself (None), and what FFmpeg is told to."""


@dataclass(frozen=True)
class Kind:
    """How a recording is stored."""

    channels: int
    bits: int
    level: int
    block: int | None

    @property
    def subtype(self) -> str:
        """Return the name that libsndfile has for samples of so many bits."""
        return f"PCM_{self.bits}"


KINDS = [Kind(*each) for each in product((1, 2), (16, 24), LEVELS, BLOCKS)]


def written(folder: Path) -> list[Path]:
    """Write one file of every kind, each of another excerpt; return their paths."""
    paths = []
    for number, (kind, sound) in enumerate(zip(KINDS, excerpts())):
        paths.append(folder / f"{number:03d}.flac")
        samples = audio.with_channels(sound, kind.channels).samples.T
        if kind.block is None:
            soundfile.write(paths[-1], samples, sound.rate, subtype=kind.subtype, compression_level=kind.level / 8)
        else:
            encode(paths[-1], samples, sound.rate, kind)
    return paths


def encode(path: Path, samples: np.ndarray, rate: int, kind: Kind) -> None:
    """Write `samples` (frame, channel) by FFmpeg's encoder, in blocks of `kind`."""
    whole = np.rint(np.clip(samples, -1, 1 - 2**-23) * 2 ** (kind.bits - 1)).astype(np.int64)
    form = {16: "s16", 24: "s32"}[kind.bits]
    packed = (whole << (8 if kind.bits == 24 else 0)).astype({16: np.int16, 24: np.int32}[kind.bits])
    layout = {1: "mono", 2: "stereo"}[kind.channels]
    with av.open(str(path), "w", format="flac") as container:
        options = {"compression_level": str(kind.level), "frame_size": str(kind.block)}
        stream = container.add_stream("flac", rate=rate, options=options, format=form, layout=layout)
        for start in range(0, len(packed), kind.block or 0):
            part = np.ascontiguousarray(packed[start : start + (kind.block or 0)]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(part, format=form, layout=layout)
            frame.rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def excerpts() -> Iterator[audio.Audio]:
    """Yield short excerpts for ever: of published tests where `HEARBACK_DATA` is set, else of what is at hand."""
    if settings.HEARBACK_DATA:
        yield from published(Path(settings.HEARBACK_DATA))
    else:
        yield from own()


def published(data: Path) -> Iterator[audio.Audio]:
    """Yield an excerpt of each sound of the published tests, from another second each time round."""
    paths = [path for test in TESTS for path in sorted((data / test).rglob("*.flac"))]
    for number, path in enumerate(cycle(paths)):
        rate, _channels, frames = audio.info(path)
        length = round(SECONDS * rate)
        start = (number * rate) % max(1, frames - length)
        samples, _ = soundfile.read(path, start=start, frames=length, dtype="float32", always_2d=True)
        yield audio.Audio(np.ascontiguousarray(samples.T), rate)


def own() -> Iterator[audio.Audio]:
    """Yield excerpts of the song that comes with `stempeg`, stem by stem, and of synthetic voices."""
    from separation.data import example, synthetic

    stems = [*example.song().values(), synthetic.song(1, 8.0, 44100)["vocals"]]
    for number, stem in enumerate(cycle(stems)):
        length = round(SECONDS * stem.rate)
        start = (number * length) % (stem.frames - length)
        yield audio.Audio(stem.samples[:, start : start + length], stem.rate)
