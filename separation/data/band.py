"""Drums, bass and chords of a synthetic song, each mono or stereo, peak about 1."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from separation.data.score import BEATS_PER_BAR, Score

Samples = NDArray[np.float64]

DRUM_PATTERNS = (  # sixteenths of a bar: kick, snare, hat
    ("x.....x.x.......", "....x.......x...", "x.x.x.x.x.x.x.x."),
    ("x..x..x...x.....", "....x..x.x..x...", "xxx.xxx.xxx.xxx."),
    ("x...x...x...x...", "....x.......x..x", "..x...x...x...x."),
)


def drums(score: Score, rate: int, draw: np.random.Generator) -> Samples:
    """Return kick, snare and hat after one of the patterns, with human timing and loudness: (2, frames)."""
    out = np.zeros((2, round(score.seconds * rate)))
    hits = (_kick(rate), _snare(rate, draw), _hat(rate, draw))
    pans, levels = (0.5, 0.48, 0.62), (0.9, 0.6, 0.22)
    pattern = DRUM_PATTERNS[draw.integers(len(DRUM_PATTERNS))]
    for bar in range(len(score.chords)):
        for hit, pan, level, line in zip(hits, pans, levels, pattern):
            for sixteenth in np.flatnonzero([mark == "x" for mark in line]):
                start = bar * score.bar + sixteenth * score.beat / 4 + draw.normal(0, 0.003)
                accent = level * draw.uniform(0.75, 1.0)
                _add(out, accent * hit, start, rate, pan)
    return out


def bass(score: Score, rate: int, draw: np.random.Generator) -> Samples:
    """Return root notes in eighths with a fifth now and then: (2, frames), centred."""
    out = np.zeros((2, round(score.seconds * rate)))
    for bar, chord in enumerate(score.chords):
        for eighth in range(2 * BEATS_PER_BAR):
            if eighth % 2 and draw.random() < 0.4:
                continue
            pitch = chord[0] - 12 + (7 if eighth == 6 and draw.random() < 0.5 else 0)
            note = _tone(pitch, score.beat * 0.5, rate, slope=1.6, decay=3.0, harmonics=12)
            _add(out, 0.7 * note, bar * score.bar + eighth * score.beat / 2, rate, 0.5)
    return out


def chords(score: Score, rate: int, draw: np.random.Generator) -> Samples:
    """Return held chords, slightly detuned left and right, and a plucked arpeggio over them: (2, frames)."""
    out = np.zeros((2, round(score.seconds * rate)))
    for bar, chord in enumerate(score.chords):
        start = bar * score.bar
        for pitch in chord:
            for pan, detune in ((0.2, -0.06), (0.8, 0.06)):
                pad = _tone(pitch + 12 + detune, score.bar, rate, slope=1.3, decay=0.4, harmonics=20, attack=0.08)
                _add(out, 0.16 * pad, start, rate, pan)
        for eighth in range(2 * BEATS_PER_BAR):
            pitch = chord[(eighth * 2 + bar) % 3] + 24
            pluck = _tone(pitch, score.beat, rate, slope=1.1, decay=6.0, harmonics=16)
            _add(out, 0.2 * draw.uniform(0.6, 1) * pluck, start + eighth * score.beat / 2, rate, 0.75)
    return out


def room(dry: Samples, rate: int, draw: np.random.Generator, *, seconds: float, wet: float) -> Samples:
    """Return `dry` (2, frames) in a room: noise that decays by 60 dB in `seconds`, another one for each ear."""
    frames = round(seconds * rate)
    tail = draw.standard_normal((2, frames)) * 10 ** (-3 * np.arange(frames) / frames)
    tail[:, : round(0.008 * rate)] = 0
    tail = signal.sosfilt(signal.butter(1, (200, min(6000, 0.45 * rate)), "bandpass", fs=rate, output="sos"), tail)
    tail /= np.sqrt(np.square(tail).sum(axis=1, keepdims=True))
    return dry + wet * np.asarray(signal.fftconvolve(dry, tail, axes=1)[:, : dry.shape[1]])


def _add(out: Samples, sound: Samples, start: float, rate: int, pan: float) -> None:
    first = max(0, round(start * rate))
    frames = min(sound.size, out.shape[1] - first)
    if frames > 0:
        gains = np.sqrt([2 * (1 - pan), 2 * pan])
        out[:, first : first + frames] += gains[:, None] * sound[:frames]


def _tone(
    pitch: float, seconds: float, rate: int, *, slope: float, decay: float, harmonics: int, attack: float = 0.005
) -> Samples:
    """Return harmonics that fall as k^-slope, the higher the faster they decay."""
    time = np.arange(round(seconds * rate)) / rate
    hertz = 440.0 * 2 ** ((pitch - 69) / 12)
    out = np.zeros(time.size)
    for k in range(1, harmonics + 1):
        if k * hertz < 0.45 * rate:
            out += k**-slope * np.exp(-decay * (1 + 0.25 * (k - 1)) * time) * np.sin(2 * np.pi * k * hertz * time)
    edges = np.clip(time / attack, 0, 1) * np.clip((seconds - time) / 0.02, 0, 1)
    return np.asarray(out * edges)


def _kick(rate: int) -> Samples:
    time = np.arange(round(0.35 * rate)) / rate
    sweep = 2 * np.pi * (48 * time + 3.2 * (1 - np.exp(-time / 0.03)))
    return np.asarray(np.sin(sweep) * np.exp(-time / 0.09) + 0.3 * np.exp(-time / 0.002))


def _snare(rate: int, draw: np.random.Generator) -> Samples:
    time = np.arange(round(0.25 * rate)) / rate
    noise = signal.lfilter([1, -0.7], [1], draw.standard_normal(time.size))
    body = np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.05)
    return np.asarray(0.35 * noise * np.exp(-time / 0.06) + 0.6 * body)


def _hat(rate: int, draw: np.random.Generator) -> Samples:
    time = np.arange(round(0.08 * rate)) / rate
    high = signal.butter(2, min(6500, 0.35 * rate), "highpass", fs=rate, output="sos")
    return np.asarray(signal.sosfilt(high, draw.standard_normal(time.size)) * np.exp(-time / 0.02))
