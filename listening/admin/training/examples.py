"""What the checkpoints of a training sound like: the sounds and pictures that it wrote, beside the reference."""

import re
from dataclasses import dataclass
from pathlib import Path

from django.http import FileResponse, Http404
from django.urls import reverse

from listening.models import TrainingRun

EXAMPLES_FOLDER = "examples"
KINDS = ("reference", "mixture", "vocals")
FILE = re.compile(r"(?P<song>.+)\.(?P<kind>reference|mixture|vocals)\.(?P<suffix>flac|png)")
CONTENT_TYPES = {"flac": "audio/flac", "png": "image/png"}


@dataclass(frozen=True)
class Sound:
    """One sound of a song at a step: where it is heard and where its spectrogram is seen."""

    song: str
    kind: str
    step: int
    audio: str
    picture: str


@dataclass(frozen=True)
class ExampleSong:
    """One song: what was to be separated, the reference, and the vocals of each checkpoint, newest first."""

    song: str
    given: list[Sound]
    estimates: list[Sound]


def example_songs(run: TrainingRun) -> list[ExampleSong]:
    """Return the songs that the checkpoints of a training are to be heard on; none before the first checkpoint."""
    steps = sorted((step for step in _steps(run)), reverse=True)
    if not steps:
        return []
    found = []
    for song in sorted({name["song"] for name in _names(run, steps[0])}):
        given = [_sound(run, steps[0], song, kind) for kind in ("mixture", "reference")]
        found.append(
            ExampleSong(song, given, [_sound(run, step, song, "vocals") for step in steps if _has(run, step, song)])
        )
    return found


def send(run: TrainingRun, step: int, name: str) -> FileResponse:
    """Answer with one file of a training's examples; 404 for any other name."""
    match = FILE.fullmatch(name)
    path = _folder(run, step) / name
    if match is None or Path(name).name != name or not path.is_file():
        raise Http404
    answer = FileResponse(path.open("rb"), content_type=CONTENT_TYPES[match["suffix"]])
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


def _sound(run: TrainingRun, step: int, song: str, kind: str) -> Sound:
    audio, picture = (
        reverse("admin:listening_trainingrun_example", args=[run.pk, step, f"{song}.{kind}.{suffix}"])
        for suffix in CONTENT_TYPES
    )
    return Sound(song, kind, step, audio, picture)


def _steps(run: TrainingRun) -> list[int]:
    folder = run.folder / EXAMPLES_FOLDER
    return [int(each.name) for each in folder.iterdir() if each.name.isdigit()] if folder.is_dir() else []


def _names(run: TrainingRun, step: int) -> list[re.Match[str]]:
    return [match for each in _folder(run, step).iterdir() if (match := FILE.fullmatch(each.name))]


def _has(run: TrainingRun, step: int, song: str) -> bool:
    return (_folder(run, step) / f"{song}.vocals.flac").is_file()


def _folder(run: TrainingRun, step: int) -> Path:
    return run.folder / EXAMPLES_FOLDER / f"{step:09d}"
