"""A row of the manifest as tensors: read, at one rate, with as many channels and as long as each other."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.objective.ear.frontend import MIN_SECONDS, RATE

MAX_LENGTH_DIFFERENCE_SECONDS = 0.05
"""Largest difference in length that is taken for rounding, in seconds; the longer files lose their end."""


MAX_DELAY_SECONDS = 0.1
"""Largest constant delay of an estimate that is made good, in seconds; alone, nobody hears it."""

MIN_CORRELATION_RATIO = 1.1
"""How much more alike the delayed signals must be before a delay is believed."""


@dataclass(frozen=True)
class Excerpt:
    """Estimate (1, channels, time), references (1, references, channels, time), mixture (1, channels, time)."""

    estimate: Tensor
    references: Tensor
    mixture: Tensor


def read(pair: Pair) -> Excerpt:
    """Read the files of `pair` at 44.1 kHz; a missing mixture is the first reference plus the accompaniment.

    Mono files beside stereo ones are doubled, and an estimate that is late or early by up to `DELAY` as a whole is
    moved to where the first reference is: some separators delay by a window. `BadInput` when there is neither mixture
    nor accompaniment, or when lengths differ by more than `MISALIGNED`, or are shorter than can be judged.
    """
    other = pair.mixture or pair.accompaniment
    if other is None:
        raise BadInput(f"{_name(pair)}: neither mixture nor accompaniment; the objective needs one of them")
    paths = (pair.estimate, *pair.references, other)
    estimate, *references, mixture = _fitted(pair, {path: audio.read(path, rate=RATE) for path in paths}, paths)
    if pair.mixture is None:
        mixture = mixture + references[0]
    return Excerpt(_aligned(estimate, references[0])[None], torch.stack(references)[None], mixture[None])


def _fitted(pair: Pair, read: dict[Path, audio.Audio], paths: tuple[Path, ...]) -> list[Tensor]:
    lengths = {path: each.frames for path, each in read.items()}
    shortest, longest = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
    if lengths[longest] - lengths[shortest] > MAX_LENGTH_DIFFERENCE_SECONDS * RATE:
        seconds = f"{lengths[longest] / RATE:.2f} s, {shortest} {lengths[shortest] / RATE:.2f} s"
        raise BadInput(f"{_name(pair)}: {longest} is {seconds}; cut them to the same excerpt")
    if lengths[shortest] < MIN_SECONDS * RATE:
        raise BadInput(f"{shortest}: {lengths[shortest] / RATE:.2f} s long, at least {MIN_SECONDS:g} s are needed")
    channels = 1 if all(each.channels == 1 for each in read.values()) else 2
    shaped = {path: audio.with_channels(each, channels).samples for path, each in read.items()}
    return [torch.from_numpy(np.ascontiguousarray(shaped[path][:, : lengths[shortest]])) for path in paths]


def _aligned(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return the estimate without its constant delay: the lag of the largest cross-correlation, of either sign."""
    most, time = int(MAX_DELAY_SECONDS * RATE), estimate.shape[-1]
    size = 1 << (time + most).bit_length()
    spectra = [torch.fft.rfft(signal.mean(0), size) for signal in (estimate, reference)]
    likeness = torch.fft.irfft(spectra[0] * spectra[1].conj(), size).abs()
    likeness = torch.cat([likeness[-most:], likeness[: most + 1]])
    lag = int(likeness.argmax()) - most
    if likeness.max() < MIN_CORRELATION_RATIO * likeness[most]:
        return estimate
    moved = torch.zeros_like(estimate)
    moved[:, max(-lag, 0) : time - max(lag, 0)] = estimate[:, max(lag, 0) : time - max(-lag, 0)]
    return moved


def _name(pair: Pair) -> str:
    return f"item {pair.item!r}, condition {pair.condition!r}"
