"""Sounds in memory as the metrics take them."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from lossmodel.errors import BadInput
from lossmodel.metrics.excerpt import MAX_CHANNELS, MIN_RATE_HZ, MIN_SAMPLES, Excerpt

Samples = NDArray[np.floating]


def excerpt(estimate: Samples, reference: Samples, accompaniment: Samples | None, rate: int) -> Excerpt:
    """Return what the metrics measure; `BadInput` for arrays that do not fit together or cannot be measured.

    Shape: (frames,) or (channels, frames) each.
    """
    given = {"estimate": estimate, "reference": reference, "accompaniment": accompaniment}
    sounds = {name: np.atleast_2d(np.asarray(each, np.float32)) for name, each in given.items() if each is not None}
    for name, sound in sounds.items():
        _check(name, sound, sounds["reference"].shape)
    if rate < MIN_RATE_HZ:
        raise BadInput(f"rate: {rate} Hz, at least {MIN_RATE_HZ} Hz are needed")
    estimated, *sources = sounds.values()
    return Excerpt(torch.from_numpy(estimated), torch.from_numpy(np.stack(sources))[None], rate)


def _check(name: str, sound: NDArray[np.float32], wanted: Sequence[int]) -> None:
    if sound.shape != wanted:
        raise BadInput(f"{name}: of shape {sound.shape}, the reference of {tuple(wanted)}; make them equal")
    if sound.ndim != 2 or sound.shape[0] > MAX_CHANNELS or sound.shape[1] < MIN_SAMPLES:
        raise BadInput(
            f"{name}: of shape {sound.shape}; give (frames,) or (channels, frames), mono or stereo, at least"
            f" {MIN_SAMPLES} frames"
        )
    if not np.isfinite(sound).all():
        raise BadInput(f"{name}: has NaN or infinite values")
