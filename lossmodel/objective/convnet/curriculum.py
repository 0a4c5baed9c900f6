"""What the convnet learns from: excerpts of songs that nobody rated, each degraded along a choice of ladders.

Songs are synthetic (`synthetic`), and those of a folder of stems if one is given. An excerpt becomes maps once and is
kept in a folder, so that a second training begins at once.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file
from lossmodel.objective import synthetic
from lossmodel.objective.convnet.network import Config, maps
from lossmodel.objective.ladders import LADDERS, STRENGTHS
from lossmodel.progress import Report, silent

EXCERPT_SECONDS = 2.5
EXCERPT_RATES_HZ = (44_100, 44_100, 22_050, 16_000)
"""Rates that excerpts take in turn."""

LADDERS_A_LESSON = 15
"""How many ladders an excerpt is taken down, drawn anew for each."""

MIN_RELATIVE_VOICE_RMS = 0.3
"""RMS of a voice in an excerpt, relative to the song's, under which there is too little of it to learn from."""

Excerpt = tuple[Tensor, Tensor, int]
"""Vocals and accompaniment, (1, time) each, and their rate in Hz."""


@dataclass(frozen=True)
class Lesson:
    """Power maps of an excerpt (bands, frames) and of its rungs (ladders, strengths, bands, frames); which ladders."""

    reference: Tensor
    accompaniment: Tensor
    rungs: Tensor
    ladders: Tensor


def prepare(
    *, songs: int, stems: Path | None, seed: int, config: Config, cache: Path | None = None, report: Report = silent
) -> list[Lesson]:
    """Return a lesson for each of `songs` synthetic excerpts, then for each excerpt of the songs below `stems`."""
    makers = [partial(synthetic_excerpt, seed, number) for number in range(songs)]
    recorded = (
        [excerpt for vocals, others in songs_below(stems) for excerpt in voiced_excerpts(vocals, others)]
        if stems
        else []
    )
    makers += [partial(_given, excerpt) for excerpt in recorded]
    lessons = []
    for number, make in enumerate(makers):
        path = cache / f"lesson-{seed}-{number}-{songs}.safetensors" if cache else None
        if path and path.is_file():
            lessons.append(Lesson(**load_file(path)))
        else:
            lessons.append(lesson_of(make(), seed=1000 * seed + number, config=config))
            _keep(lessons[-1], path)
        report(number + 1, len(makers))
    return lessons


def lesson_of(excerpt: Excerpt, *, seed: int, config: Config) -> Lesson:
    """Return the lesson of one excerpt: `LADDERS_A_LESSON` ladders drawn by `seed`, at every strength."""
    vocals, accompaniment = (each[None] for each in excerpt[:2])
    rate, mixture = excerpt[2], vocals + accompaniment
    chosen = np.random.default_rng([seed, 7]).permutation(len(LADDERS))[:LADDERS_A_LESSON]
    rungs = torch.cat([torch.cat(LADDERS[index].rungs(vocals, accompaniment, rate, seed=seed)) for index in chosen])
    count = len(rungs)
    signals = (rungs, vocals.expand(count, -1, -1), mixture.expand(count, -1, -1))
    estimates, reference, other = maps(*signals, rate, config)
    shaped = estimates.reshape(len(chosen), len(STRENGTHS), *estimates.shape[1:])
    return Lesson(reference[0].half(), other[0].half(), shaped.half(), torch.tensor(chosen))


def synthetic_excerpt(seed: int, number: int) -> Excerpt:
    """Return the synthetic excerpt of that number, at one of `EXCERPT_RATES_HZ`."""
    rate = EXCERPT_RATES_HZ[number % len(EXCERPT_RATES_HZ)]
    return *synthetic.song(1000 * seed + number, seconds=EXCERPT_SECONDS, rate=rate), rate


def songs_below(folder: Path) -> list[tuple[Path, list[Path]]]:
    """Return vocals and the stems that accompany them for every folder that has them; `BadInput` if none has."""
    found = []
    for vocals in sorted(folder.rglob("vocals.*")):
        beside = {path.stem: path for path in vocals.parent.iterdir() if path.suffix == vocals.suffix}
        names = ["accompaniment"] if "accompaniment" in beside else ["bass", "drums", "other"]
        if beside.keys() >= set(names):
            found.append((vocals, [beside[name] for name in names]))
    if not found:
        raise BadInput(f"{folder}: no folder with vocals and accompaniment, or vocals, bass, drums and other")
    return found


def voiced_excerpts(vocals: Path, others: Sequence[Path]) -> list[Excerpt]:
    """Return the excerpts of a song that have enough voice, at each of `EXCERPT_RATES_HZ` in turn."""
    found = []
    for number, rate in enumerate(EXCERPT_RATES_HZ):
        voice = torch.from_numpy(audio.read(vocals, rate=rate, channels=1).samples)
        parts = [torch.from_numpy(audio.read(path, rate=rate, channels=1).samples) for path in others]
        time = min(part.shape[-1] for part in (voice, *parts))
        band = torch.stack([part[..., :time] for part in parts]).sum(0)
        size = int(EXCERPT_SECONDS * rate)
        starts = range(number * size, time - size + 1, len(EXCERPT_RATES_HZ) * size)
        pieces = [(voice[:, at : at + size], band[:, at : at + size], rate) for at in starts]
        found += [piece for piece in pieces if piece[0].std() > MIN_RELATIVE_VOICE_RMS * voice.std()]
    return found


def _given(excerpt: Excerpt) -> Excerpt:
    return excerpt


def _keep(lesson: Lesson, path: Path | None) -> None:
    if path:
        with atomic_file(path) as part:
            save_file({name: tensor.contiguous() for name, tensor in asdict(lesson).items()}, part)
