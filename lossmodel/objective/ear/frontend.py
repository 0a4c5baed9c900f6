"""What the ear is given: band powers and cross-powers of reference, estimate and accompaniment over time.

Everything later is computed from these six maps alone. They are normalised so that nothing depends on the level of
the excerpt: the estimate is brought to the reference's loudness, as stimuli are before people rate them, and powers
are relative to the reference's loud bands. Tensors: (batch, bands, frames) unless said otherwise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmodel.objective.ear.salience import loudness

Numbers = NDArray[np.float64]

RATE = 44_100
"""The only rate that is understood, in Hz."""

MIN_SECONDS = 1.0
"""Shortest excerpt that can be judged, in seconds."""

WINDOW, HOP = 2048, 1024
"""Window and hop of the transform, in samples: 46 and 23 ms."""

PHRASE_FRAMES = 85
"""Frames that are judged together where something may change from phrase to phrase, 2 s."""

BINS_OF_A_LINE, FRAMES_OF_A_MOMENT = 1.5, 1.06
"""Bins, and frames at half overlap, that a Hann window makes one of."""

BANDS = 40
LOW_ANCHOR_HZ = 3500.0
"""Cut of the low anchor, in Hz."""

POWER_EPSILON = 1e-20
MAX_MATCHING_POWER_GAIN_40_DB = 1e4
"""Power gain (40 dB) beyond which loudness is not matched: near-silence stays near-silent."""


@dataclass(frozen=True)
class Maps:
    """Powers RR, EE, AA and cross-powers RA = conj(R)·A, RE, AE, each (batch, bands, frames)."""

    rr: Tensor
    ee: Tensor
    aa: Tensor
    ra: Tensor
    re: Tensor
    ae: Tensor


def maps(estimate: Tensor, references: Tensor, mixture: Tensor) -> Maps:
    """Return the maps of excerpts at `RATE`; differentiable in `estimate`.

    Shape: estimate and mixture (batch, channels, time), references (batch, references, channels, time).

    The accompaniment is what remains of the mixture beside the reference: (mix - g·ref)/g with
    g = <ref, mix>/<ref, ref>, so the level of the mixture is of no importance. Of several references each phrase is
    compared with the one that it comes nearest to.
    """
    spectra = _stft(estimate)
    each = [_crossed(spectra, reference, mixture) for reference in references.unbind(1)]
    return _relative(each[0] if len(each) == 1 else _meant(each))


def remix(maps: Maps, reference: float, accompaniment: float) -> Maps:
    """Return the maps of an estimate that is `reference` times the one plus `accompaniment` times the other.

    (1, 1) is the mixture, (1, 0) the reference, (0, 0) silence; exact, and without another transform.
    """
    r, a = reference, accompaniment
    ee = r**2 * maps.rr + a**2 * maps.aa + 2 * r * a * maps.ra.real
    return _matched(replace(maps, ee=ee, re=r * maps.rr + a * maps.ra, ae=r * maps.ra.conj() + a * maps.aa))


def dulled(maps: Maps) -> Maps:
    """Return the maps of an estimate that is the reference without what is above `DULL`: BS.1534-3's low anchor."""
    kept = torch.as_tensor(np.where(_centres() < LOW_ANCHOR_HZ, 1.0, 0.01), dtype=maps.rr.dtype, device=maps.rr.device)[
        :, None
    ]
    return _matched(
        replace(maps, ee=kept**2 * maps.rr, re=torch.complex(kept * maps.rr, 0 * maps.rr), ae=kept * maps.ra.conj())
    )


def accompaniment_of(reference: Tensor, mixture: Tensor) -> Tensor:
    """Return what remains of the mixture beside the reference, at the reference's level, (batch, channels, time)."""
    along = (reference * mixture).sum((1, 2), keepdim=True)
    gain = (along / reference.square().sum((1, 2), keepdim=True).clamp_min(POWER_EPSILON)).clamp_min(0.01)
    return mixture / gain - reference


