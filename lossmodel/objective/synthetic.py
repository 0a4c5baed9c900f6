"""Songs that nobody sang: a voice of harmonics and formants over drums, bass and chords, to learn hearing from.

No rating set can contain them, so what is learnt from them is independent of every listening test. All draws come
from the seed.
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Numbers = NDArray[np.float64]

CONTROL_RATE_HZ = 200
"""Rate of control curves (pitch, formants, loudness), Hz."""

HARMONICS = 48

VOWELS: Final = np.array(
    [[730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410], [300, 870, 2240], [660, 1720, 2410]],
    dtype=np.float64,
)
"""First three formants of six vowels, Hz (Peterson & Barney 1952, men)."""

SCALE_SEMITONES: Final = np.array([0, 2, 3, 5, 7, 8, 10, 12])
"""A minor scale in semitones."""


def song(seed: int, *, seconds: float, rate: int) -> tuple[Tensor, Tensor]:
    """Return (vocals, accompaniment), each (1, time), float32; the vocals are 10 dB softer to 4 dB louder."""
    draw = np.random.default_rng([seed, 5])
    time = int(seconds * rate)
    vocals, accompaniment = _voice(draw, time, rate), _accompaniment(draw, time, rate)
    accompaniment *= np.sqrt((vocals**2).mean() / (accompaniment**2).mean()) * 10 ** (draw.uniform(-4, 10) / 20)
    loudest = np.abs(vocals + accompaniment).max()
    return tuple(torch.tensor(0.7 * each[None] / loudest).float() for each in (vocals, accompaniment))  # type: ignore[return-value]


def _voice(draw: np.random.Generator, time: int, rate: int) -> Numbers:
    """Return a melody of syllables with pauses, consonants, breath and a little room."""
    steps = int(np.ceil(time / rate * CONTROL_RATE_HZ)) + 1
    pitch, loudness, formants, hiss = _syllables(draw, steps)
    pitch *= 2 ** (draw.uniform(10, 60) / 1200 * np.sin(2 * np.pi * 5.6 * np.arange(steps) / CONTROL_RATE_HZ))
    f0, gain = _stretched(pitch, time, rate), _stretched(loudness, time, rate)
    phase = 2 * np.pi * np.cumsum(f0) / rate
    tilt = draw.uniform(0.8, 1.6)
    voice = np.zeros(time)
    for k in range(1, HARMONICS + 1):
        envelope = _envelope(k * pitch, formants) / k**tilt * (k * pitch < 0.48 * rate)
        voice += _stretched(envelope, time, rate) * np.sin(k * phase)
    noise = _high_passed(draw.standard_normal(time), rate, 2500)
    voice = gain * voice / voice.std() + 0.25 * _stretched(hiss, time, rate) * noise / noise.std()
    return np.asarray(voice + 0.01 * gain * noise)


def _syllables(draw: np.random.Generator, steps: int) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return pitch in Hz, loudness, formants (3, steps) and the loudness of consonants, at `CONTROL_RATE_HZ`."""
    pitch, loudness, hiss = np.zeros(steps), np.zeros(steps), np.zeros(steps)
    formants, tonic = np.zeros((3, steps)), 110 * 2 ** draw.uniform(0, 1.3)
    longer, start = draw.uniform(1.0, 1.2), 0
    while start < steps:
        stop = start + int(CONTROL_RATE_HZ * draw.uniform(0.12, 0.5))
        inside = slice(start, min(stop, steps))
        count = inside.stop - start
        pitch[inside] = tonic * 2 ** (draw.choice(SCALE_SEMITONES) / 12)
        formants[:, inside] = longer * VOWELS[draw.integers(len(VOWELS)), :, None]
        if draw.random() > 0.2:  # otherwise a pause
            attack = 1 - np.exp(-np.arange(count) / (0.015 * CONTROL_RATE_HZ))
            loudness[inside] = draw.uniform(0.4, 1) * attack * np.minimum(1, np.arange(count, 0, -1) / 10)
            hiss[start : start + 14] = draw.choice([0, 0.5, 1])
        start = stop
    soft = np.hanning(11) / np.hanning(11).sum()
    smooth = [np.convolve(np.pad(each, 5, mode="edge"), soft, "valid") for each in (pitch, loudness, *formants, hiss)]
    return smooth[0], smooth[1], np.stack(smooth[2:5]), smooth[5]


