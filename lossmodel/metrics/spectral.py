"""Spectral distances, lower is better, 0 for an identical estimate; differentiable.

Channels are compared one by one and averaged. Every window is Hann and centred; magnitudes stay above
`MAGNITUDE_FLOOR` (-100 dB re full scale), so that silence is finite and nobody is judged by what lies under a
converter's noise. What is divided by has a floor too: `QUIET_CHANNEL_SHARE` of the reference's loudest channel.
"""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache, reduce
from operator import add

import torch
from torch import Tensor
from torch.nn.functional import pad

from lossmodel.metrics.decibels import ENERGY_FLOOR, check_shapes

MAGNITUDE_FLOOR = 1e-5
QUIET_CHANNEL_SHARE = 0.01
"""Share of the loudest channel's magnitudes (-40 dB) that a reference's channel has at least where errors are divided
by them: in a silent one nothing is right, but what is wrong there is not infinitely wrong."""

RESOLUTIONS = ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200))
"""(FFT size, hop, window) in samples: Yamamoto et al. 2020 (Parallel WaveGAN), table 1."""

MEL_BANDS = 80
FFT_SAMPLES, HOP_SAMPLES = 2048, 512
CHUNK_SAMPLES = 1 << 18
DB_PER_NEPER = 20 / math.log(10)
"""dB per neper of magnitude."""


def spectral_convergence(
    estimate: Tensor, reference: Tensor, *, fft: int = FFT_SAMPLES, hop: int = HOP_SAMPLES
) -> Tensor:
    """Return ‖|S| - |Ŝ|‖ / ‖|S|‖ (Arık et al. 2018): 1 for a silent estimate, 0 to 1 for what is merely too quiet.

    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)
    error, true = _sums(_squares, estimate, reference, fft, hop)
    return _convergence(error, true, _bins(estimate, fft, hop))


def log_spectral_distance(
    estimate: Tensor, reference: Tensor, *, fft: int = FFT_SAMPLES, hop: int = HOP_SAMPLES
) -> Tensor:
    """Return the mean over frames of the root mean square level difference over bins, in dB (Gray & Markel 1976).

    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)

    def per_frame(heard: Tensor, true: Tensor) -> Tensor:
        return (_levels(heard) - _levels(true)).square().mean(-2).clamp(min=ENERGY_FLOOR).sqrt().sum(-1)[None]

    return _sums(per_frame, estimate, reference, fft, hop)[0].mean(-1) / _count(estimate, hop)


