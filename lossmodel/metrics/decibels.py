"""Energies summed in double precision, and their ratios in decibels that stay finite."""

import torch
from torch import Tensor

from lossmodel.audio import SILENT_PEAK_80_DBFS

MAX_RATIO_DB = 100.0
"""Ratios are kept within ± this many dB: an estimate identical to its reference has 100 dB, not infinity."""

ENERGY_FLOOR = 1e-30

SILENT_ENERGY = 1e-20
"""Energy (Σ x²) up to which a signal is silence: far below one step of 24 bits, far above `ENERGY_FLOOR`."""

CHUNK_SAMPLES = 1 << 20
"""Samples that are turned into double precision at a time: a whole song would take gigabytes."""


def decibels(signal: Tensor, noise: Tensor) -> Tensor:
    """Return 10 log10(signal / noise) of two energies, within ± `MAX_RATIO_DB`; 0 dB where both are silent.

    An energy that is a difference may come out a rounding below zero: it is zero.
    """
    return (10 * torch.log10((signal.clamp(min=0) + ENERGY_FLOOR) / (noise.clamp(min=0) + ENERGY_FLOOR))).clamp(
        -MAX_RATIO_DB, MAX_RATIO_DB
    )


def energy(signal: Tensor) -> Tensor:
    """Return Σ x² over time and channels, in float64.

    Shape: (batch, channels, time) → (batch,).
    """
    return inner(signal, signal)


def inner(first: Tensor, second: Tensor) -> Tensor:
    """Return Σ x·y over time and channels, in float64.

    Shape: (batch, channels, time) twice → (batch,).
    """
    pieces = zip(first.split(CHUNK_SAMPLES, -1), second.split(CHUNK_SAMPLES, -1), strict=True)
    return torch.stack([(one.double() * other.double()).sum((-1, -2)) for one, other in pieces]).sum(0)


def difference(first: Tensor, second: Tensor, gain: Tensor) -> Tensor:
    """Return Σ (gain·x - y)² over time and channels, in float64.

    Shape: (batch, channels, time) twice, gain (batch,) → (batch,).
    """
    pieces = zip(first.split(CHUNK_SAMPLES, -1), second.split(CHUNK_SAMPLES, -1), strict=True)
    by = gain[:, None, None]
    return torch.stack([(by * one.double() - other.double()).square().sum((-1, -2)) for one, other in pieces]).sum(0)


def is_silent(signal: Tensor) -> Tensor:
    """Return whether there is nothing, whatever the level at which it is played: (…, channels, time) → (…)."""
    flat = signal.flatten(0, -3) if signal.ndim > 3 else signal
    return (energy(flat) <= SILENT_ENERGY).reshape(signal.shape[:-2])


def is_inaudible(signal: Tensor) -> Tensor:
    """Return whether a file with this signal is called silent, its peak below -80 dBFS: (…, channels, time) → (…)."""
    return torch.maximum(signal.amax((-1, -2)), -signal.amin((-1, -2))) < SILENT_PEAK_80_DBFS


def check_shapes(estimate: Tensor, reference: Tensor) -> None:
    """Raise `ValueError` unless both are (batch, channels, time) of one shape."""
    if estimate.ndim != 3 or estimate.shape != reference.shape:
        shapes = f"{tuple(estimate.shape)} and {tuple(reference.shape)}"
        raise ValueError(f"estimate and reference must both be (batch, channels, time), not {shapes}")
