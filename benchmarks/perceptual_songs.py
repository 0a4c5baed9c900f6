"""The real songs of the comparison, in two halves: what one half's training may hear, the other half judges.

Both listening tests are cut in two by song (songs of one artist stay together) and by assessor, so that the objective
of one half and the judge of the other share neither music nor people. Songs that no test of the two contains are for
training in both halves: stems, the excerpts of gensvs2025, and the one that stempeg carries. Everything is mono.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.files import atomic_folder
from lossmodel.manifest import Pair
from lossmodel.metrics import excerpt
from separation.data import example, stems

HALVES = ("A", "B")
TRAINING_ONLY_FOLDER = "further"
"""Songs for training in both halves."""

PEAK_AMPLITUDE = 0.5
"""Largest sample of a song's vocals, accompaniment and mixture, so that 16 bits hold them all."""


def other(half: str) -> str:
    """Return the half in which the separators of `half` are judged."""
    return HALVES[1 - HALVES.index(half)]


def write(data: Path, songs: Path, count: int | None = None) -> None:
    """Write vocals and accompaniment of all real songs below `songs`, in a folder a half and one for further songs."""
    halves = {name: half for names in _rated(data).values() for name, half in names.items()}
    for name, vocals, accompaniment in _excerpts(data):
        half = halves.get(name, TRAINING_ONLY_FOLDER)
        place = songs / half / name
        if place.exists() or (count and len(list((songs / half).glob("*"))) >= count):
            continue
        signals = {"vocals": vocals.samples.mean(0), "accompaniment": accompaniment.samples.mean(0)}
        gain = PEAK_AMPLITUDE / max(np.abs(each).max() for each in (*signals.values(), sum(signals.values())))
        with atomic_folder(place) as part:
            for kind, samples in signals.items():
                audio.write(part / f"{kind}.flac", _mono(gain * samples, vocals.rate), subtype="PCM_16")


def learnt(songs: Path, half: str, folder: Path) -> Path:
    """Return the folder of songs to train on in a half, made of its own and the further ones."""
    if not folder.exists():
        with atomic_folder(folder) as part:
            for place in sorted([*(songs / half).iterdir(), *(songs / TRAINING_ONLY_FOLDER).iterdir()]):
                shutil.copytree(place, part / place.name)
    return folder


def heard(ratings: pd.DataFrame, pairs: list[Pair], data: Path, half: str) -> tuple[pd.DataFrame, list[Pair]]:
    """Return the ratings of a half's songs by its half of the assessors, and the pairs that these are about."""
    items = {name for names in _rated(data).values() for name, where in names.items() if where == half}
    people = set(sorted(ratings["assessor"].unique())[HALVES.index(half) :: len(HALVES)])
    kept = ratings[ratings["item"].isin(items) & ratings["assessor"].isin(people)]
    return kept, [pair for pair in pairs if pair.item in items]


def _rated(data: Path) -> dict[str, dict[str, str]]:
    """Return the half of each song of each test; artists take turns."""
    found = {}
    for test in ("ward2018", "sisec2018"):
        names = sorted(place.name for place in (data / test / "sounds").iterdir())
        artists = list(dict.fromkeys(name.split(" - ")[0] for name in names))
        found[test] = {name: HALVES[artists.index(name.split(" - ")[0]) % len(HALVES)] for name in names}
    return found


def _excerpts(data: Path) -> Iterator[tuple[str, Audio, Audio]]:
    """Yield name, vocals and accompaniment of every song."""
    for place in sorted((data / "ward2018" / "sounds").iterdir()):
        yield place.name, *_left_over(audio.read(place / "ref.flac"), audio.read(place / "Interferer.flac"))
    for place in sorted((data / "sisec2018" / "sounds").iterdir()):
        yield place.name, audio.read(place / "ref_vocals.flac"), audio.read(place / "ref_accompaniment.flac")
    for place in sorted((data / "gensvs2025" / "sounds").iterdir()):
        yield place.name, *_left_over(audio.read(place / "target.flac"), audio.read(place / "mixture.flac"))
    for place in stems.find(data / "stems"):
        references, accompaniment = stems.read(place)
        yield place.name, references["vocals"], accompaniment
    carried = example.song()
    yield Path(example.STEM_FILE).name.removesuffix(".stem.mp4"), carried["vocals"], carried["accompaniment"]


def _left_over(vocals: Audio, mixture: Audio) -> tuple[Audio, Audio]:
    """Return vocals and what they leave of a mixture that was scaled to their loudness."""
    mixed, sung = (torch.from_numpy(each.samples) for each in (mixture, vocals))
    return vocals, Audio(excerpt.accompaniment(mixed, sung[None])[0].numpy(), vocals.rate)


def _mono(samples: NDArray[np.floating], rate: int) -> Audio:
    return Audio(samples[None].astype(np.float32), rate)
