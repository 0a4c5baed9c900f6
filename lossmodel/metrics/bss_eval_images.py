"""BSS Eval v4: SDR, ISR, SIR and SAR of source images, window by window, as museval has them (Stöter et al. 2018).

The distortion filters are fitted once to the whole signal: one Cholesky factor of all correlations serves every window
and every estimate. With P the projection of estimate E of the image S on S alone and Q that on all sources,

    SDR = |S|² / |E - S|²    ISR = |S|² / |P - S|²    SIR = |P|² / |Q - P|²    SAR = |Q|² / |E - Q|².

The trick: all these are filters on the sources, so that their energies in a window are linear in the correlations of
the sources there. Those of all windows are one matrix product, and no signal is ever filtered. Filtered is what E adds
to S: P = S + p*S and Q = S + q*sources, so that an estimate that is nearly perfect loses no digits.

Songs are made of four numbers per window in more than one way; see `lossmodel.metrics.aggregate`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from lossmodel.metrics import lags
from lossmodel.metrics.bss_eval import TAPS
from lossmodel.metrics.decibels import SILENT_ENERGY, decibels
from lossmodel.metrics.projection import solve

WINDOW_SAMPLES = 44_100


@dataclass(frozen=True)
class Images:
    """Each (batch, estimates, windows), in dB within ± 100, higher is better; NaN in silent windows."""

    sdr: Tensor
    isr: Tensor
    sir: Tensor
    sar: Tensor


@torch.no_grad()
def bss_eval_images(
    estimates: Tensor,
    sources: Tensor,
    *,
    window: int | None = WINDOW_SAMPLES,
    hop: int | None = None,
    taps: int = TAPS,
    silent_estimate_db: float | None = None,
) -> Images:
    """Return the ratios of estimates of the first source, the second …, given all sources of the mixture.

    Windows of `window` samples (museval takes 1 s; None: the whole signal, as `bss_eval_images` of mir_eval) begin
    every `hop` (default: `window`); samples after the last whole one only count for the filters. A window in which
    any source or any estimate is all zeros is NaN for every estimate (museval's rule). With `silent_estimate_db` an
    estimate has that value in the windows in which it is silent and the sources are not, so that nobody gains by being
    silent. With one source alone there is no interference: SIR is 100 dB. An estimate identical to its image has 100 dB
    in SDR, ISR and SAR.

    Shape: estimates (batch, estimates, channels, time), sources (batch, sources, channels, time), as many estimates
    as sources or fewer → (batch, estimates, windows) each.
    """
    if estimates.ndim != 4 or estimates.shape != sources[:, : estimates.shape[1]].shape:
        shapes = f"{tuple(estimates.shape)} and {tuple(sources.shape)}"
        raise ValueError(f"both (batch, sources, channels, time), with no more estimates than sources, not {shapes}")
    length = min(window or estimates.shape[-1], estimates.shape[-1])
    step = hop or length
    starts = range(0, estimates.shape[-1] - length + 1, step)
    images = sources[:, : estimates.shape[1]]
    added = estimates - images
    inside, total = _correlations(sources.flatten(1, 2), added.flatten(1, 2), length, step, taps=taps)
    count, channels = images.shape[1:3]
    filtered = _energies(inside[:, :, : len(starts)], *_filters(total, count, channels, sources.shape[1]))
    image, error, heard, known = (_powers(each, starts, length) for each in (images, added, estimates, sources))
    alone, distortion, both, interference, explained = filtered.unbind(2)
    numerators, denominators = (image, image, alone, both), (error, distortion, interference, error + explained)
    ratios = [decibels(above, below) for above, below in zip(numerators, denominators, strict=True)]
    mute, unknown = heard <= SILENT_ENERGY, (known == 0).any(1, keepdim=True)  # (batch, estimates or 1, windows)
    if silent_estimate_db is None:
        return Images(*torch.stack(ratios).masked_fill(unknown | (heard == 0).any(1, keepdim=True), torch.nan))
    return Images(*torch.stack(ratios).masked_fill(mute, silent_estimate_db).masked_fill(unknown, torch.nan))


def _correlations(sources: Tensor, added: Tensor, length: int, step: int, *, taps: int) -> tuple[Tensor, Tensor]:
    """Return the correlations inside each window, and those of the whole signals (see `lags.windowed`)."""
    if length == sources.shape[-1]:
        total = lags.whole(sources, added, taps=taps)
        return total[:, :, None], total
    inside = lags.windowed(sources, added, length=length, hop=step, taps=taps)
    if length == step >= taps:
        return inside, inside.sum(2) + lags.seams(sources, added, length=length, taps=taps)
    return inside, lags.whole(sources, added, taps=taps)


def _filters(total: Tensor, count: int, channels: int, sources: int) -> tuple[Tensor, Tensor]:
    """Return the filters that make of its own source, and of all sources, what comes nearest to what is added.

    Shape: (batch, pairs, lags) → (batch, estimates, sources·channels in, channels out, taps) twice.
    """
    between = lags.between_sources(total, sources * channels)
    added = lags.between_sources_and_others(total, sources * channels).transpose(
        2, 3
    )  # (batch, in, taps, estimates·channels)
    every = solve(between, added).unflatten(-1, (count, channels)).permute(0, 3, 1, 4, 2)
    own = torch.zeros_like(every)
    for at in range(count):
        block = slice(at * channels, (at + 1) * channels)
        own[:, at, block] = solve(between[:, block, block], added[:, block, :, block]).transpose(2, 3)
    return own, every


def _energies(inside: Tensor, own: Tensor, every: Tensor) -> Tensor:
    """Return |P|², |P - S|², |Q|², |Q - P|² and |E - Q|² - |E - S|² of each window.

    Shape: (batch, pairs, windows, lags), filters twice → (batch, estimates, 5, windows).
    """
    identity = torch.zeros_like(own)
    for at in range(own.shape[1]):
        for channel in range(own.shape[3]):
            identity[:, at, at * own.shape[3] + channel, channel, 0] = 1
    weights = torch.stack([_weights(each) for each in (identity + own, own, identity + every, every - own, every)], 2)
    squares = torch.einsum("nekpl,npwl->nekw", weights, lags.pairs_of_sources(inside, own.shape[2]))
    seen = lags.between_sources_and_others(inside, own.shape[2]).unflatten(2, (own.shape[1], own.shape[3]))
    squares[:, :, 4] -= 2 * torch.einsum("neiot,nieowt->new", every, seen)
    return squares


def _weights(filters: Tensor) -> Tensor:
    """Return what makes of sources' correlations the energy of their sum, each through its filter.

    |Σ hᵢ*sᵢ|² = Σ aᵢⱼ[k] cᵢⱼ[k] with aᵢⱼ[k] = Σₜ hᵢ[t + k] hⱼ[t]; pairs of different sources come twice.
    Shape: (batch, estimates, in, out, taps) → (batch, estimates, pairs, 2 · taps - 1).
    """
    reach = filters.shape[-1] - 1
    spectra = torch.fft.rfft(filters, 2 * reach + 2)
    pairs = torch.tensor(lags.pairs(filters.shape[2], 0)).T
    crossed = (spectra[:, :, pairs[0]] * spectra[:, :, pairs[1]].conj()).sum(3)
    found = torch.fft.irfft(crossed, 2 * reach + 2) * (1 + (pairs[0] != pairs[1]).to(filters)[:, None])
    return torch.cat([found[..., reach + 2 :], found[..., : reach + 1]], dim=-1)


def _powers(signals: Tensor, starts: range, length: int) -> Tensor:
    """Return the energy in each window: (batch, estimates or sources, channels, time) → (batch, …, windows).

    Filled in place: small results in a list lie between the doubles, whose memory is then not used again.
    """
    found = signals.new_empty((*signals.shape[:2], len(starts)), dtype=torch.float64)
    for window, at in enumerate(starts):
        found[..., window] = signals[..., at : at + length].double().square().sum((-1, -2))
    return found
