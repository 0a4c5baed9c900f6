"""Distances to the true sources, one value for each excerpt and admissible reference. Lower is better.

Shape of all: estimates (batch, sources, channels, time), targets (batch, references, sources, channels, time), result
(batch, references).
"""

import torch
from torch import Tensor

STFT_WINDOWS = (2048, 512, 128)
"""STFT lengths in frames; hops are a quarter."""

MAGNITUDE_FLOOR = 1e-5
"""Magnitudes are compared above this floor, so that silence has a finite logarithm."""


def l1(estimates: Tensor, targets: Tensor) -> Tensor:
    """Return the mean absolute difference."""
    return (estimates.unsqueeze(1) - targets).abs().mean((2, 3, 4))


def l2(estimates: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared difference, the published Wave-U-Net's loss."""
    return (estimates.unsqueeze(1) - targets).square().mean((2, 3, 4))


def mrstft(estimates: Tensor, targets: Tensor) -> Tensor:
    """Return spectral convergence plus log-magnitude L1, averaged over three windows (Yamamoto et al., 2020, eq. 3–6).

    In float32 and smooth in silence, for a training's every step; to measure, use `lossmodel.metrics.spectral`.
    """
    return torch.stack([_one_window(estimates, targets, window) for window in STFT_WINDOWS]).mean(0)


def additivity(estimates: Tensor, mixture: Tensor) -> Tensor:
    """Return how far the sources are from summing to the mixture: mean absolute difference, one value in all.

    Shape: (batch, sources, channels, time) and (batch, channels, time) to ().
    """
    return (mixture - estimates.sum(1)).abs().mean()


def _one_window(estimates: Tensor, targets: Tensor, window: int) -> Tensor:
    estimate, target = _magnitudes(estimates, window).unsqueeze(1), _magnitudes(targets, window)
    axes = tuple(range(2, target.dim()))
    power = target.square().sum(axes)
    convergence = (
        ((target - estimate).square().sum(axes) / (power + MAGNITUDE_FLOOR)).clamp(min=MAGNITUDE_FLOOR**2).sqrt()
    )
    return convergence + (target.log() - estimate.log()).abs().mean(axes)


def _magnitudes(x: Tensor, window: int) -> Tensor:
    taper = torch.hann_window(window, device=x.device)
    spectrum = torch.stft(
        x.flatten(0, -2).float(), window, window // 4, window=taper, normalized=True, return_complex=True
    )
    power = spectrum.real.square() + spectrum.imag.square()
    return (power + MAGNITUDE_FLOOR**2).sqrt().reshape(*x.shape[:-1], *power.shape[1:])
