"""Excerpts with the lines that are sung in them: batch k of a seed is always the same.

A window cuts lines in two where it begins and ends. What belongs to a cut line is left out of the loss: it hears the
frames between, in which every line is whole. Where nobody sings, the right answer is the empty one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.progress import Report
from separation.data.draws import Purpose, draw
from separation.data.split import held_out_numbers
from separation.lyrics.alphabet import ALPHABETS
from separation.lyrics.ctc import fits
from separation.lyrics.frames import Frames, frames
from separation.lyrics.songs import LyricSong, SungLine, songs, songs_hash
from separation.recipe import Lyrics, Recipe

MAX_DRAWS = 20
MIN_FRAMES = 8
"""A window with fewer frames between cut lines is drawn again."""

SUNG_SHARE = 0.9
"""Share of windows that are placed around a line; the others lie anywhere."""


@dataclass(frozen=True)
class Sung:
    """Mixtures with context, and for each the frames that count and the symbols sung in them, in order.

    Shape: mixture (batch, channels, input).
    """

    mixture: Tensor
    spans: tuple[tuple[int, int], ...]
    symbols: tuple[tuple[int, ...], ...]

    def to(self, device: torch.device) -> "Sung":
        """Return the same batch on a device."""
        return Sung(self.mixture.to(device, non_blocking=True), self.spans, self.symbols)


class SungExcerpts:
    """Draws batches of windows from songs with lyrics."""

    def __init__(
        self, songs: Sequence[LyricSong], frames: Frames, config: Lyrics, *, space: int, seed: int, varied: bool = True
    ) -> None:
        self.songs = songs
        self.frames = frames
        self.config = config
        self.space = space
        self.seed = seed
        self.varied = varied
        lengths = np.array([song.samples.shape[1] for song in songs], dtype=float)
        self._chances = lengths / lengths.sum()

    def make(self, step: int) -> Sung:
        """Return the batch of a step; the same whenever it is asked for."""
        rows = [self._row(draw(self.seed, step, number, Purpose.LYRICS)) for number in range(self.config.batch)]
        mixtures, spans, symbols = zip(*rows)
        return Sung(torch.from_numpy(np.stack(mixtures)), spans, symbols)

    def _row(self, chance: np.random.Generator) -> tuple[NDArray[np.float32], tuple[int, int], tuple[int, ...]]:
        for _ in range(MAX_DRAWS):
            song = self.songs[chance.choice(len(self.songs), p=self._chances)]
            start = self._start(song, chance)
            span, symbols = self.heard(song, start)
            if span[1] - span[0] >= MIN_FRAMES and fits(symbols, span[1] - span[0]):
                break
        else:
            span, symbols = (0, 0), ()
        gain = chance.uniform(*self.config.gain) if self.varied else 1.0
        return np.float32(gain) * _cut(song.samples, start, self.frames.input), span, symbols

    def _start(self, song: LyricSong, chance: np.random.Generator) -> int:
        """Return the first sample of a window around a line, or anywhere."""
        shown = self.frames.seconds(song.rate)
        if chance.random() < SUNG_SHARE:
            line = song.lines[chance.integers(len(song.lines))]
            first = chance.uniform(min(line.start, line.end - shown), max(line.start, line.end - shown))
        else:
            first = chance.uniform(0, max(0.0, song.samples.shape[1] / song.rate - shown))
        return round(first * song.rate) - self.frames.offset

    def heard(self, song: LyricSong, start: int) -> tuple[tuple[int, int], tuple[int, ...]]:
        """Return the frames between cut lines of the window at `start`, and what is sung in them."""
        first = (start + self.frames.offset) / song.rate
        begin, end = _between(song.lines, first, first + self.frames.seconds(song.rate))
        each = self.frames.spacing / song.rate
        span = (max(0, int(np.ceil((begin - first) / each))), min(self.frames.count, int((end - first) / each) + 1))
        whole = [line.symbols for line in song.lines if begin <= line.start and line.end <= end and line.symbols]
        symbols: list[int] = []
        for line in whole:
            symbols += ([self.space] if symbols else []) + list(line)
        return span, tuple(symbols)


def sung_excerpts(
    recipe: Recipe, folder: Path, cache: Path, *, report: Report, remark: Callable[[str], None]
) -> tuple[SungExcerpts | None, SungExcerpts | None, dict[str, str]]:
    """Return the excerpts with lyrics to learn from, held-out ones if there are any, and the hash of what is sung."""
    if not recipe.lyrics.weight:
        return None, None, {}
    alphabet = ALPHABETS[recipe.lyrics.alphabet]
    shape = {"rate": recipe.rate, "channels": recipe.channels}
    found = songs(folder, alphabet, **shape, cache=cache, report=report, remark=remark)
    held = held_out_numbers([song.name for song in found], recipe)
    learned = [song for number, song in enumerate(found) if number not in held]
    tested = [song for number, song in enumerate(found) if number in held]
    spaced = frames(recipe.network, recipe.lyrics.blocks, recipe.window.input)
    _check_lengths(found, spaced.seconds(recipe.rate), remark)
    excerpts = partial(SungExcerpts, frames=spaced, config=recipe.lyrics, space=alphabet.space, seed=recipe.seed)
    return excerpts(learned), excerpts(tested, varied=False) if tested else None, {"lyrics": songs_hash(found)}


def _check_lengths(found: Sequence[LyricSong], seconds: float, remark: Callable[[str], None]) -> None:
    """Tell `remark` of lines that no window holds; `BadInput` where none holds any."""
    lengths = [line.end - line.start for song in found for line in song.lines]
    longer = sum(length > seconds for length in lengths)
    if longer == len(lengths):
        raise BadInput(
            f"data.seconds: a window hears {seconds:.1f} s, the shortest line lasts {min(lengths):.1f} s; raise it"
        )
    if longer:
        remark(
            f"{longer} of {len(lengths)} lines are longer than a window ({seconds:.1f} s): nothing is learned of them"
        )


def _between(lines: Sequence[SungLine], begin: float, end: float) -> tuple[float, float]:
    """Return the part of a window that cuts no line, in seconds; (begin, begin) if nothing is left."""
    cut = True
    while cut and begin < end:
        cut = False
        for line in lines:
            if line.start < begin < line.end:
                begin, cut = line.end, True
            if line.start < end < line.end:
                end, cut = line.start, True
    return begin, max(begin, end)


def _cut(samples: NDArray[np.float32], start: int, frames: int) -> NDArray[np.float32]:
    out = np.zeros((samples.shape[0], frames), dtype=np.float32)
    first, last = max(0, start), min(samples.shape[1], start + frames)
    if last > first:
        out[:, first - start : last - start] = samples[:, first:last]
    return out
