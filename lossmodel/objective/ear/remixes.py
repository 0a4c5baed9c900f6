"""How the estimate differs from the remix that it is closest to: what sound quality is judged by.

Listeners give a mixture the quality of the reference, so accompaniment at a steady gain is no damage; what wobbles,
what is missing and what is added beside the remix is. `phrase` features let the gain change within two seconds, the
others keep it for the excerpt.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import torch
from torch import Tensor

from lossmodel.objective.ear.decomposition import Scene
from lossmodel.objective.ear.salience import (
    AUDIBLE_POWER_50_DB,
    CLEARLY_AUDIBLE_POWER_40_DB,
    POWER_FLOOR_60_DB,
    deviation,
    envelope_dissimilarity,
    l4_mean,
    level_db,
    loudness,
    mean,
    root,
    smooth_abs,
)

TREBLE, BASS = slice(26, None), slice(None, 13)
"""Bands above about 4 kHz and under about 900 Hz."""

SIGMOID_OF_MINUS_5 = 0.0066928509
"""Sigmoid of -5."""

TOLERATED_LOST_BANDS_SHARE = 0.2
"""Share of bands that separators of any merit take away."""

BURST_POWER_RATIO_4_DB = 2.5
"""Power over the remix's (4 dB) from which something that comes and goes at once stands out."""

BURST_WINDOW_FRAMES = 9
"""Frames, 210 ms, whose quietest moment a burst is measured from."""

TOLERATED_BURST_LOUDNESS = 0.005
"""Bursts that separators of any merit have."""

MAX_LEVEL_DIFFERENCE_DB = 20.0
"""Level difference beyond which nothing more is heard to be missing or added."""

HOLE_DB = 10.0
"""Level that has to be missing for a hole; of twice as much nothing is left in it."""


def remix(scene: Scene, *, phrase: bool) -> Tensor:
    """Return the power of the closest remix, (batch, bands, frames)."""
    return scene.phrase_remix if phrase else scene.remix


def wobble(scene: Scene, *, phrase: bool, floor: float = AUDIBLE_POWER_50_DB) -> Tensor:
    """Standard deviation of the level difference over bands and time, dB."""
    x, d = _difference(scene, phrase, floor)
    return deviation(d, loudness(x, 0.3, floor))


def flux(scene: Scene, *, phrase: bool, floor: float = AUDIBLE_POWER_50_DB, lag: int = 4) -> Tensor:
    """How unsteadily the estimate follows: mean change of the level difference over `lag` frames, dB."""
    x, d = _difference(scene, phrase, floor)
    return mean(
        smooth_abs(d[..., lag:] - d[..., :-lag]).clamp_max(MAX_LEVEL_DIFFERENCE_DB), loudness(x, 0.3, floor)[..., lag:]
    )


def lost(scene: Scene, bands: slice, *, phrase: bool) -> Tensor:
    """Level that is missing in some bands, dB."""
    x, d = _difference(scene, phrase, AUDIBLE_POWER_50_DB)
    return mean((-d).clamp(0, MAX_LEVEL_DIFFERENCE_DB)[:, bands], loudness(x, 0.3)[:, bands])


def added(scene: Scene, bands: slice, *, phrase: bool) -> Tensor:
    """Level that is too much in some bands, dB."""
    x, d = _difference(scene, phrase, AUDIBLE_POWER_50_DB)
    return mean(d.clamp(0, MAX_LEVEL_DIFFERENCE_DB)[:, bands], loudness(x, 0.3)[:, bands]) / scene.audibility_weight


def holes(scene: Scene) -> Tensor:
    """Level that is missing beyond what makes a hole, dB."""
    x, d = _difference(scene, phrase=True, floor=AUDIBLE_POWER_50_DB)
    return mean((-d - HOLE_DB).clamp(0, HOLE_DB), loudness(x, 0.3))


def worst_moments(scene: Scene) -> Tensor:
    """Level difference of either sign over all bands, dB, at the worst moments."""
    x, d = _difference(scene, phrase=True, floor=AUDIBLE_POWER_50_DB)
    return l4_mean(smooth_abs(d).clamp_max(MAX_LEVEL_DIFFERENCE_DB), loudness(x, 0.3))


def coloured(scene: Scene, bands: slice, *, phrase: bool) -> Tensor:
    """Level difference of either sign in some bands, of what is plainly heard, dB."""
    x, d = _difference(scene, phrase, CLEARLY_AUDIBLE_POWER_40_DB)
    return mean(smooth_abs(d)[:, bands], loudness(x, 0.3, CLEARLY_AUDIBLE_POWER_40_DB)[:, bands])


def onsets(scene: Scene, sign: float, *, phrase: bool) -> Tensor:
    """Change of loudness from frame to frame that is too much (sign 1) or too little (-1), of the remix's loudness."""
    x = loudness(remix(scene, phrase=phrase), floor=CLEARLY_AUDIBLE_POWER_40_DB)
    e = loudness(scene.maps.ee, floor=CLEARLY_AUDIBLE_POWER_40_DB)
    change = (e[..., 1:] - e[..., :-1]) - (x[..., 1:] - x[..., :-1])
    return mean((sign * change).clamp_min(0)) / (mean(x) + 1e-3)


