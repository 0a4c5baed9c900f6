"""Seeded synthetic songs: a sung formant voice over drums, bass and chords, for tests and demonstrations.

They are licence-free, as long as wanted and the same everywhere; they replace no real music in an evaluation.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.files import atomic_folder
from separation.data import band, voice
from separation.data.score import Note, compose

PEAK_AMPLITUDE = 0.9
BACKING_INTERVAL_SEMITONES = 4.0
"""A backing voice sings so many semitones above the lead."""


def song(seed: int, seconds: float, rate: int, *, backing: bool = False) -> dict[str, Audio]:
    """Return mixture, vocals, accompaniment, drums, bass and other: stereo, mixture = vocals + accompaniment.

    With `backing` a second voice joins in: `vocals` is the lead alone (the backing voice is accompaniment then) and
    `vocals.lead+backing` the other admissible reference.
    """
    draw = np.random.default_rng(seed)
    score = compose(draw, seconds)
    drums = band.room(band.drums(score, rate, draw), rate, draw, seconds=0.4, wet=0.08)
    bass = band.bass(score, rate, draw)
    other = band.room(band.chords(score, rate, draw), rate, draw, seconds=1.2, wet=0.2)
    lead = _sung(score.melody, seconds, rate, draw, pan=0.5)
    stems = {"drums": 0.5 * drums / _rms(drums), "bass": 0.45 * bass / _rms(bass), "other": 0.45 * other / _rms(other)}
    stems["vocals"] = 10 ** (draw.uniform(-2, 2) / 20) * 0.8 * lead / _rms(lead)
    stems["accompaniment"] = stems["drums"] + stems["bass"] + stems["other"]
    if backing:
        thirds = [
            Note(n.start, n.seconds, n.pitch + BACKING_INTERVAL_SEMITONES, n.consonant, n.vowel) for n in score.melody
        ]
        second = _sung(thirds, seconds, rate, draw, pan=0.7)
        second *= 0.35 * _rms(stems["vocals"]) / _rms(second)
        stems["vocals.lead+backing"] = stems["vocals"] + second
        stems["accompaniment"] = stems["accompaniment"] + second
    stems["mixture"] = stems["vocals"] + stems["accompaniment"]
    gain = PEAK_AMPLITUDE / max(np.abs(stem).max() for stem in stems.values())
    return {name: Audio((gain * stem).astype(np.float32), rate) for name, stem in stems.items()}


def write_songs(folder: Path, seeds: Iterable[int], seconds: float, rate: int, *, backing: bool = False) -> list[Path]:
    """Write the songs of `seeds` as folders of WAV stems under `folder`; return the folders."""
    written = []
    for seed in seeds:
        place = folder / f"synthetic-{seed:03d}"
        with atomic_folder(place) as part:
            for name, stem in song(seed, seconds, rate, backing=backing).items():
                audio.write(part / f"{name}.wav", stem)
        written.append(place)
    return written


def _sung(notes: Iterable[Note], seconds: float, rate: int, draw: np.random.Generator, *, pan: float) -> band.Samples:
    notes = list(notes)
    who = voice.singer(draw, float(np.mean([note.pitch for note in notes])))
    mono = voice.sing(notes, seconds, rate, who, draw)
    dry = np.sqrt([[2 * (1 - pan)], [2 * pan]]) * mono
    return band.room(dry, rate, draw, seconds=0.9, wet=0.12)


def _rms(samples: band.Samples) -> float:
    return float(np.sqrt(np.square(samples).mean()))
