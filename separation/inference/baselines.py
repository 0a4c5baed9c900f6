"""Separators without a network: oracle masks know the answer, centre extraction knows a habit of mixing.

Samples are (channels, frames) arrays; every function returns the vocals with the mixture's shape.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from lossmodel.audio import Audio

WINDOW_SAMPLES, HOP_SAMPLES = 2048, 512
"""STFT frames: 46 ms windows at 44.1 kHz."""

LOWEST_CENTRE_HZ = 120.0
"""Centre extraction leaves what is below to the accompaniment, in Hz: kick and bass sit in the centre too."""

Samples = NDArray[np.float32]


def ideal_ratio_mask(mixture: Audio, vocals: Audio, accompaniment: Audio) -> Audio:
    """Return the mixture through the soft mask |V|² / (|V|² + |A|²) of the true sources (SiSEC 2018's IRM2)."""
    v, a = _power(vocals), _power(accompaniment)
    return _masked(mixture, v / (v + a + 1e-12))


def ideal_binary_mask(mixture: Audio, vocals: Audio, accompaniment: Audio) -> Audio:
    """Return the mixture where the true vocals are louder than the accompaniment, nothing elsewhere (SiSEC's IBM)."""
    return _masked(mixture, (_power(vocals) > _power(accompaniment)).astype(np.float64))


def centre(mixture: Audio) -> Audio:
    """Return what is alike left and right above 120 Hz: the phantom centre, where singers usually stand.

    The mask is the panning similarity 2 Re(L R*) / (|L|² + |R|²) (Avendano, WASPAA 2003), averaged over 3 frames,
    squared, on the mid signal. A mono mixture is all centre: only the high-pass remains.
    """
    left, right = _stft(mixture.samples[[0]])[0], _stft(mixture.samples[[-1]])[0]
    cross = ndimage.uniform_filter1d((left * right.conj()).real, 3, axis=-1)
    power = ndimage.uniform_filter1d(np.abs(left) ** 2 + np.abs(right) ** 2, 3, axis=-1)
    mask = np.clip(2 * cross / (power + 1e-12), 0, 1) ** 2
    mask[np.fft.rfftfreq(WINDOW_SAMPLES, 1 / mixture.rate) < LOWEST_CENTRE_HZ] = 0
    mid = mixture.samples[[0, -1]].mean(axis=0, keepdims=True)
    return _masked(Audio(np.repeat(mid, mixture.channels, axis=0), mixture.rate), mask)


def _power(audio: Audio) -> NDArray[np.float64]:
    return np.abs(_stft(audio.samples)) ** 2


def _masked(audio: Audio, mask: NDArray[np.float64]) -> Audio:
    samples = _transform().istft(mask * _stft(audio.samples), k1=audio.frames)
    return Audio(samples.astype(np.float32), audio.rate)


def _stft(samples: Samples) -> NDArray[np.complex128]:
    return np.asarray(_transform().stft(samples.astype(np.float64)))


def _transform() -> signal.ShortTimeFFT:
    return signal.ShortTimeFFT(signal.windows.hann(WINDOW_SAMPLES, sym=False), HOP_SAMPLES, fs=1.0)
