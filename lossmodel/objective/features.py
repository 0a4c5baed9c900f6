"""What a listener might go by, as numbers: each feature is one function of a `Scene`, found by its name.

A feature is (batch,), differentiable, finite on silence and where the estimate is the reference. Three families:
against the closest remix (what quality is judged by), within patches of 200 ms (leak and artefact), and against the
reference itself. `dB` features are level differences; features that end in a logarithm say so.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import torch
from torch import Tensor

from lossmodel.objective.decomposition import FLOOR, HEARD, Scene

DISTANCE = "distance"
"""The feature by which a reference is chosen where several are admissible."""

VERSION = 1
"""Counts up when any feature's values change; cached features of another version are not used."""

Feature = Callable[[Scene], Tensor]

RANGE_DB = 50.0
"""Reference or remix further than this under its loudest bands is not listened to."""


def compute(scene: Scene, names: Sequence[str]) -> dict[str, Tensor]:
    """Return the named features of `FEATURES`, each (batch,)."""
    return {name: FEATURES[name](scene) for name in names}


def level(power: Tensor) -> Tensor:
    """Return decibels over the loudest reference bands, never under -60."""
    return 10 * torch.log10(power + FLOOR)


def loud(power: Tensor, exponent: float = 0.25) -> Tensor:
    """Return compressed power, about a loudness: 0 for silence."""
    loudness: Tensor = (power + HEARD) ** exponent
    return loudness - float(HEARD**exponent)


def part(component: Tensor, beside: Tensor, exponent: float = 0.25) -> Tensor:
    """Return the loudness that `component` adds to what sounds `beside` it (partial masking)."""
    return loud(component.clamp_min(0) + beside, exponent) - loud(beside, exponent)


def mean(values: Tensor, where: Tensor | None = None) -> Tensor:
    """Average over bands and frames, (batch,); only those `where` is true if given, 0 if there are none."""
    if where is None:
        return values.flatten(1).mean(1)
    chosen = where.to(values.dtype)
    return (values * chosen).flatten(1).sum(1) / chosen.flatten(1).sum(1).clamp_min(1)


def root(values: Tensor) -> Tensor:
    """Return the square root with a finite gradient at 0."""
    return (values.clamp_min(0) + 1e-8).sqrt() - 1e-4


def size(values: Tensor) -> Tensor:
    """Return the absolute value, rounded off within 0.05 so that equality has a gradient."""
    return (values.square() + 0.05**2).sqrt() - 0.05


def _audible(power: Tensor) -> Tensor:
    return level(power) > -RANGE_DB


def _deviation(values: Tensor, where: Tensor) -> Tensor:
    """Return the standard deviation over what is `where`."""
    centred = values - mean(values, where)[:, None, None]
    return root(mean(centred.square(), where))


# Against the closest remix. d is a level difference in dB, D one of loudness.


def _flux(scene: Scene, lag: int, *, phrase: bool) -> Tensor:
    """How unsteadily the estimate follows the remix: mean change of d over `lag` frames, dB."""
    remix = scene.phrase_remix if phrase else scene.remix
    d = level(scene.maps.ee) - level(remix)
    return mean(size(d[..., lag:] - d[..., :-lag]), _audible(remix)[..., lag:])


def _remix_d(scene: Scene) -> Tensor:
    return level(scene.maps.ee) - level(scene.remix)


def _remix_excess(scene: Scene) -> Tensor:
    return loud(scene.maps.ee) - loud(scene.remix)


def _sd(scene: Scene) -> Tensor:
    return _deviation(_remix_d(scene), _audible(scene.remix))


def _added(scene: Scene) -> Tensor:
    heard = _audible(scene.remix)
    return mean(_remix_excess(scene).clamp_min(0), heard) / (mean(loud(scene.remix), heard) + 1e-6)


def _missing(scene: Scene) -> Tensor:
    heard = _audible(scene.remix)
    lost = root(mean(_remix_excess(scene).clamp_max(0).square(), heard))
    return lost / (root(mean(loud(scene.remix).square(), heard)) + 1e-4)


def _holes(scene: Scene) -> Tensor:
    """Share of the remix that is missing by more than 9 dB."""
    return mean(torch.sigmoid((-9 - _remix_d(scene)) / 1.5), _audible(scene.remix))


