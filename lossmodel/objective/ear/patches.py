"""What the estimate consists of in each 200 ms, and how much of that is heard: leak, artefact, and what got lost.

How a component stands out is asked twice: as the loudness it adds to what sounds beside it, and, after PEASS
(Emiya et al. 2011), as how unlike the estimate would be without it.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import torch
from torch import Tensor

from lossmodel.objective.ear.decomposition import Patches, Scene
from lossmodel.objective.ear.salience import (
    AUDIBLE_POWER_50_DB,
    CLEARLY_AUDIBLE_POWER_40_DB,
    POWER_FLOOR_60_DB,
    Average,
    l4_mean,
    loudness,
    mean,
    partial_loudness,
    short_term_dissimilarity,
)

LOW_BANDS, HIGH_BANDS = slice(None, 14), slice(26, None)
"""Bands under about 1 kHz and above about 4 kHz."""


def taken_apart(scene: Scene, any_phase: bool) -> Patches:
    """Return the patches, by waveform or also by what only follows the accompaniment."""
    return scene.patches_of_any_phase if any_phase else scene.patches


def leak(
    scene: Scene,
    bands: slice = slice(None),
    exponent: float = 0.25,
    average: Average = mean,
    *,
    any_phase: bool = False,
) -> Tensor:
    """Loudness that the leak adds to the reference, of the reference's."""
    p = taken_apart(scene, any_phase)
    return average(partial_loudness(p.leak, p.rr, exponent)[:, bands]) / (mean(loudness(p.rr, exponent)) + 1e-3)


def leak_beside(scene: Scene, *, any_phase: bool = False) -> Tensor:
    """Loudness that the leak adds to what is left of the target, of the estimate's."""
    p = taken_apart(scene, any_phase)
    return mean(partial_loudness(p.leak, p.target)) / _whole(p.ee)


def leak_on_target(scene: Scene, *, any_phase: bool = False) -> Tensor:
    """The same, of the reference's."""
    p = taken_apart(scene, any_phase)
    return mean(partial_loudness(p.leak, p.target)) / _whole(p.rr)


def leak_level(scene: Scene, average: Average = mean, *, any_phase: bool = False) -> Tensor:
    """Gain of the accompaniment, logarithmic from -26 dB, where the accompaniment is loud."""
    p = taken_apart(scene, any_phase)
    return average(torch.log1p(p.leak_gain / 0.05), loudness(p.aa)) / scene.audibility_weight


def leak_share(scene: Scene, *, any_phase: bool = False) -> Tensor:
    """Compressed leak, of the estimate's."""
    p = taken_apart(scene, any_phase)
    return mean(loudness(p.leak, 0.3, POWER_FLOOR_60_DB)) / (mean(loudness(p.ee, 0.3, POWER_FLOOR_60_DB)) + 1e-3)


def leak_ratio(scene: Scene, *, any_phase: bool = False) -> Tensor:
    """Leak over target, logarithmic from -20 dB, where the estimate is loud, dB."""
    p = taken_apart(scene, any_phase)
    return mean(10 * torch.log10(1 + 100 * p.leak / (p.target + CLEARLY_AUDIBLE_POWER_40_DB)), loudness(p.ee))


def leak_pattern(scene: Scene, *, worst: bool, any_phase: bool = False) -> Tensor:
    """How unlike the estimate is to itself without its leak."""
    p = taken_apart(scene, any_phase)
    return short_term_dissimilarity(p.target + p.artefact, p.ee)[int(worst)]


def artefact_pattern(scene: Scene) -> Tensor:
    """How unlike the estimate is to itself without its artefacts, at worst."""
    p = scene.patches
    return short_term_dissimilarity(p.target + p.leak, p.ee)[1]


def target_pattern(scene: Scene) -> Tensor:
    """How unlike the estimate is to itself with the whole of the reference in its target's place, at worst."""
    p = scene.patches
    return short_term_dissimilarity(p.rr + p.leak + p.artefact, p.ee)[1]


def lost(scene: Scene) -> Tensor:
    """Loudness of the reference that is gone beside the leak, of the reference's."""
    p = scene.patches
    gone = (loudness(p.rr + p.leak) - loudness(p.target + p.leak)).clamp_min(0)
    return mean(gone) / (mean(loudness(p.rr)) + 1e-3)


def absent(scene: Scene) -> Tensor:
    """How nearly nothing of the reference is left: 0 while a quarter of its loudness is there, at most 3."""
    return (-torch.log(4 * scene.reference_share + 0.05)).clamp_min(0)


def _whole(power: Tensor) -> Tensor:
    return mean((power + AUDIBLE_POWER_50_DB) ** 0.25)


LEAKS: Final[dict[str, Callable[..., Tensor]]] = {
    "leak": leak,
    "leak_low": partial(leak, bands=LOW_BANDS),
    "leak_high": partial(leak, bands=HIGH_BANDS),
    "leak_steep": partial(leak, exponent=0.35),
    "leak_beside": leak_beside,
    "leak_on_target": leak_on_target,
    "leak_level": leak_level,
    "leak_level_worst": partial(leak_level, average=l4_mean),
    "leak_worst": partial(leak, average=l4_mean),
    "leak_share": leak_share,
    "leak_ratio": leak_ratio,
    "leak_pattern": partial(leak_pattern, worst=False),
    "leak_pattern_worst": partial(leak_pattern, worst=True),
}
"""Leaks by name, of one phase or of any."""

FEATURES: Final[dict[str, Callable[[Scene], Tensor]]] = {
    **LEAKS,
    **{f"{name}_any": partial(measured, any_phase=True) for name, measured in LEAKS.items()},
    "artefact_pattern": artefact_pattern,
    "target_pattern": target_pattern,
    "lost": lost,
    "absent": absent,
}
"""Features by name; `_any`: whatever the phase of the leak."""