def smooth(values: Tensor, frames: int) -> Tensor:
    """Return `values`, real or complex, averaged over time by a centred Hann window of an odd number of `frames`.

    At the ends only the part of the window that lies inside counts.
    """
    kernel = _constant(values.real, _averaging, values.shape[-1], frames)
    if values.is_complex():
        return torch.complex(values.real @ kernel, values.imag @ kernel)
    return values @ kernel


def independent_samples(like: Tensor, frames: int) -> Tensor:
    """Return how many independent values an average over so many frames has in each band, (bands, 1).

    Two incoherent signals have an expected squared coherence of one over this by chance.
    """
    return _constant(like, _degrees_of_freedom, frames)[:, None]


def _crossed(E: Tensor, reference: Tensor, mixture: Tensor) -> Maps:
    """Return the maps of an estimate's spectra as the signals' levels make them."""
    R, A = _stft(reference), _stft(accompaniment_of(reference, mixture))
    rr, ee, aa = (_banded(_power(spectrum)) for spectrum in (R, E, A))
    ra, re, ae = (_banded_complex(first.conj() * second) for first, second in ((R, A), (R, E), (A, E)))
    return Maps(rr, ee, aa, ra, re, ae)


def _relative(maps: Maps) -> Maps:
    """Return the maps relative to the reference's loud bands, the estimate as loud as the reference."""
    top = torch.quantile(maps.rr.detach().flatten(1), 0.995, dim=1).clamp_min(POWER_EPSILON)[:, None, None]
    return _matched(Maps(*(each / top for each in vars(maps).values())))


def _meant(each: Sequence[Maps]) -> Maps:
    """Return the maps of a reference that is in each frame the one to which the phrase around it comes nearest.

    One choice a phrase: to change sides within it does not pay, nor does half of one and half of another.
    """
    apart = torch.stack([smooth(_unlikeness(maps), PHRASE_FRAMES) for maps in each])  # (references, batch, frames)
    nearest = apart.argmin(0)[None, :, None]
    chosen = {}
    for name in vars(each[0]):
        values = torch.stack([getattr(maps, name) for maps in each])
        chosen[name] = values.take_along_dim(nearest.expand(1, *values.shape[1:]), 0)[0]
    return Maps(**chosen)


@torch.no_grad()
def _unlikeness(maps: Maps) -> Tensor:
    """Return the difference in loudness over all bands, (batch, frames)."""
    relative = _relative(maps)
    return (loudness(relative.rr) - loudness(relative.ee)).abs().mean(1)


def _matched(maps: Maps) -> Maps:
    """Give the estimate the reference's loudness, by at most 40 dB, and its polarity."""
    wanted = _loudness(maps.rr) + POWER_EPSILON
    found = _loudness(maps.ee).clamp_min(POWER_EPSILON)
    gain = (wanted / found.clamp(wanted / MAX_MATCHING_POWER_GAIN_40_DB, wanted * MAX_MATCHING_POWER_GAIN_40_DB))[
        :, None, None
    ]
    upright = torch.where(maps.re.detach().real.sum((1, 2), keepdim=True) < 0, -1.0, 1.0)
    return replace(maps, ee=gain * maps.ee, re=upright * gain.sqrt() * maps.re, ae=upright * gain.sqrt() * maps.ae)


def _loudness(power: Tensor) -> Tensor:
    """Return the gated K-weighted power of each excerpt, (batch,), after ITU-R BS.1770-4 equations 2 to 7."""
    weighted = (_constant(power, _k_weights) @ power)[:, None]
    blocks = torch.nn.functional.avg_pool1d(weighted, kernel_size=17, stride=4)[:, 0]  # 400 ms every 100 ms
    heard = (blocks > 0.1 * blocks.mean(1, keepdim=True)).to(power.dtype)  # 10 dB under the mean
    return (blocks * heard).sum(1) / heard.sum(1).clamp_min(1)


