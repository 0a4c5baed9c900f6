"""BSS Eval v4: SDR, ISR, SIR and SAR of source images, window by window, as museval has them (Stöter et al. 2018).

The distortion filters are fitted once to the whole signal: one Cholesky factor of all correlations serves every window
and every estimate. A window's energies are taken from spectra (Parseval), so that no signal is ever filtered: with P
the projection of estimate E of the image S on S alone and Q that on all sources,

    SDR = |S|² / |E - S|²    ISR = |S|² / |P - S|²    SIR = |P|² / |Q - P|²    SAR = |Q|² / |E - Q|².

Songs are made of four numbers per window in more than one way; see `lossmodel.metrics.aggregate`.
"""

from dataclasses import dataclass

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from lossmodel.metrics.bss_eval import TAPS
from lossmodel.metrics.decibels import decibels
from lossmodel.metrics.projection import correlations, solve

WINDOW = 44_100
SAMPLES = 1 << 18
"""Samples of windows, per signal, that are in memory together."""


@dataclass(frozen=True)
class Images:
    """Each (batch, estimates, windows), in dB within ± 100, higher is better; NaN in silent windows."""

    sdr: Tensor
    isr: Tensor
    sir: Tensor
    sar: Tensor


@torch.no_grad()
def bss_eval_images(
    estimates: Tensor, sources: Tensor, *, window: int | None = WINDOW, hop: int | None = None, taps: int = TAPS
) -> Images:
    """Return the ratios of estimates of the first source, the second …, given all sources of the mixture.

    Windows of `window` samples (museval takes 1 s; None: the whole signal, as `bss_eval_images` of mir_eval) begin
    every `hop` (default: `window`); samples after the last whole one only count for the filters. A window in which
    any source or any estimate is all zeros is NaN for every estimate (museval's rule). With one source alone there is
    no interference: SIR is 100 dB. An estimate identical to its image has 100 dB in SDR, ISR and SAR.

    Shape: estimates (batch, estimates, channels, time), sources (batch, sources, channels, time), as many estimates
    as sources or fewer → (batch, estimates, windows) each.
    """
    if estimates.ndim != 4 or estimates.shape != sources[:, : estimates.shape[1]].shape:
        shapes = f"{tuple(estimates.shape)} and {tuple(sources.shape)}"
        raise ValueError(f"both (batch, sources, channels, time), with no more estimates than sources, not {shapes}")
    length = min(window or estimates.shape[-1], estimates.shape[-1])
    step = hop or length
    size = next_fast_len(length + taps - 1, real=True)
    filters = [torch.fft.rfft(each, size) for each in _filters(estimates, sources, taps)]
    starts = range(0, estimates.shape[-1] - length + 1, step)
    many = max(1, SAMPLES // length)
    found = []
    for part in (starts[at : at + many] for at in range(0, len(starts), many)):
        cut = slice(part[0], part[-1] + length)
        windows = [each[..., cut].double().unfold(-1, length, step).transpose(2, 3) for each in (estimates, sources)]
        found.append(_ratios(*windows, *filters, size=size))
    return Images(*torch.cat(found, dim=-1))


def _filters(estimates: Tensor, sources: Tensor, taps: int) -> tuple[Tensor, Tensor]:
    """Return the filters that project each estimate on its own source, and on all sources.

    Shape: (batch, estimates, channels in, channels out, taps), (batch, estimates, sources·channels in, channels out,
    taps).
    """
    count, channels = estimates.shape[1:3]
    between, seen = correlations(sources.flatten(1, 2), estimates.flatten(1, 2), taps)
    against = seen.transpose(2, 3)  # (batch, sources·channels, taps, estimates·channels)
    every = solve(between, against).unflatten(-1, (count, channels)).permute(0, 3, 1, 4, 2)
    blocks = [slice(at * channels, (at + 1) * channels) for at in range(count)]
    own = [solve(between[:, block, block], against[:, block, :, block]).transpose(2, 3) for block in blocks]
    return torch.stack(own, dim=1), every


def _ratios(heard: Tensor, known: Tensor, own: Tensor, every: Tensor, *, size: int) -> Tensor:
    """Return the four ratios of each window; `own` and `every` are the filters' spectra.

    Shape: (batch, estimates or sources, windows, channels, samples) → (4, batch, estimates, windows).
    """
    images = known[:, : heard.shape[1]]
    estimated, spectra = (torch.fft.rfft(signal, size) for signal in (heard, known))
    true = spectra[:, : heard.shape[1]]
    alone = _filtered(true, own)
    both = _filtered(spectra.transpose(2, 3).flatten(1, 2).transpose(1, 2)[:, None], every)
    numerators = (_power(images), _power(images), _energy(alone, size), _energy(both, size))
    denominators = (
        _power(heard - images),
        _energy(alone - true, size),
        _energy(both - alone, size),
        _energy(estimated - both, size),
    )
    silent = (_power(heard) == 0).any(1) | (_power(known) == 0).any(1)  # (batch, windows)
    ratios = [decibels(above, below) for above, below in zip(numerators, denominators, strict=True)]
    return torch.stack(ratios).masked_fill(silent[:, None], torch.nan)


def _filtered(spectra: Tensor, filters: Tensor) -> Tensor:
    """Return the sum of the channels in, each through its filter to each channel out.

    Shape: (batch, estimates or 1, windows, in, bins), (batch, estimates, in, out, bins) → (batch, estimates, windows,
    out, bins).
    """
    first, *rest = zip(spectra.unsqueeze(-2).unbind(3), filters.unsqueeze(2).unbind(3), strict=True)
    found = first[0] * first[1]
    for one, by in rest:
        found.addcmul_(one, by)
    return found


def _energy(spectra: Tensor, size: int) -> Tensor:
    """Return the energy of signals, summed over channels, from their half spectra.

    Shape: (batch, estimates, windows, channels, bins) → (batch, estimates, windows).
    """
    ends = spectra[..., [0, -1] if size % 2 == 0 else [0]]
    return (2 * _power(torch.view_as_real(spectra).flatten(-2)) - _power(torch.view_as_real(ends).flatten(-2))) / size


def _power(signals: Tensor) -> Tensor:
    """Shape: (batch, estimates, windows, channels, samples) → (batch, estimates, windows)."""
    return signals.square().sum((-1, -2))
