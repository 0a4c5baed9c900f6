"""How the estimate differs from the reference itself, and how its powers alone do, whatever its phase."""

from collections.abc import Callable
from functools import partial
from typing import Final

import torch
from torch import Tensor

from lossmodel.objective.ear.decomposition import Scene, compressed
from lossmodel.objective.ear.frontend import smooth
from lossmodel.objective.ear.remixes import BASS, TREBLE
from lossmodel.objective.ear.salience import (
    Average,
    deviation,
    l4_mean,
    level_db,
    loudness,
    mean,
    modulation,
    short_term_dissimilarity,
    smooth_abs,
)

MAX_LEVEL_DIFFERENCE_DB = 30.0


def excess_db(scene: Scene, bands: slice = slice(None)) -> Tensor:
    """Mean excess of level, at most 30 dB in a place."""
    return mean(_apart(scene).clamp(0, MAX_LEVEL_DIFFERENCE_DB)[:, bands]) / scene.audibility_weight


def lack_db(scene: Scene, bands: slice = slice(None)) -> Tensor:
    """Mean lack of level, at most 30 dB in a place."""
    return mean((-_apart(scene)).clamp(0, MAX_LEVEL_DIFFERENCE_DB)[:, bands])


def excess_audible(scene: Scene) -> Tensor:
    """Mean excess of level where the reference is heard, dB."""
    heard = torch.sigmoid((level_db(scene.maps.rr, 1e-7) + 50) / 2)
    return mean(_apart(scene).clamp(0, MAX_LEVEL_DIFFERENCE_DB), heard) / scene.audibility_weight


def excess(scene: Scene, average: Average = mean) -> Tensor:
    """Loudness beyond the reference's, of the reference's."""
    more = (loudness(scene.maps.ee) - loudness(scene.maps.rr)).clamp_min(0)
    return average(more) / (mean(loudness(scene.maps.rr)) + 1e-3) / scene.audibility_weight


def gaps(scene: Scene) -> Tensor:
    """Loudness that fills the reference's silences while the accompaniment plays, of both their loudness."""
    p = scene.patches
    silences = torch.sigmoid((-25 - level_db(p.rr, 1e-7)) / 3) * loudness(p.aa)
    filled = mean((loudness(p.ee) - loudness(p.rr)).clamp_min(0), silences)
    return filled / (mean(loudness(p.rr) + loudness(p.aa)) + 1e-3) / scene.audibility_weight


def pauses(scene: Scene) -> Tensor:
    """The same by whole frames: how loud the estimate is in the singer's pauses, logarithmic from -40 dB."""
    reference, estimate = scene.maps.rr.sum(1), scene.maps.ee.sum(1)
    usual = reference.mean(1, keepdim=True) + 1e-6
    pause = torch.sigmoid((-25 - 10 * torch.log10(reference / usual + 1e-6)) / 2)
    more = ((estimate - reference).clamp_min(0) * pause).sum(1) / (pause.sum(1) + 1)
    return 10 * torch.log10(1 + 1e4 * more / usual[:, 0])


def distribution(scene: Scene) -> Tensor:
    """Standard deviation of the level difference where the reference is heard, dB."""
    return deviation(_apart(scene), loudness(scene.maps.rr, 0.3))


def pattern(scene: Scene, *, worst: bool) -> Tensor:
    """How unlike the patterns of loudness are in 100 ms (PEMO-Q's PSM; Huber & Kollmeier 2006)."""
    return short_term_dissimilarity(scene.maps.rr, scene.maps.ee)[int(worst)]


