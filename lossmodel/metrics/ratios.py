"""Signal-to-distortion ratios without filters: SNR, SI-SDR and SD-SDR, in dB, higher is better.

The channels of a signal are one vector: a stereo estimate is one estimate. Nothing is averaged out beforehand
(no mean removed). All lie within ± 100 dB: an estimate identical to its reference has 100, a silent estimate of a sound
0 (SNR, by its definition) or -100 (SI-SDR, SD-SDR). Differentiable.
"""

import torch
from torch import Tensor

from lossmodel.metrics.decibels import (
    ENERGY_FLOOR,
    MAX_RATIO_DB,
    check_shapes,
    decibels,
    difference,
    energy,
    inner,
    is_silent,
)


def snr(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return |s|² / |s - ŝ|², the plain SDR (uSDR of the Music Demixing Challenge, there over whole songs).

    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)
    signal = energy(reference)
    return decibels(signal, difference(reference, estimate, torch.ones_like(signal)))


def si_sdr(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return |αs|² / |αs - ŝ|² with the α that fits best: blind to the level (Le Roux et al. 2019, eq. 5).

    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)
    signal, gain = energy(reference), _gain(estimate, reference)
    ratio = decibels(gain.square() * signal, difference(reference, estimate, gain))
    return torch.where(is_silent(estimate), -MAX_RATIO_DB, ratio)  # no level of nothing fits


def sd_sdr(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return |αs|² / |s - ŝ|²: as SI-SDR, but a wrong level counts as distortion (Le Roux et al. 2019, eq. 8).

    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)
    signal, gain = energy(reference), _gain(estimate, reference)
    return decibels(gain.square() * signal, difference(reference, estimate, torch.ones_like(gain)))


def _gain(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return α, the level at which the reference fits the estimate best."""
    return inner(estimate, reference) / (energy(reference) + ENERGY_FLOOR)
