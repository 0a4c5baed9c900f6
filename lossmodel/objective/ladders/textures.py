"""Degradations of short-time spectra: musical noise, holes, blur, and voices put together again from magnitudes."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

from lossmodel.metrics.spectral import mel_bands
from lossmodel.objective.ladders.spectra import drawn, normal, spectrum, waveform, window_size


def musical_noise(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Drop up to 80 % of all bins at random; what is lost at one strength is lost at a greater one."""
    del accompaniment
    return _masked(vocals, rate, lambda spectra: _random_patches(spectra, seed, 1, 1) >= 0.8 * strength)


def holes(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Drop up to 80 % of all patches of about 90 ms by 350 Hz at random."""
    del accompaniment
    return _masked(vocals, rate, lambda spectra: _random_patches(spectra, seed, 16, 8) >= 0.8 * strength)


def over_suppression(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Remove the voice from bins where it is less than -20, -8, 4 and 16 dB over the accompaniment."""
    del seed
    other = spectrum(accompaniment, rate).abs()
    share = strength and 10 ** ((-32 + 48 * strength) / 20)
    return _masked(vocals, rate, lambda spectra: spectra.abs() >= share * other)


def phase_scramble(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Turn the phase of every bin by a random angle of up to ± 180°."""
    del accompaniment

    def turn(spectra: Tensor) -> Tensor:
        angle = 2 * torch.pi * strength * (_random_patches(spectra, seed, 1, 1) - 0.5)
        return torch.polar(torch.ones_like(angle), angle)

    return _masked(vocals, rate, turn)


def vocoder(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Fade to noise that has the voice's levels in 24 mel bands: a whisper, the words still understood."""
    del accompaniment
    true = spectrum(vocals, rate)
    noise = spectrum(normal(seed, 1, 1, vocals.shape[-1], like=vocals), rate)
    carried = noise * _mel_smooth(true, rate, 24) / (noise.abs().square().mean().sqrt() + 1e-9)
    return (1 - strength) * vocals + strength * waveform(carried, rate, vocals.shape[-1])


def mel_inverse(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Move the magnitudes to those of 32 mel bands, and every phase by up to ± 90°: what a bad vocoder gives back."""
    del accompaniment

    def change(spectra: Tensor) -> Tensor:
        angle = torch.pi * strength * (_random_patches(spectra, seed, 1, 1) - 0.5)
        gain = ((_mel_smooth(spectra, rate, 32) + 1e-6) / (spectra.abs() + 1e-6)) ** strength
        return torch.polar(gain, angle.expand_as(gain))

    return _masked(vocals, rate, change)


def smearing(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Fade the magnitudes to their means over 1 kHz: harmonics drown between each other."""
    del accompaniment, seed
    return _blurred(vocals, rate, strength, bins=2 * int(500 / rate * window_size(rate)) + 1)


def blurring(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Fade the magnitudes to their means over half a second: consonants and onsets are lost."""
    del accompaniment, seed
    return _blurred(vocals, rate, strength, frames=43)


def _blurred(vocals: Tensor, rate: int, strength: float, *, bins: int = 1, frames: int = 1) -> Tensor:
    def change(spectra: Tensor) -> Tensor:
        power = spectra.abs().square()
        mean = _averaged(_averaged(power, frames).transpose(-1, -2), bins).transpose(-1, -2)
        gain = ((1 - strength**2) * power + strength**2 * mean + 1e-12) / (power + 1e-12)
        return gain.sqrt().clamp_max(100)

    return _masked(vocals, rate, change)


def _averaged(values: Tensor, size: int) -> Tensor:
    flat = values.flatten(0, -2)[:, None]
    return avg_pool1d(flat, size, 1, size // 2, count_include_pad=False).reshape(values.shape)


def _mel_smooth(spectra: Tensor, rate: int, bands: int) -> Tensor:
    """Return magnitudes of which only the powers of mel bands are left, spread out again."""
    weights = mel_bands(rate, window_size(rate), bands).to(spectra.device, spectra.real.dtype)
    spread = weights.T / (weights.sum(0)[:, None] + 1e-9)
    return (spread @ (weights @ spectra.abs().square())).sqrt()


def _masked(vocals: Tensor, rate: int, mask: Callable[[Tensor], Tensor]) -> Tensor:
    spectra = spectrum(vocals, rate)
    return waveform(spectra * mask(spectra), rate, vocals.shape[-1])


def _random_patches(spectra: Tensor, seed: int, bins: int, frames: int) -> Tensor:
    """Return a uniform number for every patch of bins by frames, the same for all excerpts and channels."""
    size = [-(-whole // part) for whole, part in zip(spectra.shape[-2:], (bins, frames))]
    lots = drawn(seed, 1, 1, *size, like=spectra.real)
    lots = lots.repeat_interleave(bins, dim=-2).repeat_interleave(frames, dim=-1)
    return lots[..., : spectra.shape[-2], : spectra.shape[-1]]
