"""How loud, how different, how alike: the few operations that every feature is made of.

All work on powers relative to the loudest reference bands, (batch, bands, frames); all are differentiable, with
finite gradients at silence and at equality.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Average = Callable[..., Tensor]
"""`mean` or `l4_mean`: values over bands and frames, and weights if asked, to one number an excerpt."""

POWER_FLOOR_60_DB = 1e-6
"""Power floor of decompositions, 60 dB under the loudest reference bands."""

AUDIBLE_POWER_50_DB = 1e-5
"""Power under which compressed powers fade to nothing (-50 dB)."""

CLEARLY_AUDIBLE_POWER_40_DB = 1e-4
"""The same for what is heard without listening for it (-40 dB)."""

ROOT_FLOOR = 1e-3
"""What averages of powers are rounded off by, so that 0 has a gradient."""


def level_db(power: Tensor, floor: float = AUDIBLE_POWER_50_DB) -> Tensor:
    """Return decibels over the loudest reference bands, bent off towards `floor`."""
    return 10 * torch.log10(power.clamp_min(0) + floor)


def loudness(power: Tensor, exponent: float = 0.25, floor: float = AUDIBLE_POWER_50_DB) -> Tensor:
    """Return compressed power, about a loudness: 0 for silence."""
    loudness: Tensor = (power.clamp_min(0) + floor) ** exponent
    return loudness - float(floor**exponent)


def partial_loudness(
    component: Tensor, beside: Tensor, exponent: float = 0.25, floor: float = AUDIBLE_POWER_50_DB
) -> Tensor:
    """Return the loudness that `component` adds to what sounds `beside` it (partial masking)."""
    return loudness(component.clamp_min(0) + beside, exponent, floor) - loudness(beside, exponent, floor)


def mean(values: Tensor, weight: Tensor | None = None) -> Tensor:
    """Average over everything but the batch, (batch,), weighted if asked; 0 where nothing has weight."""
    if weight is None:
        return values.flatten(1).mean(1)
    weight = weight.to(values.dtype)
    return (values * weight).flatten(1).sum(1) / weight.flatten(1).sum(1).clamp_min(1e-3)


def l4_mean(values: Tensor, weight: Tensor | None = None) -> Tensor:
    """Average as `mean` does, but so that the worst moments count most: people remember those.

    Over bands it is the mean, over frames the fourth root of the mean fourth power.
    """
    if weight is None:
        of_frame, of_time = values.mean(1), None
    else:
        of_time = weight.sum(1)
        of_frame = (values * weight).sum(1) / (of_time + 1e-3)
    return (mean(of_frame**4, of_time) + ROOT_FLOOR**4) ** 0.25 - ROOT_FLOOR


def root(values: Tensor) -> Tensor:
    """Return the square root with a finite gradient at 0."""
    return (values.clamp_min(0) + 1e-8).sqrt() - 1e-4


def smooth_abs(values: Tensor, width: float = 0.05) -> Tensor:
    """Return the absolute value, rounded off within `width` so that equality has a gradient."""
    return (values.square() + width**2).sqrt() - width


def magnitude(value: Tensor) -> Tensor:
    """Return the absolute value of complex numbers, with a finite gradient at zero."""
    return (value.real.square() + value.imag.square() + 1e-14).sqrt() - 1e-7


def deviation(values: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted standard deviation, (batch,)."""
    centred = values - mean(values, weight)[:, None, None]
    return root(mean(centred.square(), weight))


def envelope_dissimilarity(x: Tensor, y: Tensor, frames: int, *, softly: float = 0.0) -> tuple[Tensor, Tensor]:
    """Return how unlike two patterns are, as 1 - correlation: the mean over patches, and that of the worst.

    A patch is all bands by `frames` frames, half overlapping; it weighs as its power in `y`. Where `y` falls short of
    `x`, it is moved towards it by the share `softly`: what is missing counts less than what is added (PEMO-Q's
    assimilation; Huber & Kollmeier 2006).
    """
    y = torch.where(y < x, softly * x + (1 - softly) * y, y)
    hop = max(1, frames // 2)
    a, b = x.unfold(-1, frames, hop), y.unfold(-1, frames, hop)  # (batch, bands, patches, frames)
    r = _correlation(a, b)
    weight = b.square().mean((1, 3)) + 1e-9
    worst = torch.softmax(-8 * r, dim=1)
    return 1 - (r * weight).sum(1) / weight.sum(1), 1 - (worst * r).sum(1)


def short_term_dissimilarity(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the same of two powers in 100 ms, a fourth of what is missing forgiven (PEMO-Q's PSM)."""
    x, y = ((power.clamp_min(0) + AUDIBLE_POWER_50_DB) ** 0.15 for power in (x, y))
    return envelope_dissimilarity(x, y, 5, softly=0.25)


def _correlation(x: Tensor, y: Tensor) -> Tensor:
    x, y = x - x.mean((1, 3), keepdim=True), y - y.mean((1, 3), keepdim=True)
    power = (x.square().mean((1, 3)) + 1e-5) * (y.square().mean((1, 3)) + 1e-5)
    return ((x * y).mean((1, 3)) + 1e-5) / power.sqrt()  # two silences are alike


def modulation(power: Tensor, frames: int, lines: slice) -> tuple[Tensor, Tensor]:
    """Return slow modulation and mean of compressed power, both (batch, bands, segments).

    Segments of `frames` frames, half overlapping; modulation is the amplitude in the `lines` of their spectrum.
    """
    segments = ((power.clamp_min(0) + CLEARLY_AUDIBLE_POWER_40_DB) ** 0.25).unfold(-1, frames, frames // 2)
    window = torch.hann_window(frames, dtype=power.dtype, device=power.device)
    middle = segments.mean(-1)
    spectrum = torch.fft.rfft((segments - middle[..., None]) * window)[..., lines]
    return root((spectrum.real.square() + spectrum.imag.square()).sum(-1)) / (frames / 2), middle