def missing(scene: Scene, *, phrase: bool) -> Tensor:
    """Root mean square of the loudness that is missing, of the remix's loudness."""
    x = loudness(remix(scene, phrase=phrase), floor=CLEARLY_AUDIBLE_POWER_40_DB)
    lack = (x - loudness(scene.maps.ee, floor=CLEARLY_AUDIBLE_POWER_40_DB)).clamp_min(0)
    return root(mean(lack.square())) / (mean(x) + 1e-3)


def bands_lost(scene: Scene) -> Tensor:
    """Share of the bands, beyond a fifth, that are gone for good: 10 dB and more under the remix throughout.

    A band counts as far as its peaks are heard: sibilants are rare, and missed at once.
    """
    x, e = (power.square().mean(-1).clamp_min(1e-16).sqrt() for power in (scene.remix, scene.maps.ee))
    audible = ((level_db(x, 1e-7) + 55) / 10).clamp(0, 1)
    gone = (level_db(x, POWER_FLOOR_60_DB) - level_db(e, POWER_FLOOR_60_DB)).clamp_min(0)
    return (mean(torch.sigmoid(gone / 2 - 5) - SIGMOID_OF_MINUS_5, audible) - TOLERATED_LOST_BANDS_SHARE).clamp_min(0)


def bursts(scene: Scene) -> Tensor:
    """Loudness of clicks, of the remix's: what stands out for a moment, both from 2 to 5 kHz and above."""
    x = scene.phrase_remix
    out = (
        loudness(scene.maps.ee, floor=CLEARLY_AUDIBLE_POWER_40_DB)
        - loudness(BURST_POWER_RATIO_4_DB * x, floor=CLEARLY_AUDIBLE_POWER_40_DB)
    ).clamp_min(0)
    both = torch.stack([out[:, 20:30].mean(1), out[:, 30:].mean(1)], dim=1)
    quietest = -torch.nn.functional.max_pool1d(-both, BURST_WINDOW_FRAMES, 1, BURST_WINDOW_FRAMES // 2)
    at_once = (both - quietest).amin(1)
    return (
        at_once.mean(1) / (mean(loudness(x, floor=CLEARLY_AUDIBLE_POWER_40_DB)) + 1e-3) - TOLERATED_BURST_LOUDNESS
    ).clamp_min(0) / scene.audibility_weight


def pattern(
    scene: Scene, *, phrase: bool, frames: int = 21, floor: float = CLEARLY_AUDIBLE_POWER_40_DB, softly: float = 0.0
) -> Tensor:
    """How unlike the patterns of loudness over bands and time are in their worst half seconds."""
    x, e = ((power.clamp_min(0) + floor) ** 0.25 for power in (remix(scene, phrase=phrase), scene.maps.ee))
    return envelope_dissimilarity(x, e, frames, softly=softly)[1]


def _difference(scene: Scene, phrase: bool, floor: float) -> tuple[Tensor, Tensor]:
    """Return the remix and how much louder than it the estimate is, dB."""
    x = remix(scene, phrase=phrase)
    return x, level_db(scene.maps.ee, floor) - level_db(x, floor)


FEATURES: Final[dict[str, Callable[[Scene], Tensor]]] = {
    "wobble": partial(wobble, phrase=True),
    "wobble_whole": partial(wobble, phrase=False, floor=CLEARLY_AUDIBLE_POWER_40_DB),
    "flux": partial(flux, phrase=True),
    "flicker": partial(flux, phrase=True, lag=1),
    "flux_plain": partial(flux, phrase=True, floor=CLEARLY_AUDIBLE_POWER_40_DB),
    "treble_lost": partial(lost, bands=TREBLE, phrase=True),
    "treble_lost_whole": partial(lost, bands=TREBLE, phrase=False),
    "treble_coloured": partial(coloured, bands=TREBLE, phrase=False),
    "bass_added": partial(added, bands=BASS, phrase=True),
    "bass_added_whole": partial(added, bands=BASS, phrase=False),
    "onsets_added": partial(onsets, sign=1.0, phrase=True),
    "onsets_lost": partial(onsets, sign=-1.0, phrase=True),
    "onsets_added_whole": partial(onsets, sign=1.0, phrase=False),
    "onsets_lost_whole": partial(onsets, sign=-1.0, phrase=False),
    "missing_whole": partial(missing, phrase=False),
    "holes": holes,
    "worst_moments": worst_moments,
    "bands_lost": bands_lost,
    "bursts": bursts,
    "pattern": partial(pattern, phrase=True),
    "pattern_whole": partial(pattern, phrase=False),
    "pattern_fast": partial(pattern, phrase=True, frames=9, floor=AUDIBLE_POWER_50_DB, softly=1.0),
}
"""Features by name; those of the whole excerpt say so."""
