"""The audio of one manifest row as tensors: checked, with the accompaniment that the measures need."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair

SHORTEST = 2048
"""Samples: shorter audio fills no window, and less than four of the 512-tap filters of BSS Eval."""


@dataclass(frozen=True)
class Excerpt:
    """Tensors of one shape, (channels, time), at `rate` Hz; references (references, channels, time).

    `others` (references, channels, time) is, for each reference, what else the mixture holds; None where neither
    mixture nor accompaniment is known.
    """

    estimate: Tensor
    references: Tensor
    others: Tensor | None
    rate: int


def load(pair: Pair) -> Excerpt:
    """Read the files of a pair; `BadInput` names the file that is silent, too short or unlike the first reference."""
    first = audio.read(pair.references[0])
    references = torch.stack([_read(path, like=first, to=pair.references[0]) for path in pair.references])
    estimate = _read(pair.estimate, like=first, to=pair.references[0])
    return Excerpt(estimate, references, _others(pair, first, references), first.rate)


def accompaniment(mixture: Tensor, reference: Tensor) -> Tensor:
    """Return what the mixture holds besides the reference, at the reference's level.

    With g = ⟨r, m⟩ / ⟨r, r⟩, the gain of the reference in the mixture, it is (m - g·r) / g; m - r where g ≤ 0.
    Shape: (..., channels, time) twice; one gain for all channels.
    """
    energy = reference.square().sum((-1, -2), keepdim=True).clamp(min=torch.finfo(reference.dtype).tiny)
    gain = (reference * mixture).sum((-1, -2), keepdim=True) / energy
    gain = torch.where(gain > 0, gain, torch.ones_like(gain))
    return mixture / gain - reference


def _others(pair: Pair, first: audio.Audio, references: Tensor) -> Tensor | None:
    if pair.accompaniment is not None:
        known = _read(pair.accompaniment, like=first, to=pair.references[0], silent=True)
        return known.expand_as(references)
    if pair.mixture is not None:
        return accompaniment(_read(pair.mixture, like=first, to=pair.references[0]), references)
    return None


def _read(path: Path, *, like: audio.Audio, to: Path, silent: bool = False) -> Tensor:
    """Return the samples of a file that has rate, channels and length of `like`, read from `to`."""
    found = audio.read(path)
    for what, has, wanted in (
        ("Hz", found.rate, like.rate),
        ("channels", found.channels, like.channels),
        ("samples long", found.frames, like.frames),
    ):
        if has != wanted:
            raise BadInput(f"{path}: {has} {what}, but {to} has {wanted}; make them alike")
    if found.frames < SHORTEST:
        raise BadInput(f"{path}: {found.frames} samples long, at least {SHORTEST} are needed")
    if not silent:
        audio.check(found, str(path))
    return torch.from_numpy(found.samples).to(torch.float64)
