"""Correlations of sources with each other and with other signals, by windows: BSS Eval needs to know nothing else.

They are summed over blocks, so that a song costs the memory of a few seconds; float32 signals become float64 a block at
a time.
"""

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn.functional import pad

FFT_SAMPLES = 5040
"""Samples of an FFT: what is needed for a window stays in a processor's cache."""

WINDOW_SAMPLES = 44_100
SAMPLES_IN_MEMORY = 1 << 17
"""Samples a signal of which the spectra are in memory together."""

SEAMS_IN_MEMORY = 64
"""Seams between windows that are in memory together."""


def pairs(sources: int, others: int) -> list[tuple[int, int]]:
    """Return (i, j) of each pair: each source with itself, with the sources after it and with the others after these.

    >>> pairs(2, 1)
    [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2)]
    """
    return [(one, other) for one in range(sources) for other in range(one, sources + others)]


def windowed(sources: Tensor, others: Tensor, *, length: int, hop: int, taps: int) -> Tensor:
    """Return correlations at all delays within ± (taps - 1) of signals that are zero beyond each window.

    c[pair (i, j), w, taps - 1 + k] = Σ_t source_i[t] · signal_j[t + k]. Windows begin every `hop` samples; the last one
    may not be whole.

    Shape: (n, i, time), (n, j, time) → (n, pairs, windows, 2 · taps - 1), float64.
    """
    count, rows = -(-max(sources.shape[-1] - length, 0) // hop) + 1, len(pairs(sources.shape[1], others.shape[1]))
    found = sources.new_empty((len(sources), rows, count, 2 * taps - 1), dtype=torch.float64)
    for first in range(0, count, many := max(1, SAMPLES_IN_MEMORY // length)):
        starts = range(first * hop, min(first + many, count) * hop, hop)
        inside = (_cut(each, starts, length) for each in (sources, others))
        found[:, :, first : first + many] = _lags(*inside, reach=taps - 1)
    return found


def whole(sources: Tensor, others: Tensor, *, taps: int) -> Tensor:
    """Return correlations of whole signals: (n, i, time), (n, j, time) → (n, pairs, 2 · taps - 1). Differentiable."""
    length = min(max(WINDOW_SAMPLES, taps), sources.shape[-1])
    inside = windowed(sources, others, length=length, hop=length, taps=taps).sum(2)
    return inside + seams(sources, others, length=length, taps=taps)


def seams(sources: Tensor, others: Tensor, *, length: int, taps: int) -> Tensor:
    """Return what the correlations of whole signals have beyond the sum of those of adjacent windows.

    Shape: (n, i, time), (n, j, time) → (n, pairs, 2 · taps - 1). `length` is at least `taps`.
    """
    starts = range(length - taps + 1, sources.shape[-1] - taps + 1, length)
    found = sources.new_zeros((), dtype=torch.float64)
    for first in range(0, len(starts), SEAMS_IN_MEMORY):
        joined = (
            _cut(each, starts[first : first + SEAMS_IN_MEMORY], 2 * taps - 2).double() for each in (sources, others)
        )
        found = found + _across(torch.cat(list(joined), dim=1), sources.shape[1], reach=taps - 1)
    return found


def _across(signals: Tensor, sources: int, *, reach: int) -> Tensor:
    """Return what one half has with the other, summed: (n, i + j, seams, 2 · reach) → (n, pairs, lags)."""
    size = next_fast_len(4 * reach, real=True)
    before = torch.fft.rfft(signals[..., :reach], size)[:, :, None]
    after = torch.fft.rfft(pad(signals[..., reach:], (reach, 0)), size)[:, :, None]
    own = torch.cat([before, after], dim=3)[:, :sources].conj_physical_()
    found = torch.fft.irfft(_products(own, torch.cat([after, before], dim=3)), size)[:, :, 0]
    return torch.cat([found[..., -reach:], found[..., : reach + 1]], dim=-1)


def between_sources(lags: Tensor, sources: int) -> Tensor:
    """Return the correlations of sources with each other at delays from 0: (n, pairs, lags) → (n, i, i, taps)."""
    taps = (lags.shape[-1] + 1) // 2
    order = {pair: at for at, pair in enumerate(pairs(sources, _others(lags, sources)))}
    rows = [
        torch.stack([
            lags[:, order[one, other], taps - 1 :] if one <= other else lags[:, order[other, one], :taps].flip(-1)
            for other in range(sources)
        ], dim=1)
        for one in range(sources)
    ]  # fmt: skip
    return torch.stack(rows, dim=1)


def between_sources_and_others(lags: Tensor, sources: int) -> Tensor:
    """Return the correlations of sources with the others at delays from 0: (n, pairs, …, lags) → (n, i, j, …, taps)."""
    taps, others = (lags.shape[-1] + 1) // 2, _others(lags, sources)
    rows = [at for at, (_, other) in enumerate(pairs(sources, others)) if other >= sources]
    found: Tensor = lags[:, rows, ..., taps - 1 :].unflatten(1, (sources, others))
    return found


def pairs_of_sources(lags: Tensor, sources: int) -> Tensor:
    """Return the correlations of pairs of sources alone, in the order of `pairs`: (n, pairs, …) → (n, fewer, …)."""
    return lags[:, [at for at, (_, other) in enumerate(pairs(sources, _others(lags, sources))) if other < sources]]


def _others(lags: Tensor, sources: int) -> int:
    return (lags.shape[1] - sources * (sources + 1) // 2) // sources


def _cut(signals: Tensor, starts: range, length: int) -> Tensor:
    """Return the windows that begin at `starts`: (n, i, time) → (n, i, windows, length)."""
    part = signals[..., starts[0] : starts[-1] + length]
    missing = starts[-1] + length - starts[0] - part.shape[-1]
    return pad(part, (0, missing)).unfold(-1, length, starts.step)


def _lags(sources: Tensor, others: Tensor, *, reach: int) -> Tensor:
    """Return the correlations of whole windows, summed over blocks: each block with what lies within reach of it.

    Shape: (n, i, windows, length), (n, j, windows, length) → (n, pairs, windows, 2 · reach + 1).
    """
    (n, count, windows, length), signals = sources.shape, sources.shape[1] + others.shape[1]
    pieces, block, size = _blocks(length, reach)
    padded = sources.new_zeros((n, signals, windows, (pieces - 1) * block + size), dtype=torch.float64)
    padded[:, :count, :, reach : reach + length], padded[:, count:, :, reach : reach + length] = sources, others
    alone = torch.fft.rfft(padded[..., reach : reach + pieces * block].unflatten(-1, (pieces, block)), size)
    around = torch.fft.rfft(padded[:, :count].unfold(-1, size, block)).conj_physical_()
    found = torch.fft.irfft(_products(around, alone), size)  # delay k lies at k - reach
    return torch.cat([found[..., size - 2 * reach :], found[..., :1]], dim=-1)


def _products(sources: Tensor, signals: Tensor) -> Tensor:
    """Return the products of each pair's spectra, summed over blocks.

    Shape: (n, i, windows, blocks, bins), (n, i + j, windows, blocks, bins) → (n, pairs, windows, bins).
    """
    found = []
    for at in range(sources.shape[1]):
        total = sources[:, at : at + 1, :, 0] * signals[:, at:, :, 0]
        for block in range(1, sources.shape[3]):
            total.addcmul_(sources[:, at : at + 1, :, block], signals[:, at:, :, block])
        found.append(total)
    return torch.cat(found, dim=1)


def _blocks(length: int, reach: int) -> tuple[int, int, int]:
    """Return into how many blocks of how many samples a window goes, and the size of their FFT."""
    size = max(FFT_SAMPLES, 4 * reach)
    if length + 2 * reach <= size:
        return 1, length, next_fast_len(length + 2 * reach, real=True)
    return -(-length // (size - 2 * reach)), size - 2 * reach, size
