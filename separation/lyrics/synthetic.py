"""Synthetic songs whose every word is known to the sample: the syllables of `separation.data.synthetic`, written down.

Words are one to three syllables of a consonant and a vowel; a line is what is sung in a bar. They are copies of no
language and say nothing about real lyrics.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lossmodel import audio
from lossmodel.files import atomic_folder
from separation.data import synthetic
from separation.data.score import Note, compose

BARS_OF_A_LINE = 1
MAX_SYLLABLES = 3


@dataclass(frozen=True)
class TimedWord:
    """A word, the time in seconds at which it begins and ends, and the number of its line."""

    written: str
    start: float
    end: float
    line: int


def words(seed: int, seconds: float) -> list[TimedWord]:
    """Return the words that `separation.data.synthetic.song` sings for a seed and length, in order."""
    score = compose(np.random.default_rng(seed), seconds)
    draw = np.random.default_rng((seed, MAX_SYLLABLES))
    found: list[TimedWord] = []
    for line, notes in enumerate(_lines(score.melody, BARS_OF_A_LINE * score.bar)):
        while notes:
            count = int(draw.integers(1, MAX_SYLLABLES + 1))
            syllables, notes = notes[:count], notes[count:]
            written = "".join(note.consonant + note.vowel for note in syllables)
            found.append(TimedWord(written, syllables[0].start, syllables[-1].start + syllables[-1].seconds, line))
    return found


def write_songs(folder: Path, seeds: Iterable[int], seconds: float, rate: int) -> Path:
    """Write songs as a JamendoLyrics-style folder: audio/, lines/, words/ and lyrics/; return it."""
    with atomic_folder(folder) as part:
        for seed in seeds:
            _write(part, f"synthetic-{seed:03d}", synthetic.song(seed, seconds, rate)["mixture"], words(seed, seconds))
    return folder


def _lines(melody: Sequence[Note], seconds: float) -> list[list[Note]]:
    """Return the notes line by line."""
    lines: dict[int, list[Note]] = {}
    for note in melody:
        lines.setdefault(int((note.start + 1e-6) / seconds), []).append(note)
    return list(lines.values())


def _write(folder: Path, name: str, mixture: audio.Audio, sung: Sequence[TimedWord]) -> None:
    lines = [[word for word in sung if word.line == number] for number in range(sung[-1].line + 1)]
    texts = [" ".join(word.written for word in line) for line in lines]
    for place in ("audio", "lines", "words", "lyrics"):
        (folder / place).mkdir(exist_ok=True)
    audio.write(folder / "audio" / f"{name}.wav", mixture)
    rows = [(line[0].start, line[-1].end, text) for line, text in zip(lines, texts)]
    _table(folder / "lines" / f"{name}.csv", ("start_time", "end_time", "lyrics_line"), rows)
    _table(folder / "words" / f"{name}.csv", ("word_start", "word_end"), [(word.start, word.end) for word in sung])
    (folder / "lyrics" / f"{name}.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")


def _table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows(rows)