def _treble(scene: Scene) -> Tensor:
    """Mean level difference above about 4 kHz, dB."""
    return mean(size(_remix_d(scene))[:, 26:], _audible(scene.remix)[:, 26:])


def _leak_share(scene: Scene) -> Tensor:
    weight = loud(scene.remix)
    return torch.log((scene.leak_gain * weight).flatten(1).sum(1) / (weight.flatten(1).sum(1) + 1e-6) + 0.02)


def _modulation(scene: Scene) -> Tensor:
    """Relative difference of slow modulation, 1.5 to 4 Hz, in segments of 0.74 s."""
    (remix, dc), (estimate, _) = _modulations(scene.remix), _modulations(scene.maps.ee)
    return mean(_relative_size(remix - estimate, dc + 0.3 * dc.flatten(1).mean(1)[:, None, None]))


def _relative_size(values: Tensor, scale: Tensor) -> Tensor:
    """Return absolute values over a positive scale, rounded off near 0."""
    return (values.square() + 1e-8).sqrt() / (scale + 1e-3)


def _modulations(power: Tensor) -> tuple[Tensor, Tensor]:
    """Return modulation and mean of compressed power in each band and segment, (batch, bands, segments)."""
    segments = ((power + HEARD) ** 0.25).unfold(-1, 64, 32)
    window = torch.hann_window(64, dtype=power.dtype, device=power.device)
    dc = segments.mean(-1)
    spectrum = torch.fft.rfft((segments - dc[..., None]) * window)[..., 1:4]  # lines of 1.35 Hz: 1.35, 2.7, 4
    return root((spectrum.real.square() + spectrum.imag.square()).sum(-1)) / 32, dc


# Within patches of 200 ms.


def _artefact_beside(scene: Scene) -> Tensor:
    p = scene.patches
    return torch.log(mean(part(p.artefact, p.target + p.leak)) / _loudness(p.ee) + 0.01)


def _artefact(scene: Scene, norm: float = 1.0) -> Tensor:
    p = scene.patches
    pooled = (mean((part(p.artefact, p.rr) + 1e-6) ** norm)) ** (1 / norm)
    return torch.log(pooled / _reference_loudness(scene) + 0.01)


def _lost(scene: Scene) -> Tensor:
    p = scene.patches
    kept = p.target + p.leak + HEARD
    gone = ((p.rr + p.leak + HEARD) ** 0.25 - kept**0.25).clamp_min(0)
    return mean(gone) / (mean(loud(p.rr)) + 1e-4)


def _leak_level(scene: Scene) -> Tensor:
    """Gain of the accompaniment in the estimate, dB, where the accompaniment is loud."""
    p = scene.patches
    weight = loud(p.aa)
    db = 20 * torch.log10(p.leak_gain + 0.05)
    return (db * weight).flatten(1).sum(1) / (weight.flatten(1).sum(1) + 1e-6)


def _leak(scene: Scene, exponent: float = 0.25) -> Tensor:
    """Loudness that the leak adds to the reference."""
    p = scene.patches
    loudness = mean(loud(scene.maps.rr, exponent)) + 1e-4
    return torch.log(mean(part(p.leak, p.rr, exponent)) / loudness + 0.01)


def _leak_low(scene: Scene) -> Tensor:
    """The same under about 1 kHz."""
    p = scene.patches
    return torch.log(mean(part(p.leak, p.rr)[:, :14]) / _loudness(p.rr) + 0.01)


def _leak_beside(scene: Scene, *, relative_to_estimate: bool) -> Tensor:
    p = scene.patches
    whole = p.ee if relative_to_estimate else p.rr
    return torch.log(mean(part(p.leak, p.target)) / _loudness(whole) + 0.01)


def _incoherence(scene: Scene) -> Tensor:
    share = torch.log(1 - scene.patches.coherence.clamp_max(0.999))
    return mean(share, _audible(scene.maps.rr))


def _gain_deviation(scene: Scene) -> Tensor:
    """SD of the reference's gain in the estimate, dB."""
    return _deviation(10 * torch.log10(scene.patches.target_gain**2 + 0.01), _audible(scene.maps.rr))


