"""Excerpts by address: batch k of a seed is always the same, so a training resumes where it stopped without a memory.

Silence teaches little, so most excerpts are centred on a stretch where somebody sings; a few come from anywhere:
a separator must also know when to be quiet.
"""

from collections.abc import Sequence

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor

from separation.data.draws import Purpose, draw
from separation.data.stems import Song
from separation.networks.config import Window

BLOCK_SECONDS = 0.1
"""Seconds of a stretch that counts as sung or not."""

SUNG_ABOVE_DB = -40.0
"""A stretch is sung above so many dB relative to the song's loudest."""


class Excerpts:
    """Draws batches from `songs` (all with one rate and channel count) with real context around each excerpt."""

    def __init__(
        self,
        songs: Sequence[Song],
        window: Window,
        *,
        seed: int,
        anywhere: float = 0.0,
        speed: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        self.songs = songs
        self.window = window
        self.seed = seed
        self.anywhere = anywhere
        self.speed = speed
        self.references = max(len(song.references) for song in songs)
        blocks = [_blocks(song, number) for number, song in enumerate(songs)]
        self._all = np.concatenate([everything for everything, _ in blocks])
        self._sung = np.concatenate([sung for _, sung in blocks])
        self._block = round(BLOCK_SECONDS * songs[0].rate)

    def batch(self, step: int, size: int, first: int = 0) -> Tensor:
        """Return `size` excerpts of a step from its number `first` on: sources (accompaniment, then every reference).

        Songs with fewer references than others repeat their first.
        Shape: (size, 1 + references, channels, window.input).
        """
        addresses = ((self.seed, step, first + number) for number in range(size))
        return torch.from_numpy(np.stack([self._excerpt(np.random.default_rng(address)) for address in addresses]))

    def song_numbers(self, step: int, size: int, first: int = 0) -> Tensor:
        """Return the number in `songs` of the song that each excerpt of that batch is from: (size,)."""
        addresses = ((self.seed, step, first + number) for number in range(size))
        return torch.tensor([self._place(np.random.default_rng(address))[0] for address in addresses])

    def other(self, step: int, number: int) -> Tensor:
        """Return another excerpt than number `number` of a step, of which its accompaniment may be taken."""
        return torch.from_numpy(self._excerpt(draw(self.seed, step, number, Purpose.OTHER_ACCOMPANIMENT)))

    def _excerpt(self, chance: np.random.Generator) -> NDArray[np.float32]:
        number, start = self._place(chance)
        centre = start + int(chance.integers(self._block))
        faster = chance.uniform(*self.speed)
        frames = round(faster * self.window.input)
        sources = cut(self.songs[number].sources, centre - frames // 2, frames, self.references)
        return sources if frames == self.window.input else respeed(sources, self.window.input)

    def _place(self, chance: np.random.Generator) -> tuple[int, int]:
        """Return the song and the first frame of the block that an excerpt is cut from."""
        blocks = self._all if chance.random() < self.anywhere else self._sung
        number, start = blocks[chance.integers(len(blocks))]
        return int(number), int(start)


def respeed(sources: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Return an excerpt played in `frames` frames, tempo and pitch together: (…, time) to (…, frames)."""
    lines = sources.reshape(-1, sources.shape[-1]).T
    played = soxr.resample(lines, sources.shape[-1], frames, quality="HQ")[:frames]
    whole = np.pad(played, ((0, frames - len(played)), (0, 0)))
    return np.ascontiguousarray(whole.T, dtype=np.float32).reshape(*sources.shape[:-1], frames)


def cut(sources: NDArray[np.float32], start: int, frames: int, references: int) -> NDArray[np.float32]:
    """Return `frames` frames of a song from `start` on: zeros beyond its ends, its first reference for missing ones."""
    out = np.zeros((1 + references, sources.shape[1], frames), dtype=np.float32)
    first, last = max(0, start), min(sources.shape[2], start + frames)
    held = sources.shape[0]
    if last > first:
        out[:held, :, first - start : last - start] = sources[:, :, first:last]
        out[held:, :, first - start : last - start] = sources[1, :, first:last]
    return out


def sung_share(song: Song) -> float:
    """Return in how much of a song somebody sings its first reference, 0 to 1."""
    everything, sung = _blocks(song, 0)
    return len(sung) / len(everything)


def _blocks(song: Song, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (song's number, first frame) of all its blocks and of those in which the first reference sings."""
    frames = round(BLOCK_SECONDS * song.rate)
    count = max(1, song.sources.shape[2] // frames)
    level = loudness(song.sources[1], frames)
    starts = np.stack([np.full(count, number), np.arange(count) * frames], axis=1)
    return starts, starts[level > level.max() * 10 ** (SUNG_ABOVE_DB / 10)]


def loudness(samples: NDArray[np.float32], frames: int) -> NDArray[np.float64]:
    """Return the mean power of each whole block of `frames` frames (of all, if there is none): (channels, time)."""
    count = max(1, samples.shape[1] // frames)
    power = np.square(samples[:, : count * frames]).mean(axis=0)
    return np.array([part.mean() for part in np.array_split(power, count)])
