"""Complex gammatone filters and their inverse, applied in the frequency domain (Hohmann 2002).

The trick: all filtering here is linear and its responses are known, so one FFT of the signal serves every band. A band
is the slice of the spectrum around its centre, weighted; the inverse transform of the slice is at once filtered,
shifted to 0 Hz and decimated to the slice's width.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

GAMMATONE_ORDER = 4
BASE_CENTRE_HZ = 1000.0
"""Hz: one of the centres lies here (Hohmann 2002, section 3)."""

LOWPASS_HALF_SAMPLES, KAISER_BETA = 10, 5.0
"""Of the low-pass before a band is decimated: samples of the band on either side, β of its window (common defaults)."""

TRANSITION_SHARE = 0.1
"""How far the slope of that low-pass reaches beyond half the rate, as a share of the rate."""

ERB_AT_0_HZ, EAR_QUALITY_FACTOR = 24.7, 9.265
"""ERB(f) = 24.7 + f / 9.265 Hz (Glasberg & Moore 1990)."""


@dataclass(frozen=True)
class Bank:
    """Filters for spectra of `size` samples.

    `starts` and `widths` are each band's slice of the spectrum in bins, `rates` how many samples it becomes: what lies
    beyond is folded. `analysis` and `synthesis` hold each band's complex weights on its slice.
    """

    size: int
    starts: tuple[int, ...]
    widths: tuple[int, ...]
    rates: tuple[int, ...]
    analysis: tuple[Tensor, ...]
    synthesis: tuple[Tensor, ...]

    def split(self, spectrum: Tensor) -> list[Tensor]:
        """Return each band's complex signal at 0 Hz: (..., size // 2 + 1) → [(..., rate)] with the level kept."""
        bands = []
        for start, width, rate, weight in zip(self.starts, self.widths, self.rates, self.analysis):
            part = _folded(_cut(spectrum, start, width) * weight.to(spectrum), rate)
            bands.append(torch.fft.ifft(torch.fft.ifftshift(part, dim=-1)) * (2 * rate / self.size))
        return bands

    def join(self, bands: list[Tensor]) -> Tensor:
        """Return the spectrum of the real sum of the bands, delay and phase undone: [(..., rate)] → (..., bins)."""
        bins = self.size // 2 + 1
        spectrum = bands[0].new_zeros((*bands[0].shape[:-1], bins))
        for band, start, width, weight in zip(bands, self.starts, self.widths, self.synthesis):
            part = _unfolded(torch.fft.fftshift(torch.fft.fft(band), dim=-1), width)
            part = part * (weight.to(band) * (self.size / (2 * band.shape[-1])))
            first, last = max(start, 0), min(start + width, bins)
            spectrum[..., first:last] += part[..., first - start : last - start]
        return spectrum


def erb(frequency: float) -> float:
    """Return the equivalent rectangular bandwidth at a frequency, both in Hz."""
    return ERB_AT_0_HZ + frequency / EAR_QUALITY_FACTOR


@lru_cache(maxsize=16)
def centres(low: float, high: float) -> tuple[float, ...]:
    """Return centre frequencies in Hz between two limits, one ERB apart, one of them at `BASE_CENTRE_HZ`."""
    scale = EAR_QUALITY_FACTOR * math.log1p(BASE_CENTRE_HZ / (ERB_AT_0_HZ * EAR_QUALITY_FACTOR))
    below, above = (
        EAR_QUALITY_FACTOR * math.log1p(limit / (ERB_AT_0_HZ * EAR_QUALITY_FACTOR)) - scale for limit in (low, high)
    )
    steps = range(math.ceil(below - 1e-9), math.floor(above + 1e-9) + 1)
    return tuple(ERB_AT_0_HZ * EAR_QUALITY_FACTOR * math.expm1((scale + step) / EAR_QUALITY_FACTOR) for step in steps)


@lru_cache(maxsize=16)
def bank(
    rate: float, size: int, middle: tuple[float, ...], widths: tuple[int, ...], *, decimated: bool = False
) -> Bank:
    """Return the filters centred at `middle` Hz, as bands of `widths` bins.

    A band is cut there, or `decimated` as signals are: with a low-pass of finite length, whose slope is folded.
    """
    poles = torch.tensor([_pole(frequency, rate) for frequency in middle], dtype=torch.complex128)
    beyond = tuple(math.ceil(TRANSITION_SHARE * width) if decimated else 0 for width in widths)
    spans = tuple(width + 2 * more for width, more in zip(widths, beyond))
    starts = tuple(
        round(frequency * size / rate) - width // 2 - more for frequency, width, more in zip(middle, widths, beyond)
    )
    gains = _gains(poles)
    analysis, synthesis = [], []
    for at, (start, span) in enumerate(zip(starts, spans)):
        turns = torch.arange(start, start + span, dtype=torch.float64) / size * 2 * math.pi  # radians a sample
        kept = _kept(span, widths[at]) if decimated else torch.ones(span, dtype=torch.float64)
        analysis.append(kept * _response(poles[at], turns))
        synthesis.append(kept * gains[at] * _aligned(poles[at], turns))
    return Bank(size, starts, spans, widths, tuple(analysis), tuple(synthesis))


