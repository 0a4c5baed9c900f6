"""Defects of separated vocals that a mean over songs hides: a dead high band, bleed in pauses, one bad second."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from lossmodel.audio import Audio

SPECTRUM_WINDOW_SAMPLES = 4096
BANDS_PER_OCTAVE = 3
LOWEST_BAND_HZ = 50.0
FILLED_BAND_ABOVE_DB = -60.0
"""The reference fills a band above so many dB relative to its loudest one."""

DEAD_BAND_BELOW_DB = -20.0
"""A band is dead below so many dB relative to the reference's."""

PAUSE_BLOCK_SECONDS = 0.1
PAUSE_BELOW_DB = -60.0
"""The reference pauses below so many dB relative to its loudest block."""

MIN_POWER = 1e-12
"""Power (-120 dBFS) below which all is silence."""


@dataclass(frozen=True)
class Second:
    """A second of a song: where it starts, in seconds, and its value in dB."""

    start: float
    value: float


def bandwidth(vocals: Audio, reference: Audio) -> tuple[float, float]:
    """Return up to which frequency the vocals follow the reference, and up to which it goes, in Hz.

    In third-octave bands: the upper edge of the highest that the reference fills and in which the vocals have more than
    -20 dB of its power; 0 for none.
    """
    edges, wanted = _bands(reference)
    _, found = _bands(vocals)
    filled = wanted > max(MIN_POWER, wanted.max()) * 10 ** (FILLED_BAND_ABOVE_DB / 10)
    alive = filled & (found > wanted * 10 ** (DEAD_BAND_BELOW_DB / 10))
    return _highest(edges, alive), _highest(edges, filled)


def pause_level(vocals: Audio, reference: Audio) -> float | None:
    """Return how loud the vocals are where the reference pauses, in dB relative to the reference where it sings.

    None where it never pauses, or never sings. What is heard then is accompaniment; lower is better.
    """
    wanted, found = _block_power(reference), _block_power(vocals)
    pause = wanted < wanted.max() * 10 ** (PAUSE_BELOW_DB / 10)
    if not pause.any() or wanted.max() < MIN_POWER:
        return None
    return float(10 * np.log10(max(found[pause].mean(), MIN_POWER) / wanted[~pause].mean()))


def worst_second(values: NDArray[np.floating]) -> Second | None:
    """Return the lowest of a song's values a second, NaN left out; None where there is none. Shape: (seconds,)."""
    if np.isnan(values).all():
        return None
    at = int(np.nanargmin(values))
    return Second(float(at), float(values[at]))


def _bands(sound: Audio) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the edges (bands + 1) of third-octave bands up to half of the rate, in Hz, and the power in each."""
    size = min(SPECTRUM_WINDOW_SAMPLES, sound.frames)
    hertz, density = signal.welch(sound.samples.astype(np.float64), sound.rate, nperseg=size)
    edges = band_edges(sound.rate)
    power = density.mean(axis=0) * (hertz[1] - hertz[0])
    found = [power[(hertz >= low) & (hertz < high)].sum() for low, high in pairwise(edges)]
    return edges, np.array(found)


def band_edges(rate: int) -> NDArray[np.float64]:
    """Return the edges of third-octave bands up to half of a rate, in Hz."""
    octaves = np.log2(rate / 2 / LOWEST_BAND_HZ)
    edges = LOWEST_BAND_HZ * 2 ** (np.arange(int(octaves * BANDS_PER_OCTAVE) + 1) / BANDS_PER_OCTAVE)
    return np.append(edges, rate / 2)


def _highest(edges: NDArray[np.float64], bands: NDArray[np.bool_]) -> float:
    return float(edges[np.flatnonzero(bands)[-1] + 1]) if bands.any() else 0.0


def _block_power(sound: Audio) -> NDArray[np.float64]:
    frames = round(PAUSE_BLOCK_SECONDS * sound.rate)
    count = max(1, sound.frames // frames)
    whole = sound.samples[:, : count * frames].astype(np.float64)
    power: NDArray[np.float64] = np.square(whole).mean(axis=0).reshape(count, -1).mean(axis=1)
    return power
