"""Degradations by filters: a voice through a wall, a telephone, a pipe."""

import torch
from torch import Tensor

from lossmodel.objective.ladders.spectra import drawn, filtered, frequencies

SLOPE_DB = 8.0
"""Slope of the filters: gains fall to a half at the border, by 24 dB per octave beyond it."""

MAX_CUTOFF_HZ = 16_000.0
"""Highest frequency in Hz that a cut begins from, or a little under Nyquist."""


def low_pass(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Cut above 7.3, 3.3, 1.5 and .7 kHz at a strength of .25, .5, .75 and 1 (3.5 kHz: BS.1534-3's low anchor)."""
    del accompaniment, seed
    top = _top(rate)
    return _cut(vocals, rate, high=top * (700 / top) ** strength, strength=strength)


def high_pass(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Cut below 144, 346, 832 and 2000 Hz at a strength of .25, .5, .75 and 1."""
    del accompaniment, seed
    return _cut(vocals, rate, low=60 * (2000 / 60) ** strength, strength=strength)


def telephone(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Narrow the band from both sides, to 600-1800 Hz; about a telephone's at .75."""
    del accompaniment, seed
    top = _top(rate)
    low, high = 50 * (600 / 50) ** strength, top * (1800 / top) ** strength
    return _cut(vocals, rate, low=low, high=high, strength=strength)


def notch(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Take out a band of up to three octaves around a frequency between .8 and 2 kHz."""
    del accompaniment
    centre = 800 * 2.5 ** float(drawn(seed, 1, like=vocals))
    octaves = torch.log2(frequencies(vocals, rate).clamp_min(1) / centre).abs()
    inside = torch.sigmoid(20 * (1.5 * strength - octaves))
    return filtered(vocals, 1 - inside * (strength > 0))


def comb(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Add an echo after 1 to 4 ms, nearly as loud as the voice at 1: hollow, coloured."""
    del accompaniment
    delay = (1 + 3 * float(drawn(seed, 1, like=vocals))) / 1000
    angle = -2 * torch.pi * delay * frequencies(vocals, rate)
    echo = torch.polar(torch.ones_like(angle), angle)
    return filtered(vocals, (1 + 0.95 * strength * echo) / (1 + (0.95 * strength) ** 2) ** 0.5)


def band_pass(signal: Tensor, rate: int, low: float, high: float) -> Tensor:
    """Return what lies between `low` and `high` Hz."""
    f = frequencies(signal, rate).clamp_min(1)
    return filtered(signal, 1 / (1 + (low / f) ** SLOPE_DB) / (1 + (f / high) ** SLOPE_DB))


def _cut(signal: Tensor, rate: int, *, low: float = 0.0, high: float = float("inf"), strength: float) -> Tensor:
    return band_pass(signal, rate, low, high) if strength > 0 else signal


def _top(rate: int) -> float:
    return min(MAX_CUTOFF_HZ, 0.49 * rate)
