"""A singer made of numbers: a glottal pulse train with vibrato, heard through vowel formants, between consonant noises.

A pulse train is the sum of its harmonics, and a slowly moving formant filter only weights them; so each harmonic is
computed with the formants' gain at its momentary frequency. Nothing aliases and no filter has to change while it runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from separation.data.score import Note

CONTROL_RATE_HZ = 200
"""Pitch and formants are known so many times a second."""

HIGHEST_HARMONIC_HZ = 11000.0
"""No harmonics above, in Hz."""

TILT_FROM_HZ = 1500.0
"""Above this frequency in Hz the voice falls by 6 dB an octave more than its formants say."""

FORMANTS = {  # centre in Hz, level in dB, bandwidth in Hz (a tenor's)
    "a": ((650, 0, 80), (1080, -6, 90), (2650, -7, 120), (2900, -8, 130), (3250, -22, 140)),
    "e": ((400, 0, 70), (1700, -14, 80), (2600, -12, 100), (3200, -14, 120), (3580, -20, 120)),
    "i": ((290, 0, 40), (1870, -15, 90), (2800, -18, 100), (3250, -20, 120), (3540, -30, 120)),
    "o": ((400, 0, 40), (800, -10, 80), (2600, -12, 100), (2800, -12, 120), (3000, -26, 120)),
    "u": ((350, 0, 40), (600, -20, 60), (2700, -17, 100), (2900, -14, 120), (3300, -26, 120)),
}
CONSONANT_NOISES = {
    "s": (4500, 10000, 0.09, 0.2),
    "sh": (2200, 6500, 0.09, 0.2),
    "t": (2500, 8000, 0.025, 0.2),
    "k": (1200, 3500, 0.03, 0.2),
}
"""Unvoiced consonants: band in Hz, length in seconds, level."""

VOICED_CONSONANTS = ("m", "l")
"""Voiced consonants: the vowel starts behind closed lips."""


@dataclass(frozen=True)
class Singer:
    """What distinguishes one voice from another."""

    size: float
    """Formants are shifted by this factor: 1 a tenor, 1.2 a soprano."""
    vibrato: float
    """Hz."""
    depth: float
    """Vibrato's deviation in semitones."""
    breath: float
    """Level of the noise in the voice."""


def singer(draw: np.random.Generator, pitch: float) -> Singer:
    """Return a singer to whom that mean pitch (MIDI number) comes naturally."""
    size = float(np.clip(1.0 + 0.015 * (pitch - 55), 0.92, 1.22))
    return Singer(size, draw.uniform(4.8, 6.2), draw.uniform(0.15, 0.45), draw.uniform(0.004, 0.012))


def sing(
    notes: Sequence[Note], seconds: float, rate: int, who: Singer, draw: np.random.Generator
) -> NDArray[np.float64]:
    """Return the sung notes, mono, (frames,), peak about 1."""
    frames = round(seconds * rate)
    times = np.arange(int(seconds * CONTROL_RATE_HZ) + 2) / CONTROL_RATE_HZ
    pitch, level = _contour(notes, times, who, draw)
    voice = _voiced(frames, rate, times, pitch, level, _envelopes(notes, times, who))
    voice /= max(1e-9, np.abs(voice).max())
    at = np.arange(frames) / rate
    hiss = signal.lfilter([1, -0.9], [1], draw.standard_normal(frames))
    voice += who.breath * hiss * np.interp(at, times, level)
    for note in notes:
        _consonant(voice, note, rate, draw)
    return voice