def log_mel_distance(estimate: Tensor, reference: Tensor, rate: int, *, bands: int = MEL_BANDS) -> Tensor:
    """Return the mean absolute level difference over `bands` mel bands and frames, in dB.

    Windows last 46 ms at every rate (2,048 samples at 44.1 kHz), with a hop of a quarter.
    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)
    fft = 4 * round(FFT_SAMPLES / 44_100 * rate / 4)
    weights = mel_bands(rate, fft, bands).to(estimate.device)

    def per_band(*spectra: Tensor) -> Tensor:
        heard, true = (_levels((weights @ each.square()).clamp(min=ENERGY_FLOOR).sqrt()) for each in spectra)
        return (heard - true).abs().mean(-2).sum(-1)[None]

    return _sums(per_band, estimate, reference, fft, fft // 4)[0].mean(-1) / _count(estimate, fft // 4)


def multi_resolution_stft(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return spectral convergence plus mean |Δ ln magnitude|, averaged over `RESOLUTIONS` (Yamamoto et al. 2020).

    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)

    def both(heard: Tensor, true: Tensor) -> Tensor:
        logarithmic = (_levels(heard) - _levels(true)).abs().mean(-2).sum(-1) / DB_PER_NEPER
        return torch.cat([_squares(heard, true), logarithmic[None]])

    found = []
    for fft, hop, window in RESOLUTIONS:
        error, true, logarithmic = _sums(both, estimate, reference, fft, hop, window)
        convergence = _convergence(error, true, _bins(estimate, fft, hop))
        found.append(convergence + logarithmic.mean(-1) / _count(estimate, hop))
    return torch.stack(found).mean(0)


def magnitudes(signal: Tensor, *, fft: int, hop: int, window: int | None = None) -> Tensor:
    """Return STFT magnitudes re full scale (a full-scale sine has .5), with finite gradients on silence.

    Shape: (batch, channels, time) → (batch, channels, bins, frames), float64.
    """
    return torch.cat(list(_pieces(signal, fft, hop, window)), dim=-1)


@lru_cache(maxsize=8)
def mel_bands(rate: int, fft: int, bands: int) -> Tensor:
    """Return triangular weights on power, equally spaced in mel (2595 lg(1 + f/700), O'Shaughnessy 1987) to Nyquist.

    Each band's weights sum to 1, so that bands of white noise are equally strong; a band narrower than a bin takes
    the nearest one.
    Shape: (bands, fft // 2 + 1).
    """
    edges = 700 * (10 ** (torch.linspace(0, math.log10(1 + rate / 1400), bands + 2, dtype=torch.float64)) - 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = torch.linspace(0, rate / 2, fft // 2 + 1, dtype=torch.float64)
    weights = torch.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)).clamp(min=0)
    nearest = (bins - centre).abs().argmin(-1)
    weights[torch.arange(bands), nearest] += (weights.sum(-1) == 0).to(weights.dtype)
    return weights / weights.sum(-1, keepdim=True)


def _pieces(signal: Tensor, fft: int, hop: int, window: int | None) -> Iterator[Tensor]:
    """Yield the magnitudes of at most `CHUNK_SAMPLES` bins at a time: those of a whole song would take gigabytes.

    Frames are centred on every `hop`th sample. Beyond its ends a signal is zero, not reflected: one shorter than half
    a window stays possible.
    """
    shape = torch.hann_window(window or fft, dtype=torch.float64, device=signal.device)
    flat, frames, many = signal.flatten(0, 1), _count(signal, hop), max(1, CHUNK_SAMPLES // fft)
    for first in range(0, frames, many):
        start, stop = first * hop - fft // 2, (min(first + many, frames) - 1) * hop + fft - fft // 2
        part = flat[:, max(start, 0) : stop].double()
        whole = pad(part, (max(-start, 0), stop - max(start, 0) - part.shape[-1]))
        spectra = torch.stft(whole, fft, hop, window or fft, shape / shape.sum(), center=False, return_complex=True)
        power = spectra.real.square() + spectra.imag.square()
        yield power.clamp(min=ENERGY_FLOOR).sqrt().reshape(*signal.shape[:2], *power.shape[1:])


def _sums(
    summed: Callable[[Tensor, Tensor], Tensor],
    estimate: Tensor,
    reference: Tensor,
    fft: int,
    hop: int,
    window: int | None = None,
) -> Tensor:
    """Return what `summed` gives for each piece of both spectrograms, added up: (sums, batch, channels)."""
    pieces = zip(_pieces(estimate, fft, hop, window), _pieces(reference, fft, hop, window), strict=True)
    return reduce(add, (summed(*each) for each in pieces))


def _count(signal: Tensor, hop: int) -> int:
    """Return how many frames a signal has."""
    return 1 + signal.shape[-1] // hop


def _squares(heard: Tensor, true: Tensor) -> Tensor:
    return torch.stack([(true - heard).square().sum((-1, -2)), true.square().sum((-1, -2))])


def _bins(signal: Tensor, fft: int, hop: int) -> int:
    """Return how many magnitudes a channel of a signal has."""
    return (fft // 2 + 1) * _count(signal, hop)


def _convergence(error: Tensor, true: Tensor, bins: int) -> Tensor:
    """Return the mean over channels of the norms' ratio: two sums of squares (batch, channels) → (batch,)."""
    floor = (true.amax(-1, keepdim=True) * QUIET_CHANNEL_SHARE**2).clamp(min=bins * MAGNITUDE_FLOOR**2)
    return (error.clamp(min=ENERGY_FLOOR) / torch.maximum(true, floor)).sqrt().mean(-1)


def _levels(magnitude: Tensor) -> Tensor:
    """Return levels in dB re full scale, floored."""
    return DB_PER_NEPER * magnitude.clamp(min=MAGNITUDE_FLOOR).log()