def _loudness(power: Tensor) -> Tensor:
    return mean((power + HEARD) ** 0.25)


def _reference_loudness(scene: Scene) -> Tensor:
    return mean(loud(scene.maps.rr)) + 1e-4


# Against the reference.


def _level_difference(scene: Scene, sign: float) -> Tensor:
    """Mean excess (sign 1) or lack (-1) of level where the reference is heard, dB, at most 30 in a place."""
    difference = sign * (level(scene.maps.ee) - level(scene.maps.rr))
    return mean(difference.clamp(0, 30), _audible(scene.maps.rr))


def _reference_missing(scene: Scene) -> Tensor:
    reference = loud(scene.maps.rr)
    lack = (reference - loud(scene.maps.ee)).clamp_min(0)
    return root(mean(lack.square())) / (root(mean(reference.square())) + 1e-4)


def _band_correlation(scene: Scene) -> Tensor:
    """Correlation of band envelopes in 200 ms patches, weighted by the reference's energy; as -atanh."""
    x, y = ((power + HEARD) ** 0.15 for power in (scene.maps.rr, scene.maps.ee))
    x, y = x.unfold(-1, 17, 8), y.unfold(-1, 17, 8)  # (batch, bands, patches, frames)
    weight = scene.maps.rr.unfold(-1, 17, 8).mean(-1)
    r = _correlation(x, y, (-1,))
    average = (r * weight).flatten(1).sum(1) / (weight.flatten(1).sum(1) + 1e-9)
    return -torch.atanh(average.clamp(-0.999, 0.999))


def _patch_correlation(scene: Scene) -> Tensor:
    """Correlation of band-time patches of 100 ms; the worst patches count most; losses count less than additions."""
    x, y = ((power + HEARD) ** 0.15 for power in (scene.maps.rr, scene.maps.ee))
    y = torch.where(y < x, 0.25 * x + 0.75 * y, y)
    r = _correlation(x.unfold(-1, 9, 4), y.unfold(-1, 9, 4), (1, 3))  # (batch, patches)
    return -torch.atanh((torch.softmax(-8 * r, dim=1) * r).sum(1).clamp(-0.999, 0.999))


def _correlation(x: Tensor, y: Tensor, dims: tuple[int, ...]) -> Tensor:
    x, y = x - x.mean(dims, keepdim=True), y - y.mean(dims, keepdim=True)
    power = x.square().mean(dims) * y.square().mean(dims)
    return ((x * y).mean(dims) + 1e-5) / ((power + 1e-12).sqrt() + 1e-5)  # two silences are alike


def _distance(scene: Scene) -> Tensor:
    """Difference in loudness over all bands and frames, 0 to 1: which reference the estimate is meant to be."""
    x, y = loud(scene.maps.rr), loud(scene.maps.ee)
    return mean((x - y).abs()) / (mean(x + y) + 1e-6)


FEATURES: Final[dict[str, Feature]] = {
    "flux1": partial(_flux, lag=1, phrase=False),
    "flux4": partial(_flux, lag=4, phrase=True),
    "sd": _sd,
    "added": _added,
    "missing": _missing,
    "holes": _holes,
    "treble": _treble,
    "leak_share": _leak_share,
    "modulation": _modulation,
    "artefact_beside": _artefact_beside,
    "artefact": _artefact,
    "artefact_peaks": partial(_artefact, norm=3.0),
    "lost": _lost,
    "leak_level": _leak_level,
    "leak": _leak,
    "leak_steep": partial(_leak, exponent=0.35),
    "leak_low": _leak_low,
    "leak_of_estimate": partial(_leak_beside, relative_to_estimate=True),
    "leak_of_reference": partial(_leak_beside, relative_to_estimate=False),
    "incoherence": _incoherence,
    "gain_deviation": _gain_deviation,
    "excess_db": partial(_level_difference, sign=1.0),
    "lack_db": partial(_level_difference, sign=-1.0),
    "reference_missing": _reference_missing,
    "band_correlation": _band_correlation,
    "patch_correlation": _patch_correlation,
    DISTANCE: _distance,
}
"""Every feature by the name that recipes use."""
