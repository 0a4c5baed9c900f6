"""How alike an estimate sounds with and without one kind of error: PEMO-Q's similarities (Vincent 2012)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lossmodel.metrics.decibels import ENERGY_FLOOR
from lossmodel.metrics.peass.auditory import FRAMES_PER_SECOND, represent
from lossmodel.metrics.peass.decomposition import Components

ASSIMILATION_SHARE = 0.25
CORRELATION_FRAMES = FRAMES_PER_SECOND // 10
"""Frames (100 ms) that are correlated together."""

WEIGHTING_FRAMES = FRAMES_PER_SECOND
"""Frames (1 s) whose energy says how much a correlation counts."""

MEDIAN_RANK_SD = 0.02
"""Of the smooth median: the standard deviation of the ranks that enter it, as a share of all."""

ASSIMILATION_SOFTNESS = 0.5
"""Model units over which the smooth assimilation sets in."""

SIGNALS_IN_MEMORY = 2
"""Signals of which all bands are in memory together."""


@dataclass(frozen=True)
class Features:
    """Similarities in [-1, 1], 1 where that kind of error is not heard; each (batch,)."""

    overall: Tensor
    target: Tensor
    interference: Tensor
    artifacts: Tensor


def features(components: Components, rate: int, *, smooth: bool = False) -> Features:
    """Return the similarities (Emiya et al. 2011, eq. 14-17), of the channel where each is lowest.

    `smooth` takes no hard decisions: gradients reach every frame.
    """
    return compared(hear(components, rate), smooth=smooth)


def hear(components: Components, rate: int) -> Tensor:
    """Return what the ear has of the estimate, the target, and the estimate without each error in turn.

    Shape: (5, batch, channels, bands, frames).
    """
    estimate = components.estimate
    without = (components.distortion, components.interference, components.artifacts)
    signals = torch.stack([estimate, components.target, *(estimate - error for error in without)])
    heard = torch.cat([represent(each, rate) for each in signals.flatten(0, 2).split(SIGNALS_IN_MEMORY)])
    return heard.reshape(*signals.shape[:3], *heard.shape[1:])


def compared(heard: Tensor, *, smooth: bool = False) -> Features:
    """Return the similarities of what `hear` returns: one after the other, since a song is large."""
    found = [similarity(heard[0].double(), each.double(), smooth=smooth).amin(-1) for each in heard[1:]]
    return Features(*found)


def similarity(heard: Tensor, true: Tensor, *, smooth: bool = False) -> Tensor:
    """Return the weighted median of local correlations: (..., bands, frames) twice → (...)."""
    heard = _assimilated(heard, true, smooth=smooth)
    return _median(_correlations(heard, true), _energies(heard), smooth=smooth)


def _assimilated(heard: Tensor, true: Tensor, *, smooth: bool) -> Tensor:
    """Return `heard` moved towards `true` where it is weaker: what is missing disturbs less than what is added."""
    lack = true.abs() - heard.abs()
    gate = torch.sigmoid(lack / ASSIMILATION_SOFTNESS) if smooth else (lack > 0).to(heard.dtype)
    return heard + ASSIMILATION_SHARE * gate * (true - heard)


def _correlations(heard: Tensor, true: Tensor) -> Tensor:
    """Return the correlation over bands and time in each 100 ms: (..., bands, frames) twice → (..., windows)."""
    first, second = (_windows(each) for each in (heard, true))
    products = [(a * b).sum(-1) for a, b in ((first, second), (first, first), (second, second))]
    return (products[0] + ENERGY_FLOOR) / (
        (products[1] + ENERGY_FLOOR) * (products[2] + ENERGY_FLOOR)
    ).sqrt()  # two constants are alike


def _windows(representation: Tensor) -> Tensor:
    """Return consecutive 100 ms without their means: (..., bands, frames) → (..., windows, bands · 10)."""
    found = representation.unfold(-1, CORRELATION_FRAMES, CORRELATION_FRAMES).transpose(-3, -2).flatten(-2)
    return found - found.mean(-1, keepdim=True)


def _energies(heard: Tensor) -> Tensor:
    """Return the mean energy of the second around each 100 ms: (..., bands, frames) → (..., windows)."""
    energy = heard.square().sum(-2)
    total = torch.nn.functional.pad(energy.cumsum(-1), (1, 0))
    middles = (
        torch.arange(energy.shape[-1] // CORRELATION_FRAMES, device=heard.device) * CORRELATION_FRAMES
        + CORRELATION_FRAMES // 2
    )
    first, last = (
        (middles - WEIGHTING_FRAMES // 2).clamp(min=0),
        (middles + WEIGHTING_FRAMES // 2).clamp(max=energy.shape[-1]),
    )
    return (total[..., last] - total[..., first]) / (last - first) + ENERGY_FLOOR


def _median(values: Tensor, weights: Tensor, *, smooth: bool) -> Tensor:
    """Return the weighted median, or a mean weighted by nearness to it in rank: (..., n) twice → (...)."""
    order = values.argsort(-1)
    values, weights = values.gather(-1, order), weights.gather(-1, order)
    shares = weights / weights.sum(-1, keepdim=True)
    ranks = shares.cumsum(-1)
    if not smooth:
        return _crossing(values, ranks - shares / 2)
    passed = torch.special.ndtr((ranks - 0.5) / MEDIAN_RANK_SD)
    shares = torch.diff(passed, dim=-1, prepend=torch.zeros_like(passed[..., :1]))
    return (shares * values).sum(-1) / shares.sum(-1)


def _crossing(values: Tensor, ranks: Tensor) -> Tensor:
    """Return where values at rising ranks pass the rank of one half, on a line between the two beside it."""
    at = (ranks < 0.5).sum(-1, keepdim=True).clamp(min=1, max=max(values.shape[-1] - 1, 1))
    if values.shape[-1] < 2:
        return values[..., 0]
    (low, high), (below, above) = ([each.gather(-1, at - 1), each.gather(-1, at)] for each in (values, ranks))
    way = ((0.5 - below) / (above - below).clamp(min=ENERGY_FLOOR)).clamp(0, 1)
    return (low + way * (high - low))[..., 0]
