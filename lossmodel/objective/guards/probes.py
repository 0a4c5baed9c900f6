"""What cheats an objective: sounds whose judgement is known without a listening test, and what it says of them.

`EXPECTED_SCORES` bounds each probe, generously; `EXPECTED_ORDER` says which of two people would rate higher. What
neither mentions is left open: a silent estimate has no interference, so interference alone must never be a reward.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from lossmodel.objective.guards.findings import Constraint, Finding, Scorer, Song, points
from lossmodel.objective.ladders import BY_NAME
from lossmodel.objective.ladders.bands import band_pass
from lossmodel.objective.ladders.leaks import band_leak

if TYPE_CHECKING:
    from lossmodel.objective.network import Objective

CLEAR_DIFFERENCE_POINTS = 3.0
"""Points by which the better of two probes has to be rated higher."""


@dataclass(frozen=True)
class Bounds:
    """Where people would put a probe on an attribute: points between `low` and `high`."""

    low: float = 0.0
    high: float = 100.0

    def __str__(self) -> str:
        """Return the bound that binds."""
        return f"< {self.high:g}" if self.low == 0 else f"> {self.low:g}"


@dataclass(frozen=True)
class Probe:
    """The scores of one probe by attribute, and of those the ones that nobody would give."""

    name: str
    scores: Mapping[str, float]
    wrong: Mapping[str, Bounds]


ATTRIBUTES = ("quality", "interference", "similarity")

EXPECTED_SCORES: Final[Mapping[str, Mapping[str, Bounds]]] = {
    "reference": {name: Bounds(low=90) for name in ATTRIBUTES},
    "inverted": {name: Bounds(low=90) for name in ATTRIBUTES},
    "quieter": {name: Bounds(low=90) for name in ATTRIBUTES},
    "offset": {name: Bounds(low=90) for name in ATTRIBUTES},
    "silence": {"quality": Bounds(high=25), "similarity": Bounds(high=25)},
    "mixture": {"quality": Bounds(low=70), "interference": Bounds(high=25), "similarity": Bounds(high=50)},
    "accompaniment": {"interference": Bounds(high=25), "similarity": Bounds(high=30)},
    "band leak": {"interference": Bounds(high=75), "similarity": Bounds(high=90)},
    "low-pass": {"quality": Bounds(high=60), "similarity": Bounds(high=80)},
    "notch": {"quality": Bounds(high=80), "similarity": Bounds(high=85)},
    "gated": {"quality": Bounds(high=30), "similarity": Bounds(high=50)},
    "holes": {"quality": Bounds(high=70), "similarity": Bounds(high=80)},
    "clicks": {"quality": Bounds(high=75), "similarity": Bounds(high=85)},
    "reverb": {"quality": Bounds(high=85), "similarity": Bounds(high=85)},
    "wobbling level": {"quality": Bounds(high=85), "similarity": Bounds(high=85)},
    "phase scramble": {"quality": Bounds(high=50), "similarity": Bounds(high=70)},
    "re-synthesis": {"quality": Bounds(high=50), "similarity": Bounds(high=60)},
}
"""How people would judge each probe, generously."""

DAMAGED_PROBES = (
    "low-pass", "notch", "gated", "holes", "clicks", "reverb", "wobbling level", "phase scramble", "re-synthesis"
)  # fmt: skip
"""The voice alone, damaged: never as good as the voice, never as leaky as the mixture, more than nothing."""

EXPECTED_ORDER: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "quality": (
        *(("reference", each) for each in DAMAGED_PROBES),
        *(("mixture", each) for each in ("low-pass", "gated", "holes", "phase scramble", "re-synthesis", "silence")),
        *((each, "silence") for each in DAMAGED_PROBES),
    ),
    "interference": (
        ("reference", "band leak"),
        ("band leak", "mixture"),
        ("reference", "mixture"),
        ("reference", "accompaniment"),
        *((each, "mixture") for each in DAMAGED_PROBES),
        *((each, "accompaniment") for each in DAMAGED_PROBES),
    ),
    "similarity": (
        *(("reference", each) for each in (*DAMAGED_PROBES, "band leak", "mixture")),
        *((each, "silence") for each in (*DAMAGED_PROBES, "mixture")),
        *((each, "accompaniment") for each in (*DAMAGED_PROBES, "mixture", "band leak")),
    ),
}
"""(better, worse) as people would say, by attribute."""


def probe(scorer: Scorer, song: Song) -> list[Finding]:
    """Return a finding for every bound and every pair of one song that concerns the scorer's attributes."""
    sounds = {name: make(song) for name, make in PROBES.items()}
    scores = points(scorer, song, list(sounds.values()))
    named = {attribute: dict(zip(sounds, values, strict=True)) for attribute, values in scores.items()}
    return [*_bounded(song, named, sounds), *_ordered(song, named, sounds)]


