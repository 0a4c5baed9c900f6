"""The most likely way to sing known symbols: Viterbi over the symbols with a blank before, between and after them.

One step looks at all states at once: a state is entered from itself, from the one before, or past a blank between two
different symbols. What was chosen is kept in one byte a state and frame, so a song of four minutes needs some 40 MB.

With prices, lines may also be skipped or sung again: from the end of any line to the beginning of any other. Between
lines a blank may last as long as it likes: nobody sings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOWEST_PROBABILITY = 1e-10
"""No symbol is thought less likely in a frame, so no path is impossible (the published system adds such noise)."""

STAY, STEP, SKIP, JUMP = 0, 1, 2, 3
IMPOSSIBLE = np.float32(-1e30)

Emissions = NDArray[np.float32]
"""Log probabilities of symbols: (frames, classes), the blank last."""


@dataclass(frozen=True)
class Prices:
    """What it costs, in natural logarithms of probability, to sing otherwise than it is written."""

    missing: float = 25.0
    """A line that is not sung."""
    repeat: float = 30.0
    """To go back to a line that was sung already."""


@dataclass(frozen=True)
class Path:
    """A song as a row of visits of symbols, in time: symbol `symbols[i]` is sung from frame `first[i]` to `last[i]`.

    Where lines are sung again their symbols come again; those of skipped lines do not come. `score` is the path's log
    probability, prices paid.
    """

    symbols: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    score: float


def align(
    emissions: Emissions,
    lines: Sequence[Sequence[int]],
    *,
    space: int,
    prices: Prices | None = None,
    penalty: NDArray[np.float32] | None = None,
) -> Path:
    """Return the most likely path through the symbols of all lines, a space between two lines.

    The result numbers symbols as they stand in the lines, spaces between lines left out. `penalty` (frames, lines) is
    added to the log probability of a line's symbols. Without `prices` every line is sung once. The frames must be
    enough for the symbols (`separation.lyrics.ctc.shortest`).
    """
    states = _states(lines, space, emissions.shape[1] - 1)
    floor = np.float32(np.log(LOWEST_PROBABILITY))
    chosen, jumps, scores = _forward(np.maximum(emissions, floor), states, prices, penalty)
    visited = _backward(chosen, jumps, states, scores)
    return _visits(visited, states, float(scores.max()))


@dataclass(frozen=True)
class _States:
    """A state a symbol and a blank around each; for each its class, its line, the number of its symbol (-1: none)."""

    classes: NDArray[np.int64]
    line: NDArray[np.int64]
    symbol: NDArray[np.int64]
    may_skip: NDArray[np.bool_]
    entry: NDArray[np.int64]
    """The blank before each line's first symbol."""
    end: NDArray[np.int64]
    """Each line's last symbol."""


def _states(lines: Sequence[Sequence[int]], space: int, blank: int) -> _States:
    classes, line, symbol = [blank], [0], [-1]
    entry, end, count = [], [], 0
    for number, symbols in enumerate(lines):
        if number:
            classes += [space, blank]
            line += [number - 1, number]
            symbol += [-1, -1]
        entry.append(len(classes) - 1)
        for each in symbols:
            classes += [each, blank]
            line += [number, number]
            symbol += [count, -1]
            count += 1
        end.append(len(classes) - 2)
    labels = np.array(classes)
    may_skip = np.zeros(len(labels), dtype=bool)
    may_skip[2:] = (labels[2:] != blank) & (labels[2:] != labels[:-2])
    return _States(labels, np.array(line), np.array(symbol), may_skip, np.array(entry), np.array(end))