def _kept(span: int, width: int) -> Tensor:
    """Return what is left of `span` bins around 0 Hz by the low-pass before a decimation to `width` bins."""
    offsets = (torch.arange(span, dtype=torch.float64) - span // 2) / width  # cycles a sample that is kept
    return torch.from_numpy(np.interp(offsets.abs().numpy(), *_lowpass()))


@lru_cache(maxsize=1)
def _lowpass() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return frequencies in cycles a sample that is kept, and the response of the low-pass before a decimation."""
    times, weights = (
        np.linspace(-LOWPASS_HALF_SAMPLES, LOWPASS_HALF_SAMPLES, 64 * LOWPASS_HALF_SAMPLES + 1),
        kaiser_sinc(32),
    )
    frequencies = np.linspace(0, 0.5 + 2 * TRANSITION_SHARE, 512)
    response: NDArray[np.float64] = np.cos(2 * np.pi * np.outer(frequencies, times)) @ weights
    return frequencies, response


def kaiser_sinc(step: int) -> NDArray[np.float64]:
    """Return the low-pass before a decimation by `step`: 2 · `LOWPASS_HALF_SAMPLES` · step + 1 weights of sum 1."""
    times = np.linspace(-LOWPASS_HALF_SAMPLES, LOWPASS_HALF_SAMPLES, 2 * LOWPASS_HALF_SAMPLES * step + 1)
    weights = np.sinc(times) * np.kaiser(len(times), KAISER_BETA)
    scaled: NDArray[np.float64] = weights / weights.sum()
    return scaled


def _folded(part: Tensor, rate: int) -> Tensor:
    """Return `rate` bins, with what lies beyond them on either side added on the other: aliases."""
    more = (part.shape[-1] - rate) // 2
    if not more:
        return part
    kept = part[..., more:-more].clone()
    kept[..., :more] += part[..., -more:]
    kept[..., -more:] += part[..., :more]
    return kept


def _unfolded(part: Tensor, width: int) -> Tensor:
    """Return `width` bins that repeat the given ones on either side: images."""
    more = (width - part.shape[-1]) // 2
    return torch.cat([part[..., part.shape[-1] - more :], part, part[..., :more]], dim=-1)


def _cut(spectrum: Tensor, start: int, width: int) -> Tensor:
    """Return bins start … start + width; what lies outside the spectrum is 0."""
    bins = spectrum.shape[-1]
    first, last = max(start, 0), min(start + width, bins)
    return torch.nn.functional.pad(spectrum[..., first:last], (first - start, start + width - last))


def _pole(frequency: float, rate: float) -> complex:
    """Return the filter's pole (Hohmann 2002, eq. 10-14)."""
    share = (
        math.pi
        * math.factorial(2 * GAMMATONE_ORDER - 2)
        * 2.0 ** (2 - 2 * GAMMATONE_ORDER)
        / math.factorial(GAMMATONE_ORDER - 1) ** 2
    )
    damping = math.exp(-2 * math.pi * erb(frequency) / share / rate)
    angle = 2 * math.pi * frequency / rate
    return complex(damping * math.cos(angle), damping * math.sin(angle))


def _response(poles: Tensor, turns: Tensor) -> Tensor:
    """Return the frequency response at `turns` radians a sample, 1 at the centre."""
    return ((1 - poles.abs()) / (1 - poles * torch.exp(-1j * turns))) ** GAMMATONE_ORDER


def _peaks(poles: Tensor) -> Tensor:
    """Return the sample at which each filter's envelope (n + 1)(n + 2)(n + 3)·|pole|ⁿ is largest."""
    return ((GAMMATONE_ORDER - 1) / -poles.abs().log() - (GAMMATONE_ORDER / 2)).round().clamp(min=0)


def _aligned(poles: Tensor, turns: Tensor) -> Tensor:
    """Return what advances each filter to peak at time 0, and turns its fine structure to peak there too."""
    peaks = _peaks(poles)
    return torch.exp(1j * peaks * (turns - poles.angle()))


def _gains(poles: Tensor) -> Tensor:
    """Return the bands' gains that make their sum's magnitude 1 at every centre (Hohmann 2002, section 4)."""
    turns = poles.angle()
    responses = _response(poles[:, None], turns) * _aligned(poles[:, None], turns)
    gains = torch.ones(len(poles), dtype=torch.float64)
    for _ in range(100):
        gains = gains / (gains[:, None] * responses).sum(0).abs()
    return gains
