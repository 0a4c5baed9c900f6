"""Degradations in time: what stutters, clicks, wobbles, echoes or is too loud for its converter."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from lossmodel.objective.ladders.spectra import drawn, normal, peak, rms


def gating(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Turn every other 50 ms down, off at 1."""
    del accompaniment, seed
    off = torch.arange(vocals.shape[-1], device=vocals.device) // int(0.05 * rate) % 2
    return vocals * (1 - strength * off)


def noise_gate(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Shut the quietest 60 % at 1 of all 20 ms in which there is anything to be heard, within 40 dB of the mean."""
    del accompaniment, seed
    size = int(0.02 * rate)
    level = torch.nn.functional.avg_pool1d(vocals.square().mean(1, keepdim=True), size, size, ceil_mode=True).sqrt()
    audible = torch.where(level > rms(vocals) / 100, level, torch.nan)
    shut = level < audible.nanquantile(0.6 * strength, dim=-1, keepdim=True)
    return vocals * _stretched(1 - shut.to(vocals.dtype), size, vocals.shape[-1]) if strength > 0 else vocals


def drop_outs(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Silence up to 80 % of all pieces of 60 ms; what is lost at one strength is lost at a greater one."""
    del accompaniment
    size = int(0.06 * rate)
    kept = drawn(seed, 1, 1, vocals.shape[-1] // size + 1, like=vocals) >= 0.8 * strength
    return vocals * _stretched(kept.to(vocals.dtype), size, vocals.shape[-1])


def clicks(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Add twelve clicks a second, 1 ms of white noise each, as high as the voice's peak at 1 and 24 dB lower at .25."""
    del accompaniment
    time, size = vocals.shape[-1], max(1, rate // 1000)
    at = drawn(seed, max(1, round(12 * time / rate)), like=vocals) * (time - size)
    burst = 2 * drawn(seed, size, like=vocals) - 1
    track = torch.zeros_like(vocals[:1, :1])
    for start in at.long().tolist():
        track[..., start : start + size] = burst
    return vocals + strength**2 * peak(vocals) * track


def clipping(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Clip at 8, 16, 24 and 32 dB under the peak at .25, .5, .75 and 1; as loud as before."""
    del accompaniment, rate, seed
    limit = peak(vocals) * 10 ** (-32 * strength / 20)
    clipped = vocals.clamp(-limit, limit)
    return clipped * rms(vocals) / rms(clipped)


def quantisation(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Round to 12, 9.5, 7, 4.5 and 2 bits at 0, .25, .5, .75 and 1."""
    del accompaniment, rate, seed
    step = peak(vocals) * 2 ** (1 - (12 - 10 * strength))
    return (vocals / step).round() * step


def level(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Turn down by up to 12 dB; stimuli are matched in loudness before people rate them."""
    del accompaniment, rate, seed
    return vocals * 10 ** (-12 * strength / 20)


def wobbling_level(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Let a restless hand at the fader move the level by up to about ± 24 dB within half seconds."""
    del accompaniment
    time = vocals.shape[-1]
    knots = normal(seed, 1, 1, int(2 * time / rate) + 3, like=vocals)
    course = interpolate(knots, size=time, mode="linear", align_corners=True)
    return vocals * 10 ** (12 * strength * course.clamp(-2, 2) / 20)


def reverb(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Add a room of .8 s reverberation time (white, exponential), 9 dB over the voice at 1, 15 under it at .25."""
    del accompaniment
    time = vocals.shape[-1]
    t = torch.arange(int(0.8 * rate), dtype=vocals.dtype, device=vocals.device) / rate
    room = normal(seed, len(t), like=vocals) * 10 ** (-3 * t / 0.8)
    size = time + len(t)
    wet: Tensor = torch.fft.irfft(torch.fft.rfft(vocals, size) * torch.fft.rfft(room, size), size)[..., :time]
    found = vocals + 2.8 * strength**2 * rms(vocals) / rms(wet) * wet
    return found * rms(vocals) / rms(found)


def vibrato(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Bend the pitch by up to ± 150 cents, six times a second: a delay that swings."""
    del accompaniment, seed
    t = torch.arange(vocals.shape[-1], dtype=torch.float64, device=vocals.device) / rate
    swing = (2 ** (150 * strength / 1200) - 1) / (2 * torch.pi * 6)  # seconds
    return delayed(vocals, rate * swing * torch.sin(2 * torch.pi * 6 * t))


def detune(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Shift the pitch down by up to 200 cents: two heads 30 ms apart that read a tape too slowly, faded in turn."""
    del accompaniment, seed
    t = torch.arange(vocals.shape[-1], dtype=torch.float64, device=vocals.device)
    turn = (1 - 2 ** (-200 * strength / 1200)) * t / (0.06 * rate)
    phases = [(turn + offset) % 1 for offset in (0.5, 0.0)]
    heads = [delayed(vocals, 0.06 * rate * (phase - 0.5)) for phase in phases]
    return sum((torch.sin(torch.pi * p).square().to(h.dtype) * h for p, h in zip(phases, heads)), 0 * vocals)


def white_noise(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Add white noise, 47, 29, 14 and 0 dB under the voice at .25, .5, .75 and 1."""
    del accompaniment, rate
    return _with_noise(vocals, normal(seed, 1, 1, vocals.shape[-1], like=vocals), strength)


def pink_noise(vocals: Tensor, accompaniment: Tensor, rate: int, strength: float, seed: int) -> Tensor:
    """Add noise of equal power in every octave, as loud as in `white_noise`."""
    del accompaniment, rate
    spectrum = torch.fft.rfft(normal(seed, 1, 1, vocals.shape[-1], like=vocals))
    falling = torch.arange(spectrum.shape[-1], device=vocals.device).clamp_min(1).rsqrt()
    return _with_noise(vocals, torch.fft.irfft(spectrum * falling, vocals.shape[-1]), strength)


def delayed(signal: Tensor, delay: Tensor) -> Tensor:
    """Return (batch, channels, time) read `delay` samples late, (time,), by Catmull-Rom interpolation."""
    time = signal.shape[-1]
    at = torch.arange(time, dtype=torch.float64, device=signal.device) - delay
    whole = at.floor()
    x = (at - whole).to(signal.dtype)
    a, b, c, d = (signal[..., (whole.long() + k).clamp(0, time - 1)] for k in (-1, 0, 1, 2))
    return b + 0.5 * x * (c - a + x * (2 * a - 5 * b + 4 * c - d + x * (3 * (b - c) + d - a)))


def _with_noise(vocals: Tensor, noise: Tensor, strength: float) -> Tensor:
    gain = strength * 10 ** (-46 * (1 - strength) / 20)
    return vocals + gain * rms(vocals) * noise / rms(noise)


def _stretched(values: Tensor, size: int, time: int) -> Tensor:
    return values.repeat_interleave(size, dim=-1)[..., :time]
