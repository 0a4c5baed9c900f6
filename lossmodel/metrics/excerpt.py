"""The audio of one manifest row as tensors: checked, with the accompaniment that the measures need."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.metrics.decibels import TINY, energy, inner

SHORTEST = 2048
"""Samples: shorter audio fills no window, and less than four of the 512-tap filters of BSS Eval."""

FULL_SCALE = 1 - 2**-15
CLIPPED = 3
"""Samples in a row at `FULL_SCALE` that are called clipped: a peak that was normalised reaches it once."""


@dataclass(frozen=True)
class Like:
    """What the first reference is like, and so every other file must be."""

    path: Path
    rate: int
    channels: int
    frames: int


@dataclass(frozen=True)
class Excerpt:
    """Tensors of one shape, (channels, time), float32 as read, at `rate` Hz; references (references, channels, time).

    `others` (references, channels, time) is, for each reference, what else the mixture holds; None where neither
    mixture nor accompaniment is known. `remarks` are about audio that can be measured but may not be as it was meant.
    """

    estimate: Tensor
    references: Tensor
    others: Tensor | None
    rate: int
    remarks: tuple[str, ...] = ()


def load(pair: Pair) -> Excerpt:
    """Read the files of a pair; `BadInput` names the file that is silent, too short or unlike the first reference."""
    first = audio.read(pair.references[0])
    like = Like(pair.references[0], first.rate, first.channels, first.frames)
    references = torch.stack([_samples(first, like.path), *(_read(path, like) for path in pair.references[1:])])
    del first  # a song is hundreds of megabytes
    estimate = _read(pair.estimate, like)
    clipped = () if not _is_clipped(estimate) else (f"{pair.estimate}: clipped; measured as it is",)
    return Excerpt(estimate, references, _others(pair, like, references), like.rate, clipped)


def accompaniment(mixture: Tensor, reference: Tensor) -> Tensor:
    """Return what the mixture holds besides the reference, at the reference's level.

    With g = ⟨r, m⟩ / ⟨r, r⟩, the gain of the reference in the mixture, it is (m - g·r) / g; m - r where g ≤ 0.
    Shape: mixture (channels, time), reference (references, channels, time); one gain for all channels.
    """
    mixed = mixture.expand_as(reference)
    gain = inner(reference, mixed) / energy(reference).clamp(min=TINY)
    gain = torch.where(gain > 0, gain, torch.ones_like(gain))[:, None, None].to(reference.dtype)
    return (mixed / gain).sub_(reference)


def _others(pair: Pair, like: Like, references: Tensor) -> Tensor | None:
    if pair.accompaniment is not None:
        return _read(pair.accompaniment, like, silent=True).expand_as(references)
    if pair.mixture is not None:
        return accompaniment(_read(pair.mixture, like), references)
    return None


def _read(path: Path, like: Like, *, silent: bool = False) -> Tensor:
    """Return the samples of a file that has rate, channels and length of the first reference."""
    found = audio.read(path)
    for what, has, wanted in (
        ("Hz", found.rate, like.rate),
        ("channels", found.channels, like.channels),
        ("samples long", found.frames, like.frames),
    ):
        if has != wanted:
            raise BadInput(f"{path}: {has} {what}, but {like.path} has {wanted}; make them alike")
    return _samples(found, path, silent=silent)


def _samples(found: audio.Audio, path: Path, *, silent: bool = False) -> Tensor:
    if found.frames < SHORTEST:
        raise BadInput(f"{path}: {found.frames} samples long, at least {SHORTEST} are needed")
    if not silent:
        audio.check(found, str(path))
    return torch.from_numpy(found.samples)


def _is_clipped(samples: Tensor) -> bool:
    """Return whether `CLIPPED` samples in a row lie at full scale or beyond."""
    full = samples.abs() >= FULL_SCALE
    return bool(full.any()) and bool(full.unfold(-1, CLIPPED, 1).all(-1).any())
