"""What is heard whatever the phase: mel powers of estimate and reference in windows of 23 and 93 ms."""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmodel.objective.ear.frontend import (
    LOW_ANCHOR_HZ,
    MAX_MATCHING_POWER_GAIN_40_DB,
    POWER_EPSILON,
    RATE,
    accompaniment_of,
)
from lossmodel.objective.ear.salience import level_db

MELS = {1024: 64, 4096: 128}
"""Mel bands by the samples of a window: as many as its resolution can tell apart."""

LOWEST_HZ, HIGHEST_HZ = 50.0, 16_000.0
MAX_RELATIVE_POWER_20_DB = 100.0
"""Power over the reference's loud bands beyond which nothing is louder: where the reference is silent."""

DULLED_GAIN = 0.01

ENVELOPE_FLOOR = 1e-3
"""Power under the mean (-30 dB) whose changes tell nothing of when things happen."""


class Signals:
    """An estimate, one reference and the mixture, each (batch, channels, time), and their powers when needed.

    `skipped` are the seconds, (batch,), of a skip that was undone.
    """

    def __init__(self, estimate: Tensor, reference: Tensor, mixture: Tensor, skipped: Tensor | None = None) -> None:
        self.estimate, self.reference, self.mixture = estimate, reference, mixture
        self.skipped = estimate.new_zeros(len(estimate)) if skipped is None else skipped
        self._powers: dict[int, tuple[Tensor, Tensor]] = {}

    def remixed(self, reference: float, accompaniment: float) -> "Signals":
        """Return the same with a remix in the estimate's place, as `frontend.remix`."""
        band = accompaniment_of(self.reference, self.mixture)
        return self._with(reference * self.reference + accompaniment * band)

    def dulled(self) -> "Signals":
        """Return the same with the reference in the estimate's place, 40 dB down above the low anchor's cut."""
        time = self.reference.shape[-1]
        heard = torch.fft.rfftfreq(time, 1 / RATE, device=self.reference.device) < LOW_ANCHOR_HZ
        return self._with(torch.fft.irfft(torch.fft.rfft(self.reference) * torch.where(heard, 1, DULLED_GAIN), time))

    def powers(self, window: int) -> tuple[Tensor, Tensor]:
        """Return the mel powers of estimate and reference, (batch, mels, frames), over the reference's loud bands.

        Channels are mixed; the estimate is brought to the reference's power, by at most 40 dB.
        """
        if window not in self._powers:
            heard, true = (mel_power(each.mean(1), window, window // 2) for each in (self.estimate, self.reference))
            power, wanted = (each.mean((1, 2)).clamp_min(POWER_EPSILON) for each in (heard, true))
            most = MAX_MATCHING_POWER_GAIN_40_DB
            loud = torch.quantile(true.flatten(1), 0.995, dim=1).clamp_min(POWER_EPSILON)
            gain = (wanted / power).clamp(1 / most, most) / loud
            relative = gain[:, None, None] * heard, true / loud[:, None, None]
            self._powers[window] = relative[0].clamp_max(MAX_RELATIVE_POWER_20_DB), relative[1]
        return self._powers[window]

    def _with(self, estimate: Tensor) -> "Signals":
        return Signals(estimate, self.reference, self.mixture)


def mel_power(signal: Tensor, window: int, hop: int) -> Tensor:
    """Return the power in the mel bands of a window, (batch, mels, frames), of (batch, time)."""
    shape = torch.hann_window(window, dtype=signal.dtype, device=signal.device)
    spectrum = torch.stft(signal, window, hop, window=shape, return_complex=True) * (2 / window)
    return _mels(window, signal.dtype, signal.device) @ (spectrum.real.square() + spectrum.imag.square())


def resample(signal: Tensor, rate: int, to: int) -> Tensor:
    """Return (..., time) at `to` Hz by its spectrum, which is exact for a periodic signal; differentiable."""
    if rate == to:
        return signal
    length = signal.shape[-1]
    size = round(length * to / rate)
    resampled: Tensor = torch.fft.irfft(torch.fft.rfft(signal)[..., : size // 2 + 1], size)
    return resampled * (size / length)


@torch.no_grad()
def envelopes(signal: Tensor, hop: int) -> Tensor:
    """Return how the level changes from moment to moment, (batch, mels, moments), of (batch, channels, time)."""
    each = mel_power(signal.flatten(0, 1), min(MELS), hop)
    power = each.unflatten(0, signal.shape[:2]).mean(1)  # of the channels, which may be each other upside down
    loud = power.mean((1, 2), keepdim=True).clamp_min(POWER_EPSILON)
    return level_db(power / loud, ENVELOPE_FLOOR).diff(dim=-1)


@torch.no_grad()
def unlikeness(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return the mean difference of level, dB, (batch,)."""
    heard, true = map(level_db, Signals(estimate, reference, reference).powers(1024))
    return (heard - true).abs().mean((1, 2))


@lru_cache(maxsize=16)
def _mels(window: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    with torch.inference_mode(mode=False):  # whoever comes first, a gradient may pass later
        return torch.as_tensor(_triangles(window), dtype=dtype, device=device)


def _triangles(window: int) -> NDArray[np.float64]:
    """Return the (mels, bins) weights, triangles that sum to 1; a band narrower than a bin takes the nearest."""
    low, high = 1127 * np.log1p(np.array([LOWEST_HZ, HIGHEST_HZ]) / 700)
    edges = 700 * np.expm1(np.linspace(low, high, MELS[window] + 2) / 1127)
    bins = np.fft.rfftfreq(window, 1 / RATE)
    lower, centre, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    weights = np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre)).clip(0)
    nearest = np.abs(bins - centre) == np.abs(bins - centre).min(1, keepdims=True)
    weights = np.where(weights.sum(1, keepdims=True) > 0, weights, nearest)
    shares: NDArray[np.float64] = weights / weights.sum(1, keepdims=True)
    return shares
