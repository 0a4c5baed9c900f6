"""What cheats an objective: sounds whose judgement is known without a listening test, and what it says of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lossmodel.objective.frontend import RATE
from lossmodel.objective.network import Objective


@dataclass(frozen=True)
class Bounds:
    """Where people would put a probe on an attribute: points between `low` and `high`."""

    low: float = 0.0
    high: float = 100.0


@dataclass(frozen=True)
class Probe:
    """The scores of one probe by attribute, and of those the ones that nobody would give."""

    name: str
    scores: Mapping[str, float]
    wrong: Mapping[str, Bounds]


EXPECTED: Final[Mapping[str, Mapping[str, Bounds]]] = {
    "reference": {name: Bounds(low=90) for name in ("quality", "interference", "similarity")},
    "inverted": {name: Bounds(low=90) for name in ("quality", "interference", "similarity")},
    "quieter": {name: Bounds(low=90) for name in ("quality", "interference", "similarity")},
    "silence": {"quality": Bounds(high=25), "similarity": Bounds(high=25)},
    "mixture": {"quality": Bounds(low=70), "interference": Bounds(high=25), "similarity": Bounds(high=50)},
    "accompaniment": {"interference": Bounds(high=25), "similarity": Bounds(high=30)},
    "low-pass": {"quality": Bounds(high=60), "similarity": Bounds(high=80)},
    "gated": {"quality": Bounds(high=30), "similarity": Bounds(high=50)},
    "holes": {"quality": Bounds(high=70), "similarity": Bounds(high=80)},
}
"""How people would judge each probe, generously."""


@torch.no_grad()
def examine(objective: Objective, reference: Tensor, mixture: Tensor) -> list[Probe]:
    """Return the probes of one excerpt with their scores; (channels, time) each, at 44.1 kHz."""
    found = []
    for name, make in PROBES.items():
        estimate = make(reference, mixture)
        predictions = objective(estimate[None], reference[None, None], mixture[None])
        scores = {attribute: float(prediction.mean) for attribute, prediction in predictions.items()}
        wrong = {
            attribute: bounds
            for attribute, bounds in EXPECTED[name].items()
            if attribute in scores and not bounds.low <= scores[attribute] <= bounds.high
        }
        found.append(Probe(name, scores, wrong))
    return found


def _accompaniment(reference: Tensor, mixture: Tensor) -> Tensor:
    gain = (reference * mixture).sum() / reference.square().sum()
    return mixture - gain * reference


def _low_pass(reference: Tensor, mixture: Tensor) -> Tensor:
    """Cut at 3.5 kHz, as the low anchor of BS.1534-3 clause 5.1."""
    del mixture
    spectrum = torch.fft.rfft(reference)
    frequency = torch.fft.rfftfreq(reference.shape[-1], 1 / RATE)
    cut: Tensor = torch.fft.irfft(spectrum * (frequency < 3500), reference.shape[-1])
    return cut


def _gated(reference: Tensor, mixture: Tensor) -> Tensor:
    """Let every other 50 ms through."""
    del mixture
    return reference * (torch.arange(reference.shape[-1]) // int(0.05 * RATE) % 2)


def _holes(reference: Tensor, mixture: Tensor) -> Tensor:
    """Drop every other spectral line of every frame at random: musical noise."""
    del mixture
    window = torch.hann_window(2048)
    spectrum = torch.stft(reference, 2048, 512, window=window, return_complex=True)
    kept = torch.rand(spectrum.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    return torch.istft(spectrum * kept, 2048, 512, window=window, length=reference.shape[-1])


PROBES: Final[Mapping[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "reference": lambda reference, _: reference,
    "inverted": lambda reference, _: -reference,
    "quieter": lambda reference, _: 0.5 * reference,
    "silence": lambda reference, _: torch.zeros_like(reference),
    "mixture": lambda _, mixture: mixture,
    "accompaniment": _accompaniment,
    "low-pass": _low_pass,
    "gated": _gated,
    "holes": _holes,
}
"""Sounds made of a reference and its mixture."""