def _envelope(frequency: Numbers, formants: Numbers) -> Numbers:
    """Return the gain of a vocal tract at a frequency that moves: three resonances 90 to 200 Hz wide."""
    width = np.array([90.0, 120.0, 200.0])[:, None]
    gains: Numbers = (np.array([1.0, 0.6, 0.35])[:, None] / (1 + ((frequency - formants) / width) ** 2)).sum(0) + 0.01
    return gains


def _accompaniment(draw: np.random.Generator, time: int, rate: int) -> Numbers:
    """Return drums, bass and chords at a steady tempo, in a random balance."""
    beat = 60 / draw.uniform(80, 150)
    onsets = np.arange(0, time / rate, beat / 2)
    parts = {"kick": np.zeros(time), "snare": np.zeros(time), "hat": np.zeros(time)}
    for number, onset in enumerate(onsets):
        struck = {"kick": number % 4 == 0, "snare": number % 4 == 2, "hat": True}
        for name in (name for name, now in struck.items() if now or draw.random() < 0.1):
            _add(parts[name], _drum_hit(name, draw, rate), int(onset * rate))
    tuned = [_tuned(draw, time, rate, beat, low=low, partials=n) for low, n in ((41.0, 8), (110.0, 14), (165.0, 20))]
    mixed = np.zeros(time)
    for part in (*parts.values(), *tuned):
        mixed += 10 ** (draw.uniform(-14, 0) / 20) * part / (part.std() + 1e-9)
    return mixed


def _drum_hit(name: str, draw: np.random.Generator, rate: int) -> Numbers:
    t = np.arange(int(0.25 * rate)) / rate
    noise = draw.standard_normal(len(t))
    match name:
        case "kick":
            return np.asarray(np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-30 * t)))) * np.exp(-14 * t))
        case "snare":
            return np.asarray((noise + np.sin(2 * np.pi * 190 * t)) * np.exp(-18 * t))
        case _:
            return np.asarray(_high_passed(noise, rate, 5000) * np.exp(-50 * t))


def _tuned(draw: np.random.Generator, time: int, rate: int, beat: float, *, low: float, partials: int) -> Numbers:
    """Return notes or three-note chords of harmonic tones that decay, one every one or two beats."""
    found, chord = np.zeros(time), draw.integers(1, 4)
    length = beat * draw.integers(1, 3)
    t = np.arange(int(length * rate)) / rate
    for start in np.arange(0, time / rate, length):
        for f in low * 2 ** (draw.choice(SCALE_SEMITONES, size=chord) / 12):
            k = np.arange(1, partials + 1)[:, None]
            tone = (np.sin(2 * np.pi * k * f * t) / k ** draw.uniform(0.8, 1.5) * (k * f < 0.48 * rate)).sum(0)
            _add(found, tone * np.exp(-t * draw.uniform(0.5, 5)), int(start * rate))
    return found


def _add(track: Numbers, sound: Numbers, at: int) -> None:
    stop = min(len(track), at + len(sound))
    track[at:stop] += sound[: stop - at]


def _high_passed(noise: Numbers, rate: int, cut: float) -> Numbers:
    spectrum = np.fft.rfft(noise)
    f = np.fft.rfftfreq(len(noise), 1 / rate)
    return np.asarray(np.fft.irfft(spectrum * f**2 / (f**2 + cut**2), len(noise)))


def _stretched(curve: Numbers, time: int, rate: int) -> Numbers:
    return np.interp(np.arange(time) / rate * CONTROL_RATE_HZ, np.arange(len(curve)), curve)
