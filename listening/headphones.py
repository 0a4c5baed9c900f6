"""Sounds that tell headphones from loudspeakers: three intervals a trial, and which of them is the right one. Pure.

Antiphase tones (Woods et al., 2017, Attention, Perception & Psychophysics 79): which of three 200 Hz tones is quietest?
One is 6 dB softer; another is as loud as the third but in antiphase between the ears. Loudspeakers cancel that one in
the air, so that it seems the quietest. Huggins pitch (Milne et al., 2021, Behavior Research Methods 53): in which of
three noises is there a tone? One has its phase turned by 180° within ±6 % of 600 Hz in one ear, which is a faint pitch
only when each ear gets its own channel.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lossmodel.audio import Audio

SAMPLE_RATE = 44100
TRIALS_OF_A_CHECK = 6
INTERVALS_OF_A_TRIAL = 3
INTERVAL_SECONDS = 1.0
"""Length of an interval."""
GAP_SECONDS = 0.5
"""Silence between two intervals, in seconds."""

TONE_HZ = 200.0
TONE_RAMP_SECONDS = 0.1
TONE_PEAK = 0.25
SOFTER_DB = 6.0
"""dB by which the right tone is softer."""

PITCH_HZ = 600.0
BAND_WIDTH_SHARE = 0.06
"""Half the width of the turned band, as a share of its centre."""
NOISE_RAMP_SECONDS = 0.05
NOISE_RMS = 0.05

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """One three-interval trial: its stereo sound, and the right interval (1–3)."""

    sound: Audio
    answer: int


def trial(kind: str, seed: int, number: int) -> Trial:
    """Return trial `number` (0–5) of the check `kind` ("antiphase" or "huggins"): the same seed, the same samples.

    The right answer is each interval twice in six trials, in random order; in the antiphase check every pair of soft
    and antiphase interval comes once. Raises `KeyError` for another kind and `IndexError` for another number.
    """
    return KINDS[kind](seed, number)


def spans() -> list[tuple[float, float]]:
    """Return from when to when each interval sounds, in seconds.

    >>> spans()
    [(0.0, 1.0), (1.5, 2.5), (3.0, 4.0)]
    """
    return [
        (place * (INTERVAL_SECONDS + GAP_SECONDS), place * (INTERVAL_SECONDS + GAP_SECONDS) + INTERVAL_SECONDS)
        for place in range(INTERVALS_OF_A_TRIAL)
    ]


def antiphase(seed: int, number: int) -> Trial:
    """Return three 200 Hz tones with ramps of 100 ms: one 6 dB softer (right), another in antiphase, one plain."""
    order = np.random.default_rng([seed, 1]).permutation(list(permutations(range(INTERVALS_OF_A_TRIAL), 2)))
    soft, turned = (int(place) for place in order[number])
    time = np.arange(round(INTERVAL_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    tone = _ramped(TONE_PEAK * np.sin(2 * np.pi * TONE_HZ * time), TONE_RAMP_SECONDS)
    tones = [np.stack([tone, -tone if place == turned else tone]) for place in range(INTERVALS_OF_A_TRIAL)]
    tones[soft] = tones[soft] * 10 ** (-SOFTER_DB / 20)
    return Trial(_joined(tones), soft + 1)


def huggins(seed: int, number: int) -> Trial:
    """Return three white noises of 1 s, equal in both ears but for the turned band of the right one."""
    places = np.repeat(np.arange(INTERVALS_OF_A_TRIAL), TRIALS_OF_A_CHECK // INTERVALS_OF_A_TRIAL)
    right = int(np.random.default_rng([seed, 2]).permutation(places)[number])
    rng = np.random.default_rng([seed, 3, number])
    noises = [pitched(rng) if place == right else np.tile(noise(rng), (2, 1)) for place in range(INTERVALS_OF_A_TRIAL)]
    return Trial(_joined([_ramped(each, NOISE_RAMP_SECONDS) for each in noises]), right + 1)


def noise(rng: np.random.Generator) -> Samples:
    """Return one interval of white Gaussian noise.  Shape: (frames,)"""
    return rng.normal(0.0, NOISE_RMS, round(INTERVAL_SECONDS * SAMPLE_RATE))


def pitched(rng: np.random.Generator) -> Samples:
    """Return one interval of noise whose right channel is turned by 180° from 564 to 636 Hz.  Shape: (2, frames)"""
    left = noise(rng)
    spectrum = np.fft.rfft(left)
    frequency = np.fft.rfftfreq(left.size, 1 / SAMPLE_RATE)
    turned = np.abs(frequency - PITCH_HZ) <= BAND_WIDTH_SHARE * PITCH_HZ
    return np.stack([left, np.fft.irfft(np.where(turned, -spectrum, spectrum), left.size)])


KINDS: Mapping[str, Callable[[int, int], Trial]] = MappingProxyType({"antiphase": antiphase, "huggins": huggins})


def _ramped(samples: Samples, seconds: float) -> Samples:
    """Return `samples` with raised-cosine ramps at both ends."""
    size = round(seconds * SAMPLE_RATE)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(size) + 0.5) / size)
    envelope = np.ones(samples.shape[-1])
    envelope[:size], envelope[-size:] = rise, rise[::-1]
    return samples * envelope


def _joined(intervals: list[Samples]) -> Audio:
    gap = np.zeros((2, round(GAP_SECONDS * SAMPLE_RATE)))
    parts = [part for each in intervals for part in (gap, each)][1:]
    return Audio(np.concatenate(parts, axis=1).astype(np.float32), SAMPLE_RATE)