@torch.no_grad()
def examine(objective: "Objective", reference: Tensor, mixture: Tensor) -> list[Probe]:
    """Return the probes of one excerpt with their scores; (channels, time) each, at the objective's rate."""
    song = Song("", reference, accompaniment(reference, mixture), objective.rate)
    found = []
    for name, make in PROBES.items():
        predictions = objective(make(song)[None], reference[None, None], mixture[None])
        scores = {attribute: float(prediction.mean) for attribute, prediction in predictions.items()}
        wrong = {
            attribute: bounds
            for attribute, bounds in EXPECTED_SCORES[name].items()
            if attribute in scores and not bounds.low <= scores[attribute] <= bounds.high
        }
        found.append(Probe(name, scores, wrong))
    return found


def accompaniment(reference: Tensor, mixture: Tensor) -> Tensor:
    """Return what remains of the mixture beside the reference, at the level that the reference has."""
    gain = (reference * mixture).sum() / reference.square().sum()
    return mixture / gain - reference


def _bounded(song: Song, scores: Mapping[str, Mapping[str, float]], sounds: Mapping[str, Tensor]) -> Iterator[Finding]:
    for name, bounds in EXPECTED_SCORES.items():
        for attribute in (each for each in bounds if each in scores):
            bound, seen = bounds[attribute], scores[attribute][name]
            pair = Constraint(song.name, attribute, sounds[name], song.vocals) if bound.high < 100 else None
            passed = bound.low <= seen <= bound.high
            yield Finding("exploit", name, song.name, attribute, str(bound), seen, passed, pair)


def _ordered(song: Song, scores: Mapping[str, Mapping[str, float]], sounds: Mapping[str, Tensor]) -> Iterator[Finding]:
    for attribute in (each for each in EXPECTED_ORDER if each in scores):
        for better, worse in EXPECTED_ORDER[attribute]:
            lead = scores[attribute][better] - scores[attribute][worse]
            pair = Constraint(song.name, attribute, sounds[worse], sounds[better])
            name, expected = f"{better} over {worse}", f"leads by > {CLEAR_DIFFERENCE_POINTS:g}"
            yield Finding("order", name, song.name, attribute, expected, lead, lead >= CLEAR_DIFFERENCE_POINTS, pair)


def _degraded(song: Song, *, ladder: str, strength: float) -> Tensor:
    vocals, others = song.vocals[None], song.accompaniment[None]
    return BY_NAME[ladder].degrade(vocals, others, song.rate, strength, 0)[0]


def _low_pass(song: Song) -> Tensor:
    """Cut at 3.5 kHz, as the low anchor of BS.1534-3 clause 5.1."""
    return band_pass(song.vocals, song.rate, 0, 3500)


def _band_leak(song: Song) -> Tensor:
    return band_leak(song.vocals[None], song.accompaniment[None], song.rate, 0.9, 0)[0]


def _offset(song: Song) -> Tensor:
    """Add a constant of a tenth of the voice's RMS: nobody hears it."""
    return song.vocals + 0.1 * song.vocals.square().mean().sqrt()


PROBES: Final[Mapping[str, Callable[[Song], Tensor]]] = {
    "reference": lambda song: song.vocals,
    "inverted": lambda song: -song.vocals,
    "quieter": lambda song: 0.5 * song.vocals,
    "offset": _offset,
    "silence": lambda song: torch.zeros_like(song.vocals),
    "mixture": lambda song: song.mixture,
    "accompaniment": lambda song: song.accompaniment,
    "band leak": _band_leak,
    "low-pass": _low_pass,
    "notch": partial(_degraded, ladder="notch", strength=0.7),
    "gated": partial(_degraded, ladder="gating", strength=1.0),
    "holes": partial(_degraded, ladder="musical noise", strength=0.62),  # half of the bins
    "clicks": partial(_degraded, ladder="clicks", strength=0.8),
    "reverb": partial(_degraded, ladder="reverb", strength=0.8),
    "wobbling level": partial(_degraded, ladder="wobbling level", strength=0.7),
    "phase scramble": partial(_degraded, ladder="phase scramble", strength=1.0),
    "re-synthesis": partial(_degraded, ladder="vocoder", strength=1.0),
}
"""Sounds made of a song; nothing that people hear differs between the first four."""
