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

LOWEST, HIGHEST = 235.0, 14_500.0
"""Hz: between these the bands' centres lie."""

RATE, FRAMES = 800, 100
"""Hz: of what the loops adapt to, and of the representation."""

CONSTANTS = (0.005, 0.050, 0.129, 0.253, 0.500)
"""Seconds: time constants of the adaptation loops (Püschel 1988)."""

SCALE = 10.0
"""Gain from full scale to the units of the model, in which `THRESHOLD` is the softest sound heard."""

THRESHOLD = 1e-5

SMOOTHING = 8.0
"""Hz: the low-pass at the end."""

SLICE = 6.0
"""ERB on which a band's envelope rests."""

PADDING = 0.25
"""Seconds of silence, in which the bands ring out."""


def represent(signals: Tensor, rate: int) -> Tensor:
    """Return the internal representation in model units: 0 for silence, about 100 for full scale, more at onsets.

    Shape: (n, time) → (n, bands, frames), 100 frames a second.
    """
    level = rectified(signals, rate).to(torch.float64).clamp(min=THRESHOLD)
    steady = THRESHOLD
    for constant in CONSTANTS:
        level = level / lowpass(level, constant / 2, RATE, before=steady).clamp(min=steady).sqrt()
        steady = steady**0.5
    adapted = (level - steady) * (100 / (1 - steady))
    return smoothed(_decimated(adapted), 1 / (2 * math.pi * SMOOTHING), FRAMES)


def _decimated(adapted: Tensor) -> Tensor:
    """Return what a Kaiser-windowed sinc leaves at `FRAMES`: (n, bands, time at `RATE`) → (n, bands, frames).

    With xₘ the `RATE` / `FRAMES` samples from frame m on, frame f is Σₖ wₖ · xₖ₊f: one product of matrices, then sums.
    """
    step = RATE // FRAMES
    reach = gammatone.HALF * step
    frames = -(-adapted.shape[-1] // step)
    many = 2 * gammatone.HALF + 1
    padded = torch.nn.functional.pad(adapted, (reach, reach + frames * step - adapted.shape[-1]))
    weights = torch.from_numpy(gammatone.kaiser_sinc(step)).to(adapted)
    weights = torch.nn.functional.pad(weights, (0, many * step - len(weights))).reshape(many, step)
    products = weights @ padded.unflatten(-1, (-1, step)).mT  # (n, bands, many, frames + many - 1)
    found: Tensor = reduce(add, (products[..., k, k : k + frames] for k in range(many)))
    return found


def rectified(signals: Tensor, rate: int) -> Tensor:
    """Return the local means of the half-wave rectified bands: (n, time) → (n, bands, time at `RATE`)."""
    time = signals.shape[-1]
    step = RATE // math.gcd(rate, RATE)  # with a multiple of it, the size below is whole
    count = step * next_fast_len(math.ceil((time / rate + PADDING) * RATE / step))
    size = count * rate // RATE
    middle = gammatone.centres(LOWEST, min(HIGHEST, rate / 2))
    widths = tuple(count * math.ceil(SLICE * gammatone.erb(frequency) / RATE) for frequency in middle)
    split = gammatone.bank(rate, size, middle, widths).split(torch.fft.rfft(signals * SCALE, size))
    bands = [band.abs().unflatten(-1, (count, -1)).mean(-1) / math.pi for band in split]
    return torch.stack(bands, dim=1)[..., : math.ceil(time / rate * RATE)]
