"""How far an estimate is from its reference, or from the closest remix, for an ear: a cosine, nothing fitted.

As features of an objective they are called `ear_NAME` and `ear_NAME_remix`.
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.objective.ear import features
from lossmodel.objective.ear.decomposition import Scene
from lossmodel.objective.ear.frontend import HOP, RATE, WINDOW, accompaniment_of, band_weights
from lossmodel.objective.ear.spectra import resample
from lossmodel.objective.ears.protocol import Ear

PREFIX, REMIX = "ear_", "_remix"
MIN_NORM = 1e-6
"""Length of a frame under which it has no direction: silence is like silence, and unlike anything else."""


def compute(scene: Scene, names: Sequence[str], ears: Mapping[str, Ear]) -> dict[str, Tensor]:
    """Return the named features, each (batch,): those of `ear.features` and those of `ears`, which must be there."""
    own = features.compute(scene, [name for name in names if ear_of(name) is None])
    for name in names:
        if heard := ear_of(name):
            own[name] = distance(scene, ears[heard], remix=hears_remix(name))
    return own


def ear_of(feature: str) -> str | None:
    """Return the ear that a feature is of, None for the objective's own.

    >>> ear_of("ear_whisper_remix"), ear_of("flux")
    ('whisper', None)
    """
    return feature.removeprefix(PREFIX).removesuffix(REMIX) if feature.startswith(PREFIX) else None


def hears_remix(feature: str) -> bool:
    """Return whether a feature of an ear is against the closest remix, for which a mixture is needed."""
    return feature.endswith(REMIX)


def features_of(ears: Iterable[str]) -> list[str]:
    """Return the names of all features of some ears.

    >>> features_of(["whisper"])
    ['ear_whisper', 'ear_whisper_remix']
    """
    return [f"{PREFIX}{name}{remix}" for name in ears for remix in ("", REMIX)]


def distance(scene: Scene, ear: Ear, *, remix: bool = False) -> Tensor:
    """Return 1 - cosine between frames of the estimate and of the reference or closest remix, 0 to 2, (batch,).

    The mean over frames; 0 where both are the same. Channels are mixed. `BadInput` where an excerpt is too short for
    the ear.
    """
    beside = closest_remix(scene) if remix else scene.signals.reference
    try:
        heard, true = (ear.embed(resample(each.mean(1), RATE, ear.rate)) for each in (scene.signals.estimate, beside))
    except RuntimeError as error:
        raise BadInput(f"ear {ear.name!r}: {scene.signals.estimate.shape[-1] / RATE:.2f} s ({error})") from None
    silent, lengths = MIN_NORM**2, [(each.square().sum(-1) + MIN_NORM**2).sqrt() for each in (heard, true)]
    return (1 - ((heard * true).sum(-1) + silent) / (lengths[0] * lengths[1])).mean(1).clamp_min(0)


def closest_remix(scene: Scene) -> Tensor:
    """Return the waveform of the remix that an estimate is closest to, (batch, channels, time).

    The reference, and the accompaniment at a gain of each band that holds for the excerpt (`Scene.remix_gain`).
    """
    signals = scene.signals
    band = accompaniment_of(signals.reference, signals.mixture)
    weights = torch.as_tensor(band_weights(), dtype=band.dtype, device=band.device)  # (bands, bins)
    shares = weights / weights.sum(0).clamp_min(torch.finfo(band.dtype).tiny)
    gain = scene.remix_gain[..., 0].detach()
    gain = torch.complex(gain.real @ shares, gain.imag @ shares)[:, :, None]  # (batch, bins, 1)
    window = torch.hann_window(WINDOW, dtype=band.dtype, device=band.device)
    lines = torch.stft(band.flatten(0, 1), WINDOW, HOP, window=window, return_complex=True)
    lines = lines * gain.repeat_interleave(band.shape[1], 0)
    leak = torch.istft(lines, WINDOW, HOP, window=window, length=band.shape[-1])
    return signals.reference + leak.reshape(band.shape)