def texture(scene: Scene) -> Tensor:
    """How unlike the spectrograms are in level and contrast in each 3 x 3 neighbourhood (NSIM; Hines et al. 2015)."""
    x, y = (level_db(power) / 50 + 1 for power in (scene.maps.rr, scene.maps.ee))
    mx, my, xx, yy, xy = (
        torch.nn.functional.avg_pool2d(each[:, None], 3, 1)[:, 0] for each in (x, y, x * x, y * y, x * y)
    )
    contrast = ((xx - mx**2).clamp_min(0) + 1e-3) * ((yy - my**2).clamp_min(0) + 1e-3)
    alike = (2 * mx * my + 0.01) / (mx**2 + my**2 + 0.01) * (xy - mx * my + 1e-3) / contrast.sqrt()
    return (1 - mean(alike)).clamp_min(0)


def modulated(scene: Scene, sign: float) -> Tensor:
    """Modulation of 1.3 to 4 Hz that the estimate has too much (sign 1) or too little (-1) of, relative."""
    (x, middle), (e, _) = (modulation(power, 32, slice(1, 4)) for power in (scene.maps.rr, scene.maps.ee))
    return mean((sign * (e - x)).clamp_min(0) / (middle + 0.3 * mean(middle)[:, None, None]))


def remodulated(scene: Scene) -> Tensor:
    """The same of either sign, against the closest remix."""
    (x, middle), (e, _) = (modulation(power, 32, slice(1, 4)) for power in (scene.remix, scene.maps.ee))
    return mean(smooth_abs(e - x, 1e-3) / (middle + 0.3 * mean(middle)[:, None, None]))


def blind_leak(scene: Scene) -> Tensor:
    """Loudness of the accompaniment in the estimate whatever its phase, of the reference's."""
    return mean(scene.blind[1] * compressed(scene.maps.aa)) / mean(compressed(scene.maps.rr))


def blind_level(scene: Scene, average: Average = mean) -> Tensor:
    """Share of the accompaniment whatever its phase, logarithmic, where the accompaniment is loud."""
    return average(torch.log1p(scene.blind[1] / 0.1), loudness(scene.maps.aa)) / scene.audibility_weight


def blind_lack(scene: Scene) -> Tensor:
    """Loudness that is less than its shares of reference and accompaniment explain, of the reference's."""
    r, a, e = (compressed(power) for power in (scene.maps.rr, scene.maps.aa, scene.maps.ee))
    share_r, share_a = scene.blind
    return mean((share_r * r + share_a * a - e).clamp_min(0)) / mean(r)


def blind_change(scene: Scene) -> Tensor:
    """How far the share of the reference is from 1 over a second."""
    r, e = compressed(scene.maps.rr), compressed(scene.maps.ee)
    share = smooth(r * e, 43) / (smooth(r * r, 43) + 1e-9)
    return mean(smooth_abs(share - 1, 0.01), r)


def distance(scene: Scene) -> Tensor:
    """Difference in loudness over all bands and frames, 0 to 1."""
    x, y = loudness(scene.maps.rr), loudness(scene.maps.ee)
    return mean((x - y).abs()) / (mean(x + y) + 1e-6)


def _apart(scene: Scene) -> Tensor:
    return level_db(scene.maps.ee) - level_db(scene.maps.rr)


FEATURES: Final[dict[str, Callable[[Scene], Tensor]]] = {
    "excess_db": excess_db,
    "excess_db_low": partial(excess_db, bands=BASS),
    "excess_audible": excess_audible,
    "lack_db": lack_db,
    "lack_db_high": partial(lack_db, bands=TREBLE),
    "excess": excess,
    "excess_worst": partial(excess, average=l4_mean),
    "gaps": gaps,
    "pauses": pauses,
    "distribution": distribution,
    "likeness": partial(pattern, worst=False),
    "likeness_worst": partial(pattern, worst=True),
    "texture": texture,
    "modulation_added": partial(modulated, sign=1.0),
    "remodulated": remodulated,
    "blind_leak": blind_leak,
    "blind_level": blind_level,
    "blind_level_worst": partial(blind_level, average=l4_mean),
    "blind_lack": blind_lack,
    "blind_change": blind_change,
    "distance": distance,
}
"""Features by name."""