def _contour(
    notes: Sequence[Note], times: NDArray[np.float64], who: Singer, draw: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return pitch (MIDI number) and level (0 to 1) at the control times: glides, vibrato that sets in late, drift."""
    pitch = np.full(times.shape, notes[0].pitch, dtype=float)
    level = np.zeros(times.shape)
    for note in notes:
        pitch[times >= note.start - 0.03] = note.pitch
        since, left = times - note.start, note.start + note.seconds - times
        onset = 0.05 if note.consonant in CONSONANT_NOISES else 0.0
        shape = np.clip((since - onset) / 0.04, 0, 1) * np.clip(left / 0.08, 0, 1)
        shape *= 0.85 + 0.15 * np.sin(np.pi * np.clip(since / note.seconds, 0, 1))
        level = np.maximum(level, shape)
        late = np.clip((since - 0.18) / 0.25, 0, 1) * (left > 0)
        pitch += who.depth * late * np.sin(2 * np.pi * who.vibrato * since)
    glide = signal.windows.hann(17)
    drift = np.convolve(draw.standard_normal(times.size), np.ones(40) / 40, mode="same")
    padded = np.pad(pitch, 8, mode="edge")
    return np.convolve(padded, glide / glide.sum(), mode="valid") + 0.25 * drift, level


def _envelopes(notes: Sequence[Note], times: NDArray[np.float64], who: Singer) -> NDArray[np.float64]:
    """Return centre, gain and bandwidth of each formant, gliding from vowel to vowel: (times, formants, 3)."""
    table = np.zeros((times.size, 5, 3))
    table[:] = _vowel(notes[0].vowel, who)
    for note in notes:
        table[times >= note.start] = _vowel(note.vowel, who)
        if note.consonant in VOICED_CONSONANTS:
            closed = (times >= note.start) & (times < note.start + 0.07)
            table[closed, 0] = (250, 0.6, 60)
            table[closed, 1:, 1] *= 0.1
    window = signal.windows.hann(13)
    return signal.convolve(
        np.pad(table, ((6, 6), (0, 0), (0, 0)), mode="edge"), (window / window.sum())[:, None, None], mode="valid"
    )


def _vowel(vowel: str, who: Singer) -> NDArray[np.float64]:
    return np.array([(centre * who.size, 10 ** (level / 20), width) for centre, level, width in FORMANTS[vowel]])


def _voiced(
    frames: int,
    rate: int,
    times: NDArray[np.float64],
    pitch: NDArray[np.float64],
    level: NDArray[np.float64],
    formants: NDArray[np.float64],
) -> NDArray[np.float64]:
    at = np.arange(frames) / rate
    hertz = 440.0 * 2 ** ((pitch - 69) / 12)
    phase = 2 * np.pi * np.cumsum(np.interp(at, times, hertz)) / rate
    voice = np.zeros(frames)
    top = min(HIGHEST_HARMONIC_HZ, 0.45 * rate)
    formants = formants.copy()
    formants[:, 0, 0] = np.maximum(formants[:, 0, 0], hertz)  # singers open up until the first formant meets the pitch
    for harmonic in range(1, int(top / hertz.min()) + 1):
        frequency = harmonic * hertz
        gain = level * _gain(frequency, formants) * (frequency < top)
        voice += np.interp(at, times, gain) * np.cos(harmonic * phase)
    return voice


def _gain(frequency: NDArray[np.float64], formants: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the voice's gain at one frequency a control time: resonances over a falling floor, duller to the top."""
    centre, gain, width = np.moveaxis(formants, -1, 0)
    f = frequency[:, None]
    resonances = gain / np.sqrt(((f**2 - centre**2) / (f * width)) ** 2 + 1)
    floor = 0.02 * (500 / np.maximum(frequency, 500)) ** 1.5
    return np.asarray((resonances.sum(axis=1) + floor) / np.hypot(1, frequency / TILT_FROM_HZ))


def _consonant(voice: NDArray[np.float64], note: Note, rate: int, draw: np.random.Generator) -> None:
    """Add the note's unvoiced consonant just where it begins."""
    if note.consonant not in CONSONANT_NOISES:
        return
    low, high, seconds, level = CONSONANT_NOISES[note.consonant]
    if low >= 0.45 * rate:
        return
    start, frames = round(note.start * rate), round(seconds * rate)
    band = signal.butter(2, (low, min(high, 0.45 * rate)), "bandpass", fs=rate, output="sos")
    noise = signal.sosfilt(band, draw.standard_normal(frames)) * signal.windows.tukey(frames, 0.6)
    room = min(frames, len(voice) - start)
    voice[start : start + room] += level * noise[:room] / max(1e-9, np.abs(noise).max())
