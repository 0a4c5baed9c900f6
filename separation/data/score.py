"""What a synthetic song consists of before anybody plays it: tempo, key, chords, a melody with syllables."""

from dataclasses import dataclass

import numpy as np

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
CHORD_PROGRESSIONS = ((0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (0, 3, 1, 4), (0, 2, 3, 4))
"""Chord roots as degrees of the scale, a bar each."""

BAR_RHYTHMS = ((1, 1, 1, 1), (1.5, 0.5, 1, 1), (0.5, 0.5, 1, 2), (1, 0.5, 0.5, 1, 1), (2, 1, 1), (0.5, 1, 0.5, 2))
"""Lengths of a bar's notes, in beats."""

BEATS_PER_BAR = 4
MELODY_STEPS = (-2, -1, -1, 0, 1, 1, 2)
VOWELS = "aeiou"
CONSONANTS = ("s", "sh", "t", "k", "m", "l", "")


@dataclass(frozen=True)
class Note:
    """A pitch (MIDI number) from `start` for `seconds`, sung on a syllable."""

    start: float
    seconds: float
    pitch: float
    consonant: str
    vowel: str


@dataclass(frozen=True)
class Score:
    """A song to be played: `chords` holds the MIDI pitches of each bar's triad, root first."""

    beat: float
    seconds: float
    chords: tuple[tuple[int, ...], ...]
    melody: tuple[Note, ...]

    @property
    def bar(self) -> float:
        """Return the length of a bar in seconds."""
        return BEATS_PER_BAR * self.beat


def compose(draw: np.random.Generator, seconds: float) -> Score:
    """Return a song of that length: four chords in a circle and a melody over them that breathes at each second bar."""
    beat = 60.0 / draw.uniform(84, 132)
    scale = MAJOR if draw.random() < 0.5 else MINOR
    tonic = int(draw.integers(41, 53))
    progression = CHORD_PROGRESSIONS[draw.integers(len(CHORD_PROGRESSIONS))]
    bars = int(np.ceil(seconds / (BEATS_PER_BAR * beat)))
    degrees = [progression[bar % len(progression)] for bar in range(bars)]
    chords = tuple(tuple(tonic + _pitch(scale, degree + third) for third in (0, 2, 4)) for degree in degrees)
    octave = 12 * int(draw.integers(0, 2))
    melody = tuple(_melody(draw, scale, degrees, tonic + 12 + octave, beat, seconds))
    return Score(beat, seconds, chords, melody)


def _melody(
    draw: np.random.Generator, scale: tuple[int, ...], degrees: list[int], tonic: int, beat: float, seconds: float
) -> list[Note]:
    """Walk by small steps, land on a chord tone at each bar, rest on the last note of each second bar."""
    notes: list[Note] = []
    phrase = [BAR_RHYTHMS[draw.integers(len(BAR_RHYTHMS))] for _ in range(2)]
    for bar, root in enumerate(degrees):
        place = root + int(draw.choice((0, 2, 4)))
        start = bar * BEATS_PER_BAR * beat
        rhythm = phrase[bar % 2]
        for number, beats in enumerate(rhythm):
            length = beats * beat * (0.55 if bar % 2 and number == len(rhythm) - 1 else 0.97)
            if start + 0.1 < seconds:
                pitch = tonic + _pitch(scale, place % 9)
                syllable = str(draw.choice(CONSONANTS)), str(draw.choice(list(VOWELS)))
                notes.append(Note(start, min(length, seconds - start), pitch, *syllable))
            start += beats * beat
            place += int(draw.choice(MELODY_STEPS))
    return notes


def _pitch(scale: tuple[int, ...], degree: int) -> int:
    octave, place = divmod(degree, len(scale))
    return 12 * octave + scale[place]
