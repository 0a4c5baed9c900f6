"""Small songs and small panels: a sung voice over chords and noise, degraded in ways whose order is known."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lossmodel import audio, manifest
from lossmodel.objective.ear.frontend import RATE

SECONDS = 2.0

SEVERITIES = {
    "mild": {"leak": 0.05, "holes": 0.05, "dull": 0.1},
    "leaky": {"leak": 0.5, "holes": 0.05, "dull": 0.0},
    "holey": {"leak": 0.02, "holes": 0.7, "dull": 0.2},
    "dull": {"leak": 0.1, "holes": 0.1, "dull": 1.0},
    "bad": {"leak": 0.25, "holes": 0.4, "dull": 0.6},
}


def song(seed: int, seconds: float = SECONDS) -> tuple[Tensor, Tensor]:
    """Return (voice, mixture), each (1, time)."""
    draw = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    voice, band = _sung(draw, t), _played(draw, t)
    band *= np.sqrt((voice**2).mean() / (band**2).mean()) * draw.uniform(0.7, 1.8)
    return torch.tensor(voice[None]).float(), torch.tensor((voice + band)[None]).float()


def _sung(draw: np.random.Generator, t: np.ndarray) -> np.ndarray:
    notes = np.repeat(draw.uniform(180, 420, size=8), len(t) // 8 + 1)[: len(t)]
    phase = 2 * np.pi * np.cumsum(notes * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * t))) / RATE
    partials = sum(np.sin(k * phase) / k ** draw.uniform(0.8, 1.2) for k in range(1, 25))
    breath = 0.02 * draw.standard_normal(len(t))
    return 0.05 * (partials + breath) * (0.15 + np.abs(np.sin(2 * np.pi * draw.uniform(0.8, 1.6) * t)))


def _played(draw: np.random.Generator, t: np.ndarray) -> np.ndarray:
    chord = sum(np.sin(2 * np.pi * f * t) for f in draw.uniform(80, 900, size=6))
    beat = np.exp(-12 * (t % draw.uniform(0.3, 0.5))) * draw.standard_normal(len(t))
    return chord + 2.5 * beat


def degraded(voice: Tensor, mixture: Tensor, *, leak: float, holes: float, dull: float, seed: int = 0) -> Tensor:
    """Return the voice with some accompaniment, a share of spectral lines missing, and less treble."""
    window = torch.hann_window(2048)
    spectrum = torch.stft(voice + leak * (mixture - voice), 2048, 512, window=window, return_complex=True)
    kept = torch.rand(spectrum.shape, generator=torch.Generator().manual_seed(seed)) >= holes
    tilt = (torch.linspace(0, 1, 1025)[:, None] * 80 * dull).neg().exp()
    return torch.istft(spectrum * kept * tilt, 2048, 512, window=window, length=voice.shape[-1])


def pairs(folder: Path, songs: int) -> list[manifest.Pair]:
    """Write `songs` items with every system, hidden reference and mixture below `folder`."""
    found = []
    for number in range(songs):
        voice, mixture = song(number)
        draw = np.random.default_rng([number, 1])
        made = {"reference": voice, "mixture": mixture}
        for name, severity in SEVERITIES.items():
            varied = {kind: value * draw.uniform(0.6, 1.4) for kind, value in severity.items()}
            made[name] = degraded(voice, mixture, **varied, seed=number)
        paths = {name: folder / f"song{number}" / f"{name}.wav" for name in made}
        for name, signal in made.items():
            audio.write(paths[name], audio.Audio(signal.numpy(), RATE), subtype="FLOAT")
        found += [
            manifest.Pair(
                f"song{number}", name, ROLES.get(name, "system"), path, (paths["reference"],), paths["mixture"]
            )
            for name, path in paths.items()
        ]
    return found


ROLES = {"reference": "reference", "mixture": "anchor"}
