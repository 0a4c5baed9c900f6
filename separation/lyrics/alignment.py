"""Words in time: the most likely path through all lyrics, then once more with every line near its first place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmodel.errors import BadInput
from separation.lyrics import viterbi
from separation.lyrics.aligned import UNSURE, AlignedLine, AlignedWord, Alignment
from separation.lyrics.alphabet import Alphabet
from separation.lyrics.ctc import shortest
from separation.lyrics.decoding import greedy, greedy_score
from separation.lyrics.text import Line, Lyrics
from separation.lyrics.viterbi import Emissions, Path, Prices

SECONDS_A_SYMBOL, FLANK_SECONDS = 0.2, 2.5
"""The second pass gives a line so much time a symbol around its middle, and flanks in which it fades
(Durand, Stoller, Ewert, ICASSP 2023, sec. 2.4)."""

LOWEST_MASK = 1e-5
"""Factor of a symbol's probability beyond the flanks, within which it falls linearly from 1."""

GATE_PENALTY = 5.0
"""Natural logarithm of what a symbol loses where the separated voice is silent."""

MAX_CELLS = 1_500_000_000
"""Bytes of memory for one alignment: frames times states."""

MIN_HEARD_SHARE = 0.05
"""A recording in which less than this share of the lyrics' symbols is read is taken for an instrumental."""

UNFIT_GAP = 1.5
"""Lyrics that are less likely than what is heard by more than this, a symbol (natural logarithm), belong elsewhere."""

MIN_WORDLESS_SYMBOLS = 4
"""Frames with a letter between two words, from which on something is sung that the lyrics do not say."""


@dataclass(frozen=True)
class Timing:
    """From frames to seconds: a frame's length, what is added to every time, how long the recording is."""

    frame_seconds: float
    delay: float
    seconds: float

    def at(self, frame: float) -> float:
        """Return the time of a frame, within the recording."""
        return float(min(self.seconds, max(0.0, frame * self.frame_seconds + self.delay)))


def align(
    emissions: Emissions,
    lyrics: Lyrics,
    alphabet: Alphabet,
    timing: Timing,
    *,
    prices: Prices | None = None,
    voice: NDArray[np.bool_] | None = None,
    passes: int = 2,
) -> Alignment:
    """Return when each word is sung. `voice` (frames,) says where the separated voice is heard; prices as for Viterbi.

    `BadInput` where the recording is too short for the words, nothing is sung in it, or memory would not be enough.
    """
    lines = encoded(lyrics, alphabet)
    check_size(len(emissions), lines, alphabet, timing)
    _check_heard(emissions, lines, alphabet)
    gate = None if voice is None else np.where(voice, 0.0, -GATE_PENALTY).astype(np.float32)[:, None]
    penalty = None if gate is None else np.repeat(gate, len(lines), axis=1)
    path = viterbi.align(emissions, lines, space=alphabet.space, prices=prices, penalty=penalty)
    for _ in range(passes - 1 if prices is None else 0):
        near = _line_windows(path, lines, len(emissions), timing.frame_seconds)
        path = viterbi.align(
            emissions, lines, space=alphabet.space, penalty=near if penalty is None else near + penalty
        )
    placed = list(_lines(lyrics, list(_performances(path, lines)), emissions, alphabet, timing))
    gap = (greedy_score(emissions) - _likelihood(path, lines, emissions)) / max(1, sum(map(len, lines)))
    unsure = [line.number for line in placed if line.confidence is not None and line.confidence < UNSURE]
    return Alignment(
        tuple(placed), timing.seconds, timing.delay, float(gap), bool(gap <= UNFIT_GAP), tuple(unsure),
        tuple(_wordless(emissions, path, timing)), tuple(_voiceless(emissions, placed, timing, voice)),
    )  # fmt: skip


def encoded(lyrics: Lyrics, alphabet: Alphabet) -> list[list[int]]:
    """Return the symbols of each line that is sung."""
    return [alphabet.encode(line.sung) for line in lyrics.lines if line.sung]


def check_size(frames: int, lines: Sequence[Sequence[int]], alphabet: Alphabet, timing: Timing) -> None:
    """Raise `BadInput` for lyrics that do not fit into so many frames, or that would take too much memory."""
    symbols = [symbol for number, line in enumerate(lines) for symbol in ([alphabet.space] * (number > 0) + list(line))]
    if (needed := shortest(symbols)) > frames:
        words = sum(symbol == alphabet.space for symbol in symbols) + 1
        raise BadInput(
            f"{words} words need at least {needed * timing.frame_seconds:.1f} s, the recording has"
            f" {timing.seconds:.1f} s; give the lyrics of what it holds"
        )
    if (cells := frames * (2 * len(symbols) + 1)) > MAX_CELLS:
        raise BadInput(
            f"{timing.seconds / 60:.0f} minutes and {len(symbols)} characters need {cells / 1e9:.1f} GB at once;"
            " align the recording in parts"
        )


def _check_heard(emissions: Emissions, lines: Sequence[Sequence[int]], alphabet: Alphabet) -> None:
    heard, written = len(greedy(emissions, alphabet)), sum(map(len, lines)) + len(lines) - 1
    if heard < MIN_HEARD_SHARE * written:
        raise BadInput(
            f"next to nothing is sung: {heard} characters are heard, the lyrics have {written}; give a recording"
            " with these words, or a checkpoint for its language"
        )


