"""Degradations that let the accompaniment be heard, as imperfect separation does."""

import torch
from torch import Tensor

from lossmodel.objective.ladders.bands import band_pass, low_pass
from lossmodel.objective.ladders.spectra import drawn, normal, spectrum, waveform
from lossmodel.objective.ladders.textures import musical_noise

ERROR_DB = 15.0
"""Standard deviation of a bad separator's opinion on how loud the vocals are beside the accompaniment."""


def leak(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Add accompaniment: -24, -12, -5 and 0 dB at a strength of .25, .5, .75 and 1, which is the mixture."""
    del rate, seed
    return vocals + strength**2 * accompaniment


def band_leak(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Add the accompaniment of two octaves somewhere between 150 Hz and 2.4 kHz, as loud as in `leak`."""
    low = 150 * 4 ** float(drawn(seed, 1, like=vocals))
    return vocals + strength**2 * band_pass(accompaniment, rate, low, 4 * low)


def mask(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Fade to what a soft mask makes of the mixture when its opinion of each 50 ms and 1/40 of the bins is wrong."""
    true, other = (spectrum(each, rate) for each in (vocals, accompaniment))
    bins, frames = true.shape[-2:]
    error = normal(seed, 1, 1, bins // 20 + 2, frames // 4 + 2, like=vocals)
    error = torch.nn.functional.interpolate(error, size=(bins, frames), mode="bilinear", align_corners=True)
    ratio = (true.abs().square() + 1e-12) / (other.abs().square() + 1e-12)
    kept = torch.sigmoid(ratio.log() + ERROR_DB / 4.34 * error)
    return (1 - strength) * vocals + strength * waveform((true + other) * kept, rate, vocals.shape[-1])


def stacked(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Leak, then lose treble, then spectral lines: what early separators do, all at 60 % of the strength."""
    mild = 0.6 * strength
    found = leak(vocals, accompaniment, rate, mild, seed)
    return musical_noise(low_pass(found, accompaniment, rate, mild, seed), accompaniment, rate, mild, seed)