def _forward(
    emissions: Emissions, states: _States, prices: Prices | None, penalty: NDArray[np.float32] | None
) -> tuple[NDArray[np.int8], NDArray[np.int16], NDArray[np.float32]]:
    """Return what each state was entered by in each frame, from which line each line was, and how likely ends are."""
    frames, size = len(emissions), len(states.classes)
    chosen = np.zeros((frames, size), dtype=np.int8)
    price = _jump_prices(len(states.entry), prices)
    jumps = np.zeros((frames if price is not None else 0, len(states.entry)), dtype=np.int16)
    score = _beginning(states, prices)
    score += _emitted(emissions, 0, states, penalty)
    closed = np.where(states.may_skip[2:], np.float32(0), IMPOSSIBLE)
    before = np.empty_like(score)
    for frame in range(1, frames):
        before, score = score, before
        choice = chosen[frame]
        np.maximum(before[1:], before[:-1], out=score[1:])
        np.greater(before[:-1], before[1:], out=choice[1:].view(bool))
        score[0] = before[0]
        skipped = before[:-2] + closed
        better = skipped > score[2:]
        np.copyto(score[2:], skipped, where=better)
        np.copyto(choice[2:], np.int8(SKIP), where=better)
        if price is not None:
            _jump(before, score, choice, jumps[frame], states, price)
        score += _emitted(emissions, frame, states, penalty)
    return chosen, jumps, score + _ending(states, prices)


def _emitted(
    emissions: Emissions, frame: int, states: _States, penalty: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    here: NDArray[np.float32] = emissions[frame].take(states.classes)
    if penalty is not None:
        here += np.where(states.symbol >= 0, penalty[frame].take(states.line), np.float32(0))
    return here


def _jump(
    before: NDArray[np.float32],
    score: NDArray[np.float32],
    choice: NDArray[np.int8],
    origin: NDArray[np.int16],
    states: _States,
    price: NDArray[np.float32],
) -> None:
    """Let each line begin after the blank that ends any other, where that is worth its price."""
    offers = before[states.end + 1][:, None] - price
    origin[:] = offers.argmax(axis=0)
    best = offers[origin, np.arange(len(origin))]
    better = best > score[states.entry]
    entered = states.entry[better]
    score[entered] = best[better]
    choice[entered] = JUMP


def _jump_prices(lines: int, prices: Prices | None) -> NDArray[np.float32] | None:
    """Return what it costs to go from the end of each line to the beginning of each: (from, to)."""
    if prices is None or lines < 2:
        return None
    ahead = np.arange(lines)[None, :] - np.arange(lines)[:, None] - 1  # lines left out; negative: back
    return np.where(ahead >= 0, prices.missing * ahead, prices.repeat).astype(np.float32)


def _beginning(states: _States, prices: Prices | None) -> NDArray[np.float32]:
    score = np.full(len(states.classes), IMPOSSIBLE, dtype=np.float32)
    entry = states.entry if prices else states.entry[:1]
    cost = np.arange(len(entry), dtype=np.float32) * np.float32(prices.missing if prices else 0.0)
    score[entry] = -cost
    score[entry + 1] = -cost
    return score


def _ending(states: _States, prices: Prices | None) -> NDArray[np.float32]:
    score = np.full(len(states.classes), IMPOSSIBLE, dtype=np.float32)
    end = states.end if prices else states.end[-1:]
    cost = np.arange(len(end), dtype=np.float32)[::-1] * np.float32(prices.missing if prices else 0.0)
    score[end] = -cost
    score[end + 1] = -cost
    return score


def _backward(
    chosen: NDArray[np.int8], jumps: NDArray[np.int16], states: _States, scores: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return the state of each frame."""
    state = int(scores.argmax())
    path = np.empty(len(chosen), dtype=np.int64)
    line_of_entry = {int(entry): number for number, entry in enumerate(states.entry)}
    for frame in range(len(chosen) - 1, 0, -1):
        path[frame] = state
        by = int(chosen[frame, state])
        state = int(states.end[jumps[frame, line_of_entry[state]]]) + 1 if by == JUMP else state - by
    path[0] = state
    return path


def _visits(path: NDArray[np.int64], states: _States, score: float) -> Path:
    starts = np.flatnonzero(np.diff(path, prepend=-1) != 0)
    ends = np.append(starts[1:], len(path)) - 1
    symbols = states.symbol[path[starts]]
    sung = symbols >= 0
    return Path(symbols[sung], starts[sung], ends[sung], score)
