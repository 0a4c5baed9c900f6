"""The audio of one manifest row as tensors: checked, with the accompaniment that the measures need."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.metrics.decibels import ENERGY_FLOOR, energy, inner

MIN_SAMPLES = 2048
"""Samples: shorter audio fills no window, and less than four of the 512-tap filters of BSS Eval."""

MIN_RATE_HZ = 4000
"""Hz: below, hardly anything of a voice is left, and models of hearing have no bands."""

MAX_CHANNELS = 2

FULL_SCALE = 1 - 2**-15
MIN_CLIPPED_SAMPLES = 3
"""Samples in a row at `FULL_SCALE` that are called clipped: a peak that was normalised reaches it once."""


@dataclass(frozen=True)
class RequiredFormat:
    """What the first reference is like, and so every other file must be."""

    path: Path
    rate: int
    channels: int
    frames: int


@dataclass(frozen=True)
class Excerpt:
    """Tensors of one shape, (channels, time), float32 as read, at `rate` Hz.

    `sources` (references, sources, channels, time) are, for each reference, itself and, where mixture or accompaniment
    is known, what else the mixture holds: one tensor, since a song is hundreds of megabytes. `remarks` are about audio
    that can be measured but may not be as it was meant.
    """

    estimate: Tensor
    sources: Tensor
    rate: int
    remarks: tuple[str, ...] = ()

    @property
    def references(self) -> Tensor:
        """Return the references: (references, channels, time)."""
        return self.sources[:, 0]

    @property
    def others(self) -> Tensor | None:
        """Return what else the mixture holds, for each reference; None where that is not known."""
        return self.sources[:, 1] if self.sources.shape[1] > 1 else None


def load(pair: Pair) -> Excerpt:
    """Read the files of a pair; `BadInput` names the file that is too short or unlike the first reference.

    So it does for one that is cut off, for a rate below `MIN_RATE_HZ`, more than two channels, and a silent reference
    or mixture. A silent estimate, which separators do make, is measured anyway, with a remark.
    """
    first = whole(pair.references[0])
    like = RequiredFormat(pair.references[0], first.rate, first.channels, first.frames)
    count = 1 if pair.accompaniment is None and pair.mixture is None else 2
    sources = torch.empty(len(pair.references), count, first.channels, first.frames)
    sources[0, 0] = _samples(first, like.path)
    del first
    for at, path in enumerate(pair.references[1:], start=1):
        sources[at, 0] = _read(path, like)
    estimate = _read(pair.estimate, like, silent=True)
    if pair.accompaniment is not None:
        sources[:, 1] = _read(pair.accompaniment, like, silent=True)
    elif pair.mixture is not None:
        sources[:, 1] = _read(pair.mixture, like)
        _without_reference(sources[:, 1], sources[:, 0])
    return Excerpt(estimate, sources, like.rate, _remarks(pair.estimate, estimate))


def accompaniment(mixture: Tensor, reference: Tensor) -> Tensor:
    """Return what the mixture holds besides the reference, at the reference's level.

    With g = ⟨r, m⟩ / ⟨r, r⟩, the gain of the reference in the mixture, it is (m - g·r) / g; m - r where g ≤ 0.
    Shape: mixture (channels, time), reference (references, channels, time); one gain for all channels.
    """
    return _without_reference(mixture.expand_as(reference).clone(), reference)


def _without_reference(mixed: Tensor, reference: Tensor) -> Tensor:
    """Make of each mixture, in place, the accompaniment of its reference: (references, channels, time) twice."""
    gain = inner(reference, mixed) / energy(reference).clamp(min=ENERGY_FLOOR)
    gain = torch.where(gain > 0, gain, torch.ones_like(gain))[:, None, None].to(reference.dtype)
    return mixed.div_(gain).sub_(reference)


def _read(path: Path, like: RequiredFormat, *, silent: bool = False) -> Tensor:
    """Return the samples of a file that has rate, channels and length of the first reference."""
    found = whole(path)
    for what, has, wanted in (
        ("Hz", found.rate, like.rate),
        ("channels", found.channels, like.channels),
        ("samples long", found.frames, like.frames),
    ):
        if has != wanted:
            raise BadInput(f"{path}: {has} {what}, but {like.path} has {wanted}; make them equal")
    return _samples(found, path, silent=silent)


def whole(path: Path) -> audio.Audio:
    """Return the sound of a file that holds as much as its header promises."""
    found = audio.read(path)
    container = path.suffix.lower() in audio.CONTAINERS
    promised = 0 if container else audio.promised_frames(path, found.frames, found.channels)
    if promised:
        raise BadInput(f"{path}: cut off, {found.frames} of {promised} samples exist; copy or render it again")
    return found


def _samples(found: audio.Audio, path: Path, *, silent: bool = False) -> Tensor:
    if found.frames < MIN_SAMPLES:
        raise BadInput(f"{path}: {found.frames} samples long, at least {MIN_SAMPLES} are needed")
    if found.rate < MIN_RATE_HZ:
        raise BadInput(f"{path}: {found.rate} Hz, at least {MIN_RATE_HZ} Hz are needed")
    if found.channels > MAX_CHANNELS:
        raise BadInput(f"{path}: {found.channels} channels; mono or stereo is needed")
    if not silent:
        audio.check(found, str(path))
    return torch.from_numpy(found.samples)


def _remarks(path: Path, estimate: Tensor) -> tuple[str, ...]:
    """Return what may be wrong with an estimate, a line each."""
    found = {"silent": float(estimate.abs().max()) < audio.SILENT_PEAK_80_DBFS, "clipped": _is_clipped(estimate)}
    return tuple(f"{path}: {what}; measured anyway" for what, is_so in found.items() if is_so)


def _is_clipped(samples: Tensor) -> bool:
    """Return whether `MIN_CLIPPED_SAMPLES` samples in a row lie at full scale or beyond."""
    full = samples.abs() >= FULL_SCALE
    return bool(full.any()) and bool(full.unfold(-1, MIN_CLIPPED_SAMPLES, 1).all(-1).any())
