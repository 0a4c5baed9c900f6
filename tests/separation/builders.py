"""Small recipes and songs for the tests of separation."""

from pathlib import Path

import numpy as np

from lossmodel import audio
from lossmodel.audio import Audio
from separation.config import load
from separation.data.synthetic import write_songs
from separation.recipe import Recipe

RATE = 8000
SMALL = {
    "rate": RATE,
    "batch": 2,
    "steps": 20,
    "checkpoint_every": 10,
    "network.levels": 3,
    "network.filters": 4,
    "network.kernel_down": 5,
    "data.seconds": 0.25,
}


def small(recipe: str = "tiny", **overrides: object) -> Recipe:
    """Return a recipe whose steps take milliseconds; `a__b=1` overrides the key a.b."""
    named = {key.replace("__", "."): value for key, value in overrides.items()}
    noise = named.pop("network.noise", 0)  # a recipe that is loaded may not ask for it
    loaded = load(recipe, {"extends": "tiny", **SMALL, **named} if recipe != "tiny" else {**SMALL, **named})
    return loaded.model_copy(update={"network": loaded.network.model_copy(update={"noise": noise})})


def songs(folder: Path, count: int = 2, seconds: float = 3.0) -> Path:
    """Write synthetic songs and return their folder."""
    write_songs(folder, range(count), seconds, RATE)
    return folder


def tone(
    hertz: float = 220.0, seconds: float = 1.0, *, rate: int = RATE, channels: int = 1, level: float = 0.5
) -> Audio:
    """Return a sine, the same in each channel."""
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return Audio(np.repeat(wave[None].astype(np.float32), channels, axis=0), rate)


def noise(seed: int, seconds: float = 1.0, *, rate: int = RATE, channels: int = 1, level: float = 0.1) -> Audio:
    """Return white noise."""
    draw = np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))
    return Audio((level * draw).astype(np.float32), rate)


def write(folder: Path, **stems: Audio) -> Path:
    """Write a song's stems as WAV; `__` in a name stands for a dot."""
    for name, stem in stems.items():
        audio.write(folder / f"{name.replace('__', '.')}.wav", stem, subtype="FLOAT")
    return folder
