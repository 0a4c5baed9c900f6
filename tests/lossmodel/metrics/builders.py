"""Signals with known properties."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lossmodel import audio
from lossmodel.audio import Audio


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def music(seconds: float = 1.0, *, rate: int = 16_000, low: float = 220.0, channels: int = 1, seed: int = 0) -> Tensor:
    """Harmonics with a slow tremolo over a little noise: (channels, time)."""
    time = torch.arange(int(seconds * rate), dtype=torch.float64) / rate
    tones = sum(torch.sin(2 * torch.pi * low * n * time) / n for n in range(1, 6))
    tone = 0.1 * (1 + 0.5 * torch.sin(2 * torch.pi * 3 * time)) * tones
    return tone + 0.002 * noise(channels, len(time), seed=seed)


def saved(path: Path, signal: Tensor, *, rate: int = 16_000) -> Path:
    audio.write(path, Audio(signal.numpy().astype(np.float32), rate), subtype="FLOAT")
    return path
