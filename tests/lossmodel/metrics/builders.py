"""Signals with known properties."""

import importlib.util
from pathlib import Path
from types import ModuleType

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


def museval() -> ModuleType:
    """museval's arithmetic alone: importing the package asks for the ffmpeg program."""
    folder = importlib.util.find_spec("museval").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("museval_metrics", Path(folder) / "metrics.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def separated(sources: Tensor, *, seed: int = 9) -> Tensor:
    """Each source (sources, channels, time), filtered a little, some of the others, and noise."""
    filtered = sources + 0.4 * sources.roll(7, -1) - 0.1 * sources.roll(300, -1)
    leak = 0.2 * (sources.sum(0) - sources)
    return filtered + leak + 0.05 * sources.std() * noise(*sources.shape, seed=seed)
