"""Mel powers as the encoders were taught on: Slaney's scale, triangles of equal area."""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LINEAR_HZ_PER_MEL, KNEE_HZ, KNEE_MEL = 200 / 3, 1000.0, 15.0
OCTAVES_PER_MEL = np.log(6.4) / 27
"""Slaney's scale (Auditory Toolbox, 1998): linear up to 1 kHz, logarithmic above."""


def mel_power(signal: Tensor, *, rate: int, window: int, hop: int, mels: int) -> Tensor:
    """Return mel powers (batch, frames, mels) of (batch, time)."""
    shape = torch.hann_window(window, dtype=signal.dtype, device=signal.device)
    lines = torch.stft(signal, window, hop, window=shape, pad_mode="reflect", return_complex=True)
    weights = torch.as_tensor(triangles(rate, window, mels), dtype=signal.dtype, device=signal.device)
    return (weights @ (lines.real.square() + lines.imag.square())).transpose(1, 2)


@lru_cache(maxsize=8)
def triangles(rate: int, window: int, mels: int) -> NDArray[np.float64]:
    """Return the (mels, bins) weights, from 0 Hz to half the rate."""
    edges = _hz(np.linspace(0.0, _mel(rate / 2), mels + 2))
    bins = np.fft.rfftfreq(window, 1 / rate)
    lower, centre, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    weights = np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre)).clip(0)
    areas: NDArray[np.float64] = weights * 2 / (upper - lower)
    return areas


def _mel(hz: float) -> float:
    return KNEE_MEL + float(np.log(hz / KNEE_HZ)) / OCTAVES_PER_MEL if hz > KNEE_HZ else hz / LINEAR_HZ_PER_MEL


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel > KNEE_MEL, KNEE_HZ * np.exp(OCTAVES_PER_MEL * (mel - KNEE_MEL)), LINEAR_HZ_PER_MEL * mel)
