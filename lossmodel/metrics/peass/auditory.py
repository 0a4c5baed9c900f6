"""What a sound leaves in the ear: PEMO-Q's internal representation (Dau et al. 1996, Vincent 2012). Differentiable.

The trick: an adaptation loop divides its input by its own low-passed output, y = x / d with τ·d' = y - d. Times 2d that
is τ·(d²)' = 2·(x - d²), so d² is the input through a low-pass of half the time constant: y = x / √lowpass(x). The five
feedback loops of the model are five linear filters. They follow nothing faster than 64 Hz, so envelopes at 800 Hz will
do: behind a half-wave rectifier and a low-pass, a band is 1/π of its envelope.
"""

import math
from functools import reduce
from operator import add

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from lossmodel.metrics.peass import gammatone
from lossmodel.metrics.peass.lowpass import lowpass, smoothed

LOWEST_CENTRE_HZ, HIGHEST_CENTRE_HZ = 235.0, 14_500.0
"""Hz: between these the bands' centres lie."""

ADAPTATION_RATE_HZ, FRAMES_PER_SECOND = 800, 100
"""Hz: of what the loops adapt to, and of the representation."""

ADAPTATION_SECONDS = (0.005, 0.050, 0.129, 0.253, 0.500)
"""Seconds: time constants of the adaptation loops (Püschel 1988)."""

MODEL_UNITS_AT_FULL_SCALE = 10.0
"""Gain from full scale to the units of the model, in which `HEARING_THRESHOLD` is the softest sound heard."""

HEARING_THRESHOLD = 1e-5

MODULATION_CUTOFF_HZ = 8.0
"""Hz: the low-pass at the end."""

ENVELOPE_WIDTH_ERB = 6.0
"""ERB on which a band's envelope rests."""

PADDING_SECONDS = 0.25
"""Seconds of silence, in which the bands ring out."""


def represent(signals: Tensor, rate: int) -> Tensor:
    """Return the internal representation in model units: 0 for silence, about 100 for full scale, more at onsets.

    Shape: (n, time) → (n, bands, frames), 100 frames a second.
    """
    level = rectified(signals, rate).to(torch.float64).clamp(min=HEARING_THRESHOLD)
    steady = HEARING_THRESHOLD
    for constant in ADAPTATION_SECONDS:
        level = level / lowpass(level, constant / 2, ADAPTATION_RATE_HZ, before=steady).clamp(min=steady).sqrt()
        steady = steady**0.5
    adapted = (level - steady) * (100 / (1 - steady))
    return smoothed(_decimated(adapted), 1 / (2 * math.pi * MODULATION_CUTOFF_HZ), FRAMES_PER_SECOND)


def _decimated(adapted: Tensor) -> Tensor:
    """Return what a Kaiser-windowed sinc leaves at `FRAMES_PER_SECOND`: (n, bands, time) → (n, bands, frames).

    `time` is at `ADAPTATION_RATE_HZ`. With xₘ the samples of frame m, as many as the ratio of the rates, frame f is
    Σₖ wₖ · xₖ₊f: one product of matrices, then sums.
    """
    step = ADAPTATION_RATE_HZ // FRAMES_PER_SECOND
    reach = gammatone.LOWPASS_HALF_SAMPLES * step
    frames = -(-adapted.shape[-1] // step)
    many = 2 * gammatone.LOWPASS_HALF_SAMPLES + 1
    padded = torch.nn.functional.pad(adapted, (reach, reach + frames * step - adapted.shape[-1]))
    weights = torch.from_numpy(gammatone.kaiser_sinc(step)).to(adapted)
    weights = torch.nn.functional.pad(weights, (0, many * step - len(weights))).reshape(many, step)
    products = weights @ padded.unflatten(-1, (-1, step)).mT  # (n, bands, many, frames + many - 1)
    found: Tensor = reduce(add, (products[..., k, k : k + frames] for k in range(many)))
    return found


def rectified(signals: Tensor, rate: int) -> Tensor:
    """Return the local means of the half-wave rectified bands: (n, time) → (n, bands, time at `ADAPTATION_RATE_HZ`)."""
    time = signals.shape[-1]
    step = ADAPTATION_RATE_HZ // math.gcd(rate, ADAPTATION_RATE_HZ)  # with a multiple of it, the size below is whole
    count = step * next_fast_len(math.ceil((time / rate + PADDING_SECONDS) * ADAPTATION_RATE_HZ / step))
    size = count * rate // ADAPTATION_RATE_HZ
    middle = gammatone.centres(LOWEST_CENTRE_HZ, min(HIGHEST_CENTRE_HZ, rate / 2))
    widths = tuple(
        count * math.ceil(ENVELOPE_WIDTH_ERB * gammatone.erb(frequency) / ADAPTATION_RATE_HZ) for frequency in middle
    )
    split = gammatone.bank(rate, size, middle, widths).split(torch.fft.rfft(signals * MODEL_UNITS_AT_FULL_SCALE, size))
    bands = [band.abs().unflatten(-1, (count, -1)).mean(-1) / math.pi for band in split]
    return torch.stack(bands, dim=1)[..., : math.ceil(time / rate * ADAPTATION_RATE_HZ)]
