"""Damage and leak apart, second by second: what separated vocals lost or gained, and what came through of the rest.

In each second and third-octave band the spectrum of the vocals is taken as a·voice + b·accompaniment + error, with
the complex numbers a and b of least squares. Then, summed over moments and frequencies,

    leak = |b·accompaniment|²        damage = (|vocals - b·accompaniment| - |voice|)²,

both as levels in dB relative to the voice where it sounds, so that a value tells how much of it there is to hear and
not how quiet the voice is just then. Two numbers a band are well determined where the 512-tap filters of BSS Eval are
not (sources without a high band, such as MP3), and magnitudes forgive phases, as ears do.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from lossmodel.audio import Audio
from lossmodel.metrics.decibels import ENERGY_FLOOR
from separation.defects import MIN_POWER, band_edges

WINDOW_SECONDS = 0.064
HOPS_PER_WINDOW = 4
QUIET_BELOW_DB = -40.0
"""A second counts as one with voice above so many dB relative to the loudest."""

MIN_SHARE_ALONE = 1e-3
"""Share of its power that the accompaniment of a band has apart from the voice; with less, the two cannot be told apart
and all is counted as voice."""

Spectrum = NDArray[np.complex128]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Apart:
    """Levels in dB relative to the voice where it sounds; lower is better. Shape: (seconds,) each."""

    damage: Values
    leak: Values

    @property
    def total_damage(self) -> float:
        """Return the level of the song's mean power."""
        return _mean_level(self.damage)

    @property
    def total_leak(self) -> float:
        """Return the level of the song's mean power."""
        return _mean_level(self.leak)


def apart(vocals: Audio, reference: Audio, accompaniment: Audio) -> Apart:
    """Return damage and leak of each second of separated vocals; a shorter rest at the end is left out.

    All three have one rate, length and number of channels; a song shorter than a second has one value.
    """
    frames = min(reference.rate, reference.frames)
    edges, signals = _first_bins(reference.rate, frames), (vocals, reference, accompaniment)
    found = []
    for at in range(0, reference.frames - frames + 1, frames):
        estimate, voice, rest = (_spectrum(each.samples[:, at : at + frames], each.rate) for each in signals)
        found.append(_second(estimate, voice, rest, edges))
    damage, leak, sung = np.array(found).T
    sounding = sung > max(sung.max() * 10 ** (QUIET_BELOW_DB / 10), MIN_POWER)
    level = max(sung[sounding].mean() if sounding.any() else 0.0, MIN_POWER)
    return Apart(_decibels(damage / level), _decibels(leak / level))


def _second(vocals: Spectrum, voice: Spectrum, rest: Spectrum, edges: NDArray[np.intp]) -> tuple[float, float, float]:
    """Return the powers of damage, leak and voice in a second. Shape: (bins, channels · moments) each."""
    vv, rr = (_in_bands(np.abs(each) ** 2, edges) for each in (voice, rest))
    products = ((voice, vocals), (rest, vocals), (voice, rest))
    ve, re, vr = (_in_bands(one.conj() * other, edges) for one, other in products)
    unexplained = rr - np.abs(vr) ** 2 / np.maximum(
        vv, ENERGY_FLOOR
    )  # power of the accompaniment that the voice does not have
    told = unexplained > MIN_SHARE_ALONE * rr
    b = np.where(told, (re - vr.conj() * ve / np.maximum(vv, ENERGY_FLOOR)) / np.maximum(unexplained, ENERGY_FLOOR), 0)
    cleaned = vocals - np.repeat(b, np.diff(np.append(edges, len(rest))))[:, None] * rest
    damage = (np.abs(cleaned) - np.abs(voice)) ** 2
    return float(damage.sum()), float((np.abs(b) ** 2 * rr).sum()), float(vv.sum())


def _spectrum(samples: NDArray[np.float32], rate: int) -> Spectrum:
    """Return the short-time spectrum, every channel's moments in a row: (bins, channels · moments)."""
    size = min(_window(rate), samples.shape[1])
    _, _, found = signal.stft(samples, rate, nperseg=size, noverlap=size - max(1, size // HOPS_PER_WINDOW))
    spectrum: Spectrum = np.concatenate(list(found.astype(np.complex128)), axis=-1)
    return spectrum


def _first_bins(rate: int, frames: int) -> NDArray[np.intp]:
    """Return the first bin of each third-octave band that has any; the lowest band begins at 0 Hz."""
    hertz = np.fft.rfftfreq(min(_window(rate), frames), 1 / rate)
    found: NDArray[np.intp] = np.unique(np.searchsorted(hertz, np.concatenate([[0.0], band_edges(rate)[:-1]])))
    return found


def _window(rate: int) -> int:
    return round(WINDOW_SECONDS * rate)


def _in_bands(products: NDArray[Any], edges: NDArray[np.intp]) -> NDArray[Any]:
    """Return the sum of products in each band. Shape: (bins, moments) → (bands,)."""
    return np.add.reduceat(products.sum(axis=-1), edges)


def _decibels(share: Values) -> Values:
    return 10 * np.log10(np.maximum(share, MIN_POWER))


def _mean_level(levels: Values) -> float:
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))
