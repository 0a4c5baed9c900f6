"""Signal-to-distortion ratios without filters: SNR, SI-SDR and SD-SDR, in dB, higher is better.

The channels of a signal are one vector: a stereo estimate is one estimate. Nothing is averaged out beforehand
(no mean removed). All lie within ± 100 dB: an estimate identical to its reference has 100, a silent estimate of a sound
0 (SNR) or -100 (SI-SDR, SD-SDR). Differentiable.
"""

import torch
from torch import Tensor

from lossmodel.metrics.decibels import LIMIT, TINY, check_shapes, decibels


def snr(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return |s|² / |s - ŝ|², the plain SDR (uSDR of the Music Demixing Challenge, there over whole songs).

    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)
    signal = _vectors(reference)
    return decibels(_energy(signal), _energy(signal - _vectors(estimate)))


def si_sdr(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return |αs|² / |αs - ŝ|² with the α that fits best: blind to the level (Le Roux et al. 2019, eq. 5).

    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)
    heard, scaled = _vectors(estimate), _scaled(estimate, reference)
    ratio = decibels(_energy(scaled), _energy(scaled - heard))
    return torch.where(_energy(heard) > 0, ratio, -LIMIT)  # no level of nothing fits


def sd_sdr(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return |αs|² / |s - ŝ|²: as SI-SDR, but a wrong level counts as distortion (Le Roux et al. 2019, eq. 8).

    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)
    return decibels(_energy(_scaled(estimate, reference)), _energy(_vectors(reference) - _vectors(estimate)))


def _scaled(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return the part of the estimate that is the reference, αs."""
    heard, signal = _vectors(estimate), _vectors(reference)
    gain = (heard * signal).sum(-1) / (_energy(signal) + TINY)
    return gain[:, None] * signal


def _vectors(signal: Tensor) -> Tensor:
    return signal.flatten(1).to(torch.float64)


def _energy(vectors: Tensor) -> Tensor:
    return vectors.square().sum(-1)