def _stft(signal: Tensor) -> Tensor:
    """Return the complex spectra of (batch, channels, time) as (batch, channels, bins, frames)."""
    window = torch.hann_window(WINDOW, dtype=signal.dtype, device=signal.device)
    spectra: Tensor = torch.stft(signal.flatten(0, 1), WINDOW, HOP, window=window, return_complex=True)
    return spectra.reshape(*signal.shape[:2], *spectra.shape[1:]) * (2 / WINDOW)


def _power(spectrum: Tensor) -> Tensor:
    return spectrum.real.square() + spectrum.imag.square()


def _banded(values: Tensor) -> Tensor:
    """Sum (batch, channels, bins, frames) into bands and average the channels."""
    return _constant(values, band_weights) @ values.mean(1)


def _banded_complex(values: Tensor) -> Tensor:
    return torch.complex(_banded(values.real), _banded(values.imag))


def _constant(like: Tensor, made: Callable[..., Numbers], *arguments: int) -> Tensor:
    """Return numbers that never change with the type, and on the device, of a tensor."""
    return _placed(made, arguments, like.dtype, like.device)


@lru_cache(maxsize=64)
def _placed(
    made: Callable[..., Numbers], arguments: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Return the same, made and moved once: a copy to a GPU waits for all that is under way there."""
    with torch.inference_mode(mode=False):  # whoever comes first, a gradient may pass later
        return torch.as_tensor(made(*arguments), dtype=dtype, device=device)


def _centres() -> Numbers:
    """Return the band centres in Hz, equally spaced in ERB number from 60 Hz to 16 kHz (Glasberg & Moore 1990)."""
    low, high = 21.4 * np.log10(1 + 0.00437 * np.array([60.0, 16_000.0]))
    centres: Numbers = (10 ** (np.linspace(low, high, BANDS) / 21.4) - 1) / 0.00437
    return centres


@cache
def band_weights() -> Numbers:
    """Return the (bands, bins) weights: Gaussians one ERB wide, but never narrower than the bins can show."""
    centres = _centres()[:, None]
    width = np.maximum(24.7 * (0.00437 * centres + 1), 0.7 * RATE / WINDOW)
    weights = np.exp(-np.pi * ((np.fft.rfftfreq(WINDOW, 1 / RATE) - centres) / width) ** 2)
    shares: Numbers = weights / weights.sum(1, keepdims=True)
    return shares


@lru_cache(maxsize=32)
def _averaging(length: int, frames: int) -> Numbers:
    """Return the (length, length) matrix whose columns are the windows of a moving average, each summing to 1."""
    window = np.hanning(frames + 2)[1:-1]
    lag = np.arange(length)[:, None] - np.arange(length) + frames // 2
    inside = (lag >= 0) & (lag < frames)
    columns = np.where(inside, window[np.clip(lag, 0, frames - 1)], 0.0)
    shares: Numbers = columns / columns.sum(0)
    return shares


@cache
def _degrees_of_freedom(frames: int) -> Numbers:
    """Return the same in each band: bins of its weights by frames of a Hann average, less what neighbours share."""
    weights, window = band_weights(), np.hanning(frames + 2)[1:-1]
    bins: Numbers = np.maximum(weights.sum(1) ** 2 / (weights**2).sum(1) / BINS_OF_A_LINE, 1.0)
    count: Numbers = bins * window.sum() ** 2 / (window**2).sum() / FRAMES_OF_A_MOMENT
    return count


@cache
def _k_weights() -> Numbers:
    """Return what each band's mean power adds to the K-weighted power: BS.1770's two filters times the band's span."""
    centres = _centres()
    d = np.exp(-2j * np.pi * centres / 48_000)  # one sample's delay: the coefficients are given for 48 kHz
    shelf = (1.53512485958697 - 2.69169618940638 * d + 1.19839281085285 * d**2) / (
        1 - 1.69065929318241 * d + 0.73248077421585 * d**2
    )
    highpass = (1 - 2 * d + d**2) / (1 - 1.99004745483398 * d + 0.99007225036621 * d**2)
    gains: Numbers = np.abs(shelf * highpass) ** 2 * np.gradient(centres)
    return gains
