"""What no separator that was rated does, and anybody hears: parts that are missing, and sounds that never stop.

They are next to 0 for whatever listening tests of separated voices contain, so ratings cannot say what they cost: the
recipe does (`FitRecipe.flaws`).
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

from lossmodel.objective.ear.decomposition import Scene
from lossmodel.objective.ear.frontend import PHRASE_FRAMES, POWER_EPSILON, smooth
from lossmodel.objective.ear.salience import level_db

PART_SAMPLES = 22_050
"""Samples of each channel that are missed as a part, 0.5 s."""

TOLERATED_LACK_DB, GONE_DB, TOLERATED_MEAN_DB = 20.0, 40.0, 3.0
"""Level under the rest from which a part is missed, at which it is gone, and what separators of any merit lack."""

SKIP_SECONDS = 0.05
"""Skip that is plainly heard."""

LOUD_PART_25_DB = 10**-2.5
"""Power of a part, of the loudest one's, under which it is not missed."""

STEADY_FLOOR_35_DB = 10**-3.5
"""Power of a steady sound that nobody minds."""

TOLERATED_STEADY_DB = 6.0
"""Level of a steady sound over what may be there that separators of any merit have in a band."""


def missing_parts(scene: Scene) -> Tensor:
    """Level that is missing in half a second of a channel, beyond a tolerance, on average over what is to be heard, dB.

    A gain over the excerpt does not count.
    """
    signals = scene.signals
    heard, true = (
        avg_pool1d(each.square(), PART_SAMPLES, PART_SAMPLES // 2) for each in (signals.estimate, signals.reference)
    )  # (batch, channels, parts)
    total, wanted = (each.sum((1, 2), keepdim=True).clamp_min(POWER_EPSILON) for each in (heard, true))
    loudest = true.amax((1, 2), keepdim=True) + POWER_EPSILON
    there = torch.sigmoid(10 * torch.log10(true / (loudest * LOUD_PART_25_DB) + 1e-6))
    floor = 1e-6 * loudest / wanted
    lack = 10 * torch.log10((true / wanted + floor) / (heard / total + floor))
    beyond = (lack - TOLERATED_LACK_DB).clamp(0, GONE_DB - TOLERATED_LACK_DB)
    return ((beyond * there).sum((1, 2)) / there.sum((1, 2)).clamp_min(1e-3) - TOLERATED_MEAN_DB).clamp_min(0)


def steady(scene: Scene) -> Tensor:
    """Level by which what never stops within two seconds stands out of what may be there, in the worst bands, dB."""
    loud, may = (
        1 / smooth(1 / (power.clamp_min(0) + STEADY_FLOOR_35_DB), PHRASE_FRAMES)
        for power in (scene.maps.ee, torch.maximum(scene.maps.rr, scene.phrase_remix))
    )
    over = (level_db(loud, 0.0) - level_db(may, 0.0) - TOLERATED_STEADY_DB).clamp_min(0)
    return over.mean(-1).square().mean(1).add(1e-8).sqrt() - 1e-4


def skips(scene: Scene) -> Tensor:
    """How plainly the estimate skips: 1 where it does, less for skips of some ms."""
    return (scene.signals.skipped / SKIP_SECONDS).clamp_max(1)


FEATURES: Final[dict[str, Callable[[Scene], Tensor]]] = {
    "missing_parts": missing_parts,
    "steady": steady,
    "skips": skips,
}
"""Features by name."""
