"""How far the estimate is from the reference whatever its waveform: levels that are apart when moments are averaged.

A sound that was made anew has neither the phases nor the fine texture of its reference, and nobody misses them. What is
heard is what stays when powers are averaged over some tenths of a second: colour, loudness, what fills a pause, what
the highest bands have lost. So levels are compared after averaging, down to 60 or 70 dB under the loud bands.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from torch import Tensor
from torch.nn.functional import avg_pool1d

from lossmodel.objective.ear.decomposition import Scene
from lossmodel.objective.ear.frontend import RATE
from lossmodel.objective.ear.salience import POWER_FLOOR_60_DB, Average, l4_mean, level_db, mean

POWER_FLOOR_70_DB = 1e-7
SHORT, LONG = 1024, 4096
"""Windows in samples, 23 and 93 ms."""


def levels_apart(
    scene: Scene, window: int, seconds: float, floor: float, *, mels: int = 1, average: Average = mean
) -> Tensor:
    """Mean difference of level, dB, when powers are averaged over `seconds` and `mels` neighbouring bands."""
    frames = int(seconds * RATE / (window // 2)) | 1
    heard, true = (level_db(_averaged(power, frames, mels), floor) for power in scene.signals.powers(window))
    return average((heard - true).abs())


def _averaged(power: Tensor, frames: int, mels: int) -> Tensor:
    """Return (batch, mels, frames) averaged over so many neighbours, an odd number; at the ends over what there is."""
    for size in (frames, mels):
        power = avg_pool1d(power, size, 1, size // 2, count_include_pad=False).transpose(1, 2)
    return power


FEATURES: Final[dict[str, Callable[[Scene], Tensor]]] = {
    "levels_quick": partial(levels_apart, window=SHORT, seconds=0.2, floor=POWER_FLOOR_60_DB),
    "levels_slow": partial(levels_apart, window=LONG, seconds=0.2, floor=POWER_FLOOR_60_DB),
    "levels_coarse": partial(levels_apart, window=LONG, seconds=0.4, floor=POWER_FLOOR_70_DB, mels=5),
    "levels_worst": partial(levels_apart, window=LONG, seconds=0.2, floor=POWER_FLOOR_70_DB, average=l4_mean),
}
"""Features by name; none needs an accompaniment."""
