"""The sounds of `families`: each a pure function of a voice, or of an accompaniment, (channels, time)."""

import torch
from torch import Tensor

from lossmodel.objective.ladders import textures
from lossmodel.objective.ladders.moments import delayed
from lossmodel.objective.ladders.spectra import rms, spectrum, waveform

HUM_HZ, HUM_PARTIALS = 50.0, 12
TONE_HZ = 1000.0
COMPRESSOR_SECONDS = 0.05
COMPRESSOR_BELOW_LOUD_DB = 10.0
"""How far under the RMS a compressor begins to act."""

HEADS_SECONDS = 0.06
"""Distance that the two heads of a pitch shifter read through in turn."""

ALL_PASS_RADIANS = 40.0
"""Phase that an all-pass turns at the highest frequency, √2 times."""

ENVELOPE_BINS = 25
"""Bins, 540 Hz, whose mean power is a formant's envelope."""


def tone(signal: Tensor, rate: int) -> Tensor:
    """Return a steady sine of 1 kHz."""
    return torch.sin(2 * torch.pi * TONE_HZ * _seconds(signal, rate)).expand_as(signal)


def hum(signal: Tensor, rate: int) -> Tensor:
    """Return the hum of the mains: 50 Hz and its partials, softer as they rise."""
    phase = 2 * torch.pi * HUM_HZ * _seconds(signal, rate)
    partials = [torch.sin(k * phase) / k for k in range(1, HUM_PARTIALS + 1)]
    return torch.stack(partials).sum(0).expand_as(signal)


def without(signal: Tensor, start: float, end: float) -> Tensor:
    """Return the signal silent from one share of its time to another."""
    time = signal.shape[-1]
    at = torch.arange(time, device=signal.device) / time
    return signal * ((at < start) | (at >= end)).to(signal.dtype)


def of_channels(signal: Tensor, gains: tuple[float, float]) -> Tensor:
    """Return two channels, each times its gain; of mono both are the same."""
    return signal.expand(2, -1) * signal.new_tensor(gains)[:, None]


def late(signal: Tensor, rate: int, milliseconds: float) -> Tensor:
    """Return the signal late, silent before it begins."""
    samples = round(milliseconds * rate / 1000)
    return torch.nn.functional.pad(signal, (samples, -samples))


def skipped(signal: Tensor, rate: int, milliseconds: float) -> Tensor:
    """Return the signal without some milliseconds in its middle, silent at its end."""
    samples, middle = round(milliseconds * rate / 1000), signal.shape[-1] // 2
    kept = torch.cat([signal[..., :middle], signal[..., middle + samples :]], dim=-1)
    return torch.nn.functional.pad(kept, (0, samples))


def compressed(signal: Tensor, rate: int, ratio: float) -> Tensor:
    """Return the signal whose level over a threshold grows by a share of what it grew by, steadily."""
    size = 2 * round(COMPRESSOR_SECONDS * rate / 2) + 1
    power = signal.square().mean(0)[None, None]
    level = torch.nn.functional.avg_pool1d(power, size, 1, size // 2)[0].clamp_min(1e-12)
    over = (level / (rms(signal) ** 2 * 10 ** (-COMPRESSOR_BELOW_LOUD_DB / 10))[0]).clamp_min(1)
    return signal * over ** (-0.5 * (1 - 1 / ratio))


def pitched(signal: Tensor, rate: int, cents: float) -> Tensor:
    """Return the signal so many cents higher and as long as before: two heads that are faded in turn."""
    size = HEADS_SECONDS * rate
    turn = (1 - 2 ** (cents / 1200)) * torch.arange(signal.shape[-1], dtype=torch.float64) / size
    found = torch.zeros_like(signal)
    for offset in (0.5, 0.0):
        phase = (turn + offset) % 1
        found += torch.sin(torch.pi * phase).square().to(signal) * delayed(signal[None], size * (phase - 0.5))[0]
    return found


def stretched(signal: Tensor, percent: float) -> Tensor:
    """Return the signal sung slower by a tape that is too slow, right in the middle; its ends are lost."""
    at = torch.arange(signal.shape[-1], dtype=torch.float64)
    middle = signal.shape[-1] / 2
    return delayed(signal[None], (at - middle) * (1 - 1 / (1 + percent / 100)))[0]


def chorus(signal: Tensor, rate: int, depth: float) -> Tensor:
    """Return the signal with two more voices, some 20 ms late, that swing by `depth` ms."""
    t = torch.arange(signal.shape[-1], dtype=torch.float64) / rate
    swings = [0.02 + depth / 1000 * torch.sin(2 * torch.pi * f * t + f) for f in (0.8, 1.1)]
    return signal + 0.5 * sum((delayed(signal[None], rate * each)[0] for each in swings), torch.zeros_like(signal))


def formants_moved(signal: Tensor, rate: int, percent: float) -> Tensor:
    """Return the signal of a smaller singer: its envelope over frequency is stretched, its pitch is not."""
    spectra = spectrum(signal[None], rate)
    power = spectra.abs().square().transpose(-1, -2).flatten(0, -2)[:, None]
    envelope = torch.nn.functional.avg_pool1d(power, ENVELOPE_BINS, 1, ENVELOPE_BINS // 2)
    size = envelope.shape[-1]
    source = (torch.arange(size) / (1 + percent / 100)).round().long().clamp_max(size - 1)
    gain = ((envelope[..., source] + 1e-10) / (envelope + 1e-10)).sqrt().clamp_max(10)
    gain = gain[:, 0].reshape(*spectra.shape[:2], spectra.shape[-1], size).transpose(-1, -2)
    return waveform(spectra * gain, rate, signal.shape[-1])[0]


def resynthesised(signal: Tensor, rate: int) -> Tensor:
    """Return the signal with other phases."""
    return textures.phase_scramble(signal[None], signal[None], rate, 1.0, 3)[0]


def all_passed(signal: Tensor) -> Tensor:
    """Return the signal with phases that fall by a delay of some ms at the lowest frequencies: all but unheard."""
    lines = torch.fft.rfft(signal)
    turn = torch.arange(lines.shape[-1], dtype=torch.float64) / signal.shape[-1]
    turn = ALL_PASS_RADIANS * turn.sqrt()
    found: Tensor = torch.fft.irfft(lines * torch.polar(torch.ones_like(turn), -turn).to(lines.dtype), signal.shape[-1])
    return found


def _seconds(signal: Tensor, rate: int) -> Tensor:
    return torch.arange(signal.shape[-1], dtype=signal.dtype, device=signal.device) / rate
