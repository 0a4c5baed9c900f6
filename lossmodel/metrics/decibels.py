"""Energy ratios in decibels that stay finite."""

import torch
from torch import Tensor

LIMIT = 100.0
"""Ratios are kept within ± this many dB: an estimate identical to its reference has 100 dB, not infinity."""

TINY = 1e-30


def decibels(signal: Tensor, noise: Tensor) -> Tensor:
    """Return 10 log10(signal / noise) of two energies, within ± `LIMIT`; 0 dB where both are silent.

    An energy that is a difference may come out a rounding below zero: it is zero.
    """
    return (10 * torch.log10((signal.clamp(min=0) + TINY) / (noise.clamp(min=0) + TINY))).clamp(-LIMIT, LIMIT)


def check_shapes(estimate: Tensor, reference: Tensor) -> None:
    """Raise `ValueError` unless both are (batch, channels, time) of one shape."""
    if estimate.ndim != 3 or estimate.shape != reference.shape:
        shapes = f"{tuple(estimate.shape)} and {tuple(reference.shape)}"
        raise ValueError(f"estimate and reference must both be (batch, channels, time), not {shapes}")
