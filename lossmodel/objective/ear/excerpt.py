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


@dataclass(frozen=True)
class Excerpt:
    """Estimate (1, channels, time), references (1, references, channels, time), mixture (1, channels, time) if any."""

    estimate: Tensor
    references: Tensor
    mixture: Tensor | None


def read(pair: Pair) -> Excerpt:
    """Read the files of `pair` at 44.1 kHz; a missing mixture is the first reference plus the accompaniment, if any.

    Mono files beside stereo ones are doubled. `BadInput` when lengths differ by more than
    `MAX_LENGTH_DIFFERENCE_SECONDS` or are shorter than can be judged, and when every reference is silent.
    """
    other = pair.mixture or pair.accompaniment
    paths = (pair.estimate, *pair.references, *filter(None, (other,)))
    fitted = _fitted(pair, {path: audio.read(path, rate=RATE) for path in paths}, paths)
    estimate, references, further = fitted[0], fitted[1 : 1 + len(pair.references)], fitted[1 + len(pair.references) :]
    if not any(each.any() for each in references):
        raise BadInput(f"{pair.references[0]}: silent; there is no voice to compare with, leave the row out")
    mixture = further[0][None] if further else None
    if mixture is not None and pair.mixture is None:
        mixture = mixture + references[0]
    return Excerpt(estimate[None], torch.stack(references)[None], mixture)


def _fitted(pair: Pair, read: dict[Path, audio.Audio], paths: tuple[Path, ...]) -> list[Tensor]:
    lengths = {path: each.frames for path, each in read.items()}
    shortest, longest = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
    if lengths[longest] - lengths[shortest] > MAX_LENGTH_DIFFERENCE_SECONDS * RATE:
        seconds = f"{lengths[longest] / RATE:.2f} s, {shortest} {lengths[shortest] / RATE:.2f} s"
        raise BadInput(f"{pair}: {longest} is {seconds}; cut them to the same excerpt")
    if lengths[shortest] < MIN_SECONDS * RATE:
        raise BadInput(f"{shortest}: {lengths[shortest] / RATE:.2f} s long, at least {MIN_SECONDS:g} s are needed")
    channels = 1 if all(each.channels == 1 for each in read.values()) else 2
    shaped = {path: audio.with_channels(each, channels).samples for path, each in read.items()}
    return [torch.from_numpy(np.ascontiguousarray(shaped[path][:, : lengths[shortest]])) for path in paths]
