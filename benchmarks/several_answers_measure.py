"""Songs of two singers, and what a separator does with the second one: out, in, or half-way.

The lead stands in the middle, the backing voice sings thirds above it at one side, 3 dB below; a band plays along. What
calls itself `vocals` is the lead alone or both voices; the rest of the mixture is accompaniment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.files import atomic_folder
from lossmodel.metrics import ratios
from separation.data import stems, synthetic

RATE = 8000
"""Hz: a network of minutes on a CPU."""

BACKING_LEVEL, BAND_GAIN = 0.7, 0.5
"""The backing voice's level relative to the lead, and the factor of the band."""

HALF_WAY_GAIN, HALF_WAY_DB = (0.2, 0.8), (-20.0, -3.0)
"""Gains of the backing voice that are neither out nor in, on either scale."""

STRETCH_SECONDS = 0.5
AUDIBLE_SHARE = 0.3
"""A stretch counts in which each voice has more than this share of its mean level."""

LAYOUTS: dict[str, Callable[[int], Sequence[str]]] = {
    "one": lambda number: ("lead", "all")[number % 2 : number % 2 + 1],
    "both": lambda _: ("lead", "all"),
    "lead": lambda _: ("lead",),
}
"""What each song of a folder calls vocals: one of two by turns, both, or always the lead."""

Samples = NDArray[np.float32]
Separate = Callable[[Audio], Audio]


@dataclass(frozen=True)
class TwoSingers:
    """A song as its parts, stereo."""

    name: str
    lead: Samples
    backing: Samples
    band: Samples

    @property
    def mixture(self) -> Audio:
        """Return the sum of the parts."""
        return Audio(self.lead + self.backing + self.band, RATE)

    @property
    def references(self) -> list[Audio]:
        """Return the lead, and both voices."""
        return [Audio(self.lead, RATE), Audio(self.lead + self.backing, RATE)]

    def write(self, folder: Path, kinds: Sequence[str]) -> None:
        """Write the song as stems of which `kinds` are vocals, the first one what the accompaniment goes with."""
        sounds = dict(zip(("lead", "all"), self.references))
        first = sounds[kinds[0]]
        with atomic_folder(folder / self.name) as part:
            for number, kind in enumerate(kinds):
                audio.write(
                    part / ("vocals.wav" if not number else f"vocals.{kind}.wav"), sounds[kind], subtype="FLOAT"
                )
            rest = Audio(self.mixture.samples - first.samples, RATE)
            audio.write(part / "accompaniment.wav", rest, subtype="FLOAT")


def sung(seed: int, seconds: float) -> TwoSingers:
    """Return the song of that seed."""
    parts = synthetic.song(seed, seconds, RATE, backing=True)
    lead = parts["vocals"].samples
    second = parts["vocals.lead+backing"].samples - lead
    band = BAND_GAIN * (parts["accompaniment"].samples - second)
    mono = second.mean(0)
    aside = np.stack([mono, np.zeros_like(mono)])[:: 1 if seed % 4 < 2 else -1]
    backing = BACKING_LEVEL * _level(lead) / _level(aside) * aside
    return TwoSingers(f"song-{seed:03d}", lead, backing.astype(np.float32), band)


def write_songs(folder: Path, seeds: Sequence[int], seconds: float) -> None:
    """Write the songs of `seeds` once for each of `LAYOUTS`, where they are not yet."""
    for seed in seeds:
        missing = [layout for layout in LAYOUTS if not (folder / layout / f"song-{seed:03d}").exists()]
        if missing:
            song = sung(seed, seconds)
            for layout in missing:
                song.write(folder / layout, LAYOUTS[layout](seed))


def read(folder: Path) -> list[TwoSingers]:
    """Return the songs of a folder in which both voices are references."""
    found = []
    for place in stems.find(folder):
        references, rest = stems.read(place)
        lead, both = (sound.samples for sound in references.values())
        found.append(TwoSingers(place.name, lead, both - lead, rest.samples - (both - lead)))
    return found


def measured(separate: Separate, songs: Sequence[TwoSingers]) -> dict[str, Any]:
    """Return the backing voice's gain in each stretch, and the songs' SI-SDR to the nearer reference."""
    gains, nearest = [], []
    for song in songs:
        vocals = separate(song.mixture)
        gains.append(backing_gains(vocals.samples, song))
        nearest.append(max(si_sdr(vocals.samples, each.samples) for each in song.references))
    return {"gains": np.concatenate(gains).round(3).tolist(), "si_sdr": float(np.mean(nearest))}


def backing_gains(vocals: Samples, song: TwoSingers) -> NDArray[np.float64]:
    """Return the backing voice's gain in each stretch in which both voices sound: a least-squares fit of the parts."""
    frames, parts, gains = round(STRETCH_SECONDS * RATE), (song.lead, song.backing, song.band), []
    for start in range(0, vocals.shape[1] - frames + 1, frames):
        here = [part[:, start : start + frames].ravel() for part in parts]
        if all(_level(a) > AUDIBLE_SHARE * _level(b) for a, b in zip(here[:2], parts)):
            heard = vocals[:, start : start + frames].ravel()
            gains.append(np.linalg.lstsq(np.stack(here, axis=1), heard, rcond=None)[0][1])
    return np.array(gains)


def half_way(gains: Sequence[float]) -> tuple[float, float]:
    """Return the shares of stretches that are half-way, by gain and by level in dB."""
    sizes = np.array(gains)
    levels = 20 * np.log10(np.maximum(np.abs(sizes), 1e-6))
    inside = [
        (low < values) & (values < high) for values, (low, high) in ((sizes, HALF_WAY_GAIN), (levels, HALF_WAY_DB))
    ]
    return float(inside[0].mean()), float(inside[1].mean())


def si_sdr(estimate: Samples, reference: Samples) -> float:
    """Return the scale-invariant ratio in dB, the channels as one vector."""
    return float(ratios.si_sdr(*(torch.from_numpy(each)[None] for each in (estimate, reference))))


def _level(samples: NDArray[Any]) -> float:
    return float(np.sqrt(np.square(samples).mean()))
