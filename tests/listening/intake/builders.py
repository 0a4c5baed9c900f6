"""Voices made of noise and harmonics, whose alignment can be told, and grids of files on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from listening.intake.alignment import align
from listening.intake.grid import Delivered, Grid, Plan
from listening.intake.measure import load, measure
from listening.intake.names import place
from lossmodel import audio

RATE = 16000


def voice(seed: int = 0, *, seconds: float = 1.0, rate: int = RATE, channels: int = 1) -> audio.Audio:
    """Return noise under a slow envelope, peak 0.3: alike only to itself."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((channels, round(seconds * rate)))
    slow = 0.6 + 0.4 * np.sin(2 * np.pi * 3 * np.arange(noise.shape[1]) / rate)
    shaped = noise * slow
    return audio.Audio((0.3 * shaped / np.abs(shaped).max()).astype(np.float32), rate)


def changed(sound: audio.Audio, samples: np.ndarray) -> audio.Audio:
    """Return `sound` with other samples."""
    return audio.Audio(np.ascontiguousarray(samples, dtype=np.float32), sound.rate)


def write(root: Path, sounds: dict[str, audio.Audio]) -> Path:
    """Write each sound under its path below `root`."""
    for name, sound in sounds.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        audio.write(root / name, sound, subtype="FLOAT" if name.endswith("wav") else "PCM_24")
    return root


def folder(root: Path, *, items: int = 2, systems: int = 2, **shape: int) -> Path:
    """Write `<item>/<column>.wav` for a reference, a mixture and some systems each."""
    sounds = {}
    for number in range(items):
        own = voice(number, **shape)
        sounds[f"song{number}/reference.wav"] = own
        band = voice(100 + number, **shape)
        sounds[f"song{number}/mixture.wav"] = changed(own, own.samples + band.samples)
        for system in range(systems):
            sounds[f"song{number}/system{system}.wav"] = changed(own, own.samples + 0.1 * (system + 1) * band.samples)
    return write(root, sounds)


def grid(root: Path, **plan) -> Grid:
    """Return the grid of a folder: placed, measured and aligned."""
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    files = [
        Delivered(key, name, where.item, where.column, measure(root / name, name))
        for key, (name, where) in enumerate(place(names).items(), start=1)
        if where
    ]
    made = Grid(tuple(files), Plan(**{"rate": RATE, **plan}))
    return made.changed(*(_aligned(made, file, root) for file in made.files))


def _aligned(made: Grid, file: Delivered, root: Path) -> Delivered:
    reference = made.reference(file.item)
    if reference is None:
        return file
    true, _ = load(root / reference.name, reference.name)
    own, _ = load(root / file.name, file.name)
    return replace(file, alignment=align(audio.resample(own, true.rate).samples, true.samples, true.rate))
