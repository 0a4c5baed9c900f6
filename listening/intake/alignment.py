"""Whether a sound is late, early or upside down against its reference: by cross-correlation, ear-free and fast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

REACH_SECONDS = 1.0
"""Largest offset that is looked for."""

COMPARED_SECONDS = 300.0
"""How much of the beginning is compared."""

SURE = 0.3
"""Correlation from which on an offset is believed: resynthesised voices and bad separations stay below."""

OPPOSITE = 0.8
"""Share of the best correlation that the best of the other sign may reach: above it the match is only one of pitch."""

CLEARLY_BETTER = 0.05
"""By how much the best offset must correlate better than none."""


@dataclass(frozen=True)
class Alignment:
    """How a sound stands to its reference: `late` in samples (negative: early), and the correlation there (-1 to 1)."""

    late: int
    correlation: float
    opposite: float = 0.0
    """The best correlation of the other sign, without its sign."""

    @property
    def sure(self) -> bool:
        """Tell whether the two are alike enough to believe it."""
        return abs(self.correlation) >= SURE and self.opposite <= OPPOSITE * abs(self.correlation)

    @property
    def inverted(self) -> bool:
        """Tell whether the sound is surely upside down."""
        return self.sure and self.correlation < 0


def align(sound: NDArray[np.float32], reference: NDArray[np.float32], rate: int) -> Alignment:
    """Return how `sound` (channel, frame) stands to `reference`; (0, 0.0) where one of them is silent.

    The offset is 0 unless another one within `REACH_SECONDS` correlates clearly better, so that periodic sounds and
    those that are hardly alike stay where they are.
    """
    longest = round(COMPARED_SECONDS * rate)
    one, two = (each[:, :longest].mean(axis=0, dtype=np.float64) for each in (sound, reference))
    power = float(np.sqrt(np.sum(one**2) * np.sum(two**2)))
    if not power:
        return Alignment(0, 0.0)
    reach = min(round(REACH_SECONDS * rate), one.size - 1, two.size - 1)
    size = fft.next_fast_len(max(one.size, two.size) + reach, real=True)
    spectrum = fft.rfft(one, size) * np.conj(fft.rfft(two, size))
    found = fft.irfft(spectrum, size) / power
    lags = np.concatenate((found[: reach + 1], found[-reach:] if reach else found[:0]))
    best = int(np.argmax(np.abs(lags)))
    if abs(lags[best]) < abs(lags[0]) + CLEARLY_BETTER:
        best = 0
    opposite = float(max(0.0, np.max(-np.sign(lags[best]) * lags)))
    return Alignment(best if best <= reach else best - lags.size, float(np.clip(lags[best], -1, 1)), opposite)
