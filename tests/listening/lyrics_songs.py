"""Aligned songs for tests: synthetic ones whose every word is known to the sample."""

from functools import cache
from pathlib import Path
from typing import Any

from django.core.files import File

from listening.models import Checkpoint, LyricsAlignment, TrainingRun
from listening.models.run import Status
from listening.tasks.align import envelope
from lossmodel import audio
from separation.data import synthetic
from separation.lyrics.aligned import AlignedLine, AlignedWord, Alignment
from separation.lyrics.synthetic import words

SECONDS, RATE = 8.0, 8000
READS_ENGLISH = {"recipe": {"lyrics": {"weight": 1.0, "alphabet": "english"}}}


@cache
def sung(seed: int = 0) -> Alignment:
    """Return the true times of a synthetic song, its second line unsure, with an unworded and a voiceless stretch."""
    own = words(seed, SECONDS)
    lines = []
    for number in sorted({word.line for word in own}):
        sure = 0.3 if number == 1 else 0.9
        placed = tuple(AlignedWord(word.written, word.start, word.end, sure) for word in own if word.line == number)
        text = " ".join(word.written for word in placed)
        lines.append(AlignedLine(text, number + 1, "sung", placed[0].start, placed[-1].end, sure, placed))
    last = lines[-1].words[-1]
    voiceless = ((last.start, last.end, last.written),)
    return Alignment(tuple(lines), SECONDS, 0.0, 0.4, True, (lines[1].number,), ((0.0, 0.4),), voiceless)


def recording(folder: Path, seed: int = 0) -> Path:
    """Return the song as a WAV file."""
    path = folder / f"song-{seed}.wav"
    if not path.exists():
        audio.write(path, synthetic.song(seed, SECONDS, RATE)["mixture"], subtype="PCM_16")
    return path


def text(seed: int = 0) -> str:
    """Return the song's lyrics."""
    return "\n".join(line.written for line in sung(seed).lines)


def reader(name: str = "reader", *, objective: Any = None, path: str = "x", card: Any = None) -> Checkpoint:
    """Return a row of a checkpoint that reads English lyrics."""
    run = TrainingRun.objects.create(name=name, recipe="tiny-lyrics", data="/songs", objective=objective)
    return Checkpoint.objects.create(run=run, step=10, path=path, sha256="b" * 64, card=card or READS_ENGLISH)


def asked(folder: Path, *, seed: int = 0, checkpoint: Checkpoint | None = None, **fields: Any) -> LyricsAlignment:
    """Return an alignment that waits for a worker."""
    path = recording(folder, seed)
    with path.open("rb") as file:
        return LyricsAlignment.objects.create(
            title=f"Song {seed}", checkpoint=checkpoint or reader(), recording=File(file, name=path.name),
            recorded_as=path.name, lyrics=text(seed), **fields,
        )  # fmt: skip


def aligned(folder: Path, *, seed: int = 0, **fields: Any) -> LyricsAlignment:
    """Return an alignment that is done."""
    run = asked(folder, seed=seed, **fields)
    found = {**sung(seed).facts(), "remarks": ["look at lines 2: their times are unsure"]}
    LyricsAlignment.objects.filter(pk=run.pk).update(
        status=Status.DONE, found=found, envelope=envelope(audio.read(recording(folder, seed)))
    )
    run.refresh_from_db()
    return run