def _line_windows(path: Path, lines: Sequence[Sequence[int]], frames: int, frame_seconds: float) -> NDArray[np.float32]:
    """Return what each line's symbols lose in each frame away from the line's middle: (frames, lines)."""
    ends = np.cumsum([len(line) for line in lines])
    middles = ends - np.array([(len(line) + 1) // 2 for line in lines])
    centre = path.first[np.searchsorted(path.symbols, middles)] * frame_seconds
    half = np.array([len(line) for line in lines]) * SECONDS_A_SYMBOL / 2
    away = np.abs(np.arange(frames)[:, None] * frame_seconds - centre) - half
    mask = np.maximum(LOWEST_MASK, 1 - np.clip(away / FLANK_SECONDS, 0, 1))
    return np.asarray(np.log(mask), dtype=np.float32)


def _likelihood(path: Path, lines: Sequence[Sequence[int]], emissions: Emissions) -> float:
    """Return the path's log probability without prices and penalties: its symbols, blank or space between them."""
    classes = np.concatenate([np.asarray(line, dtype=np.int64) for line in lines])
    between = np.maximum(emissions[:, -1], emissions[:, -2])
    total = float(between.sum())
    for symbol, first, last in zip(path.symbols, path.first, path.last):
        total += float((emissions[first : last + 1, classes[symbol]] - between[first : last + 1]).sum())
    return total


def _performances(path: Path, lines: Sequence[Sequence[int]]) -> Iterator[tuple[int, dict[int, tuple[int, int]]]]:
    """Yield each line as it is sung: its number among those with words, the frames of its symbols by their place."""
    starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    owner = np.searchsorted(starts, path.symbols, side="right") - 1
    here: dict[int, tuple[int, int]] = {}
    before = None
    for line, symbol, first, last in zip(owner, path.symbols, path.first, path.last):
        if before is not None and (line != before[0] or symbol <= before[1]):
            yield before[0], here
            here = {}
        here[int(symbol - starts[line])] = int(first), int(last)
        before = int(line), int(symbol)
    if before is not None:
        yield before[0], here


def _lines(
    lyrics: Lyrics,
    sung: Sequence[tuple[int, dict[int, tuple[int, int]]]],
    emissions: Emissions,
    alphabet: Alphabet,
    timing: Timing,
) -> Iterator[AlignedLine]:
    """Yield the lines in the order in which they are sung, headings and lines that are not sung at their place."""
    numbers = [number for number, line in enumerate(lyrics.lines) if line.sung]
    upcoming, seen = 0, set()
    for which, frames in sung:
        number = numbers[which]
        while upcoming <= number:
            if upcoming < number:
                yield _timeless(lyrics.lines[upcoming], upcoming)
            upcoming += 1
        words = _words(lyrics.lines[number], frames, emissions, alphabet, timing)
        sure = [word.confidence for word in words if word.confidence is not None]
        yield AlignedLine(
            lyrics.lines[number].written, number + 1, "repeated" if number in seen else "sung",
            words[0].start, words[-1].end, float(np.mean(sure)), tuple(words),
        )  # fmt: skip
        seen.add(number)
    for number in range(upcoming, len(lyrics.lines)):
        yield _timeless(lyrics.lines[number], number)


def _timeless(line: Line, number: int) -> AlignedLine:
    return AlignedLine(line.written, number + 1, "heading" if line.is_heading else "missing", None, None, None, ())


def _words(
    line: Line, frames: dict[int, tuple[int, int]], emissions: Emissions, alphabet: Alphabet, timing: Timing
) -> list[AlignedWord]:
    """Return a line's words; those without symbols stand where their neighbours leave room."""
    found: list[AlignedWord | None] = []
    at = 0
    for word in line.words:
        if not word.sung:
            found.append(None)
            continue
        mine = [frames[number] for number in range(at, at + len(word.sung))]
        at += len(word.sung) + 1
        first, last = mine[0][0], mine[-1][1]
        numbers = alphabet.encode(word.sung)
        likely = np.mean([emissions[begin : end + 1, symbol].max() for symbol, (begin, end) in zip(numbers, mine)])
        found.append(AlignedWord(word.written, timing.at(first), timing.at(last + 1), float(np.exp(likely))))
    return _filled(line, found)


def _filled(line: Line, found: Sequence[AlignedWord | None]) -> list[AlignedWord]:
    """Put words without symbols at the end of the word before them, else at the beginning of the next."""
    known = [word for word in found if word is not None]
    whole, time = [], known[0].start
    for written, word in zip(line.words, found):
        whole.append(word or AlignedWord(written.written, time, time, None))
        time = whole[-1].end
    return whole


def _wordless(emissions: Emissions, path: Path, timing: Timing) -> Iterator[tuple[float, float]]:
    """Yield stretches with at least `MIN_WORDLESS_SYMBOLS` frames between words in which symbols are read."""
    read = emissions[:, :-1].argmax(axis=1) != emissions.shape[1] - 2
    read &= emissions[:, -1] < np.log(0.5)
    ends = np.concatenate([[-1], path.last])
    for before, after in zip(ends, np.append(path.first, len(emissions))):
        heard = np.flatnonzero(read[before + 1 : after])
        if len(heard) >= MIN_WORDLESS_SYMBOLS:
            yield timing.at(before + 1 + heard[0]), timing.at(before + 2 + heard[-1])


def _voiceless(
    emissions: Emissions, lines: Sequence[AlignedLine], timing: Timing, voice: NDArray[np.bool_] | None
) -> Iterator[tuple[float, float, str]]:
    """Yield words in no frame of which a symbol is more likely than the blank, or in which the voice is silent."""
    heard = emissions[:, -1] < np.log(0.5)
    if voice is not None:
        heard = heard & voice
    for word in (word for line in lines for word in line.words if word.confidence is not None):
        first, last = (round((time - timing.delay) / timing.frame_seconds) for time in (word.start, word.end))
        if not heard[max(0, first) : max(first + 1, last)].any():
            yield word.start, word.end, word.written
