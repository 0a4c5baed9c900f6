"""Recordings whose other sources nobody has: mixtures, singing alone and accompaniment alone, of different songs.

    <data>/unpaired/mixtures/*          <data>/unpaired/vocals/*          <data>/unpaired/accompaniments/*

Each file is decoded once into a memory-mapped array known by its content, as songs are.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file, sha256
from lossmodel.progress import Report, silent
from separation.data.draws import Purpose, draw
from separation.data.excerpts import BLOCK_SECONDS, SUNG_ABOVE_DB, loudness
from separation.data.stems import UNPAIRED_FOLDER
from separation.networks.config import Window

KINDS = ("mixtures", "accompaniments", "vocals")
"""Folders; the last two in the order of the separator's sources."""


class Unpaired:
    """Draws excerpts of each kind by address, where there is something to hear."""

    def __init__(
        self, recordings: Sequence[Sequence[NDArray[np.float32]]], window: Window, rate: int, *, seed: int
    ) -> None:
        self.recordings = recordings
        self.window = window
        self.seed = seed
        self._block = round(BLOCK_SECONDS * rate)
        self._loud = [
            np.concatenate([self._blocks(samples, number) for number, samples in enumerate(kind)])
            for kind in recordings
        ]

    def batch(self, step: int, size: int, first: int = 0) -> tuple[Tensor, Tensor]:
        """Return `size` mixtures with context, and as many accompaniments and vocals, of a step.

        Shape: (size, channels, window.input) and (size, 2, channels, window.output).
        """
        draws = [draw(self.seed, step, first + number, Purpose.UNPAIRED) for number in range(size)]
        mixtures, *solos = (
            np.stack([self._excerpt(chance, kind, frames) for chance in draws])
            for kind, frames in enumerate((self.window.input, self.window.output, self.window.output))
        )
        return torch.from_numpy(mixtures), torch.from_numpy(np.stack(solos, axis=1))

    def _excerpt(self, chance: np.random.Generator, kind: int, frames: int) -> NDArray[np.float32]:
        number, start = self._loud[kind][chance.integers(len(self._loud[kind]))]
        samples = self.recordings[kind][number]
        begin = start + chance.integers(self._block) - frames // 2
        out = np.zeros((samples.shape[0], frames), dtype=np.float32)
        first, last = max(0, begin), min(samples.shape[1], begin + frames)
        out[:, first - begin : last - begin] = samples[:, first:last]
        return out

    def _blocks(self, samples: NDArray[np.float32], number: int) -> NDArray[np.int64]:
        level = loudness(samples, self._block)
        (loud,) = np.nonzero(level > level.max() * 10 ** (SUNG_ABOVE_DB / 10))
        return np.stack([np.full(len(loud), number), loud * self._block], axis=1)


def recordings(
    folder: Path, *, rate: int, channels: int, cache: Path, report: Report = silent
) -> list[list[NDArray[np.float32]]]:
    """Return the recordings of each of `KINDS`; `BadInput` names the folder that is missing or empty, a silent file."""
    found = []
    for kind in KINDS:
        place = folder / UNPAIRED_FOLDER / kind
        files = [path for path in sorted(place.rglob("*")) if path.suffix.lower() in audio.SUFFIXES]
        if not files:
            raise BadInput(
                f"{place}: no recordings; this recipe needs {', '.join(KINDS)} under {folder / UNPAIRED_FOLDER}"
            )
        found.append([decoded(path, rate=rate, channels=channels, cache=cache) for path in files])
        report(len(found), len(KINDS))
    return found


def decoded(path: Path, *, rate: int, channels: int, cache: Path) -> NDArray[np.float32]:
    """Return a recording, memory-mapped from `cache`: (channels, frames); `BadInput` for a silent one."""
    kept = cache / f"{sha256(path)[:32]}-{rate}-{channels}-alone.npy"
    if not kept.is_file():
        heard = audio.read(path, rate=rate, channels=channels)
        if heard.peak < audio.SILENT_PEAK_80_DBFS:
            raise BadInput(f"{path}: silent (peak {heard.peak:.1e}); leave it out")
        with atomic_file(kept) as part:
            np.save(part, heard.samples)
    samples: NDArray[np.float32] = np.load(kept, mmap_mode="r")
    return samples
