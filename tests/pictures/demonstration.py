"""A laboratory in the middle of its work, made in seconds: every name, rating, prediction and sound is invented.

One study is rated, an objective fitted to it, a separator trained on and rendered, and its follow-up rated too; another
study is a draft whose folder of sounds has just come.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from listening import presets, stimuli, tasks
from listening.admin.training.metrics import METRICS_FILE
from listening.audit import record
from listening.exports import ratings as export
from listening.models import (
    Analysis,
    Attribute,
    Checkpoint,
    Condition,
    Invitation,
    LyricsAlignment,
    Objective,
    Question,
    Rendering,
    Session,
    Study,
    StudyRole,
    TrainingRun,
)
from listening.stimuli import uploads
from lossmodel import audio
from separation.data.synthetic import write_songs
from tests.listening.intake.builders import changed
from tests.listening.intake.builders import folder as songs
from tests.listening.intake.test_intakes import run, send
from tests.listening.lyrics_songs import aligned
from tests.listening.panel import voices
from tests.pictures.panel import DESERVED, sit

ITEMS = ("anna", "ben", "clara", "dora")
CONDITIONS = {"good": "net A", "fair": "net B", "poor": "net C"}
PASSWORD = "demonstration"
PEOPLE = 12
TRAINING_STEPS = 40
SMALL = {"checkpoint_every": 10, "batch": 1, "network.levels": 3, "network.filters": 4, "data.seconds": 1.0}
"""Keys of the recipe that make a training one of seconds."""
WHO = {
    "responsible": "Dr. Ada Rose", "institution": "Institute of Sound, University of Northfield",
    "contact": "listening@northfield.example", "ethics": "24-017, Ethics Committee",
}  # fmt: skip


@dataclass(frozen=True)
class Demonstration:
    """The rows whose pages are shown."""

    rated: Study
    follow_up: Study
    draft: Study
    empty: Study
    sitting: Session
    excluded: Session
    objective: Objective
    training: TrainingRun
    running: TrainingRun
    rendering: Rendering
    lyrics: LyricsAlignment
    reader: Checkpoint


def make(folder: Path) -> None:
    """Make the demonstration's rows; its sounds, songs and runs lie below `folder`."""
    ada = User.objects.create_superuser("ada", password=PASSWORD, first_name="Ada")
    rated = _rated(folder, ada)
    trained = _trained(folder, _fitted(rated))
    _running(trained)
    _rendered(rated, trained)
    _finished(rated)[5].withdraw()
    excluded = _finished(rated)[4]
    excluded.exclude(ada, "a telephone rang half-way through")
    record(ada, rated, "excluded", f"{excluded}: a telephone rang half-way through")
    tasks.analyse(Analysis.objects.create(study=rated, baseline="net B").pk)
    _aligned(folder, ada)
    stimuli.new_study("pilot-2", "Pilot with a second choir", "mushra", **WHO)
    _draft(folder)


def made() -> bool:
    """Tell whether a demonstration was made to its end."""
    return Study.objects.filter(slug="pilot").exists()


def rows() -> Demonstration:
    """Return the rows of a demonstration that was made; the run under way gives a new sign of life."""
    TrainingRun.objects.filter(status="running").update(beat_at=timezone.now())
    rated = Study.objects.get(slug="choir")
    return Demonstration(
        rated, Study.objects.get(slug="choir-2"), Study.objects.get(slug="pilot"), Study.objects.get(slug="pilot-2"),
        _finished(rated)[1], rated.sessions.exclude(excluded_at=None).get(), Objective.objects.get(),
        TrainingRun.objects.get(status="done", recipe="tiny-perceptual"), TrainingRun.objects.get(status="running"),
        Rendering.objects.get(), LyricsAlignment.objects.get(), Checkpoint.objects.exclude(promoted_for="").get(),
    )  # fmt: skip


def _aligned(folder: Path, person: User) -> None:
    """Align a song with its lyrics, and correct a word."""
    song = aligned(folder, study=Study.objects.get(slug="choir"))
    song.checkpoint.promote()
    TrainingRun.objects.filter(pk=song.checkpoint.run_id).update(status="done", name="lyrics reader")
    word = song.machine.words[1]
    song.correct({1: (word.start + 0.08, word.end)}, user=person, revision=0)


def _finished(study: Study) -> list[Session]:
    return list(study.sessions.sat().exclude(finished_at=None).order_by("number"))


def _rated(folder: Path, owner: User) -> Study:
    method = presets.preset("ward-2").spoken()
    made = voices(
        folder, items=len(ITEMS), attributes=(), slug="choir", title="Lead vocals of choir recordings", quota=24,
        cell_quota=24, replicates=1, headphones="antiphase", volume_step=True, completion_code="VOICES-4711", **WHO,
        return_url="https://app.prolific.com/submissions/complete?cc=VOICES-4711", instructions=method.instructions,
        introduction="You will hear short excerpts of choir recordings from which the lead voice was taken out.",
        consent="Your ratings are stored under a random pseudonym. You may stop at any time.",
    )  # fmt: skip
    for position, text in enumerate(method.attributes):
        Attribute.objects.create(study=made, position=position, **vars(text))
    for old, new in CONDITIONS.items():
        Condition.objects.filter(study=made, name=old).update(name=new)
    for number, name in enumerate(ITEMS):
        made.items.filter(name=f"song{number}").update(name=name)
    _asked(made)
    _staffed(made, owner)
    sit(made, PEOPLE)
    record(owner, made, "froze")
    return made


def _asked(study: Study) -> None:
    often = "How often do you listen to music over headphones?"
    Question.objects.create(
        study=study, key="headphones", kind="choice", text=often, choices="Every day\nEvery week\nLess often"
    )
    Question.objects.create(
        study=study, key="choir", kind="choice", text="Do you sing in a choir?", choices="Yes\nNo", position=1
    )


def _staffed(study: Study, owner: User) -> None:
    StudyRole.objects.create(study=study, user=owner, role="owner")
    for name, role in (("grace", "analyst"), ("linus", "assistant")):
        StudyRole.objects.create(study=study, user=User.objects.create_user(name, is_staff=True), role=role)
    record(owner, study, "opened")
    made = Invitation.objects.make(study, [f"panel {number}" for number in range(1, 5)], user=owner)
    record(owner, study, "made", f"{len(made)} personal links")


def _fitted(rated: Study) -> Objective:
    made = Objective.objects.create(name="choir, first fit", recipe="compact", seed=1)
    made.ratings.set([export.freeze(rated)])
    tasks.fit(made.pk)
    return Objective.objects.get(pk=made.pk)


def _trained(folder: Path, objective: Objective) -> TrainingRun:
    """Return a training against the objective, done."""
    write_songs(folder / "songs", [1], 2.0, 11025)
    made = TrainingRun.objects.create(
        name="net A against the choir objective", recipe="tiny-perceptual", data=str(folder / "songs"), seed=1,
        limit=TRAINING_STEPS, overrides=SMALL, objective=objective,
    )  # fmt: skip
    tasks.train(made.pk)
    made.refresh_from_db()
    return made


def _running(done: TrainingRun) -> None:
    """Let another training be under way, half as far as the one that is done."""
    running = TrainingRun.objects.create(
        name="net A, twice the weight", recipe=done.recipe, data=done.data, seed=1,
        limit=TRAINING_STEPS, overrides=SMALL | {"losses.perceptual": 2.0}, objective=done.objective,
    )  # fmt: skip
    running.claim()
    running.beat(TRAINING_STEPS // 2, TRAINING_STEPS)
    running.folder.mkdir(parents=True)
    lines = (done.folder / METRICS_FILE).read_text().splitlines()[: TRAINING_STEPS // 2]
    (running.folder / METRICS_FILE).write_text("\n".join(lines) + "\n")


def _rendered(rated: Study, trained: TrainingRun) -> None:
    """Render the newest checkpoint, and rate the follow-up that this drafts."""
    newest = trained.checkpoints.order_by("-step")[0]
    made = Rendering.objects.create(checkpoint=newest, study=rated, condition="net A retrained", slug="choir-2")
    tasks.render(made.pk)
    Rendering.objects.filter(pk=made.pk).update(forecast=_forecast(rated))
    follow_up = Study.objects.get(slug="choir-2")
    Study.objects.filter(pk=follow_up.pk).update(title="Lead vocals, after retraining")
    follow_up.open()
    sit(follow_up, 8, seed=2)


def _forecast(study: Study) -> dict[str, Any]:
    """Return predictions near what people will say: a separator trained for seconds deserves others."""
    opinions = {name: {"mean": mean - 3, "low": mean - 9, "high": mean + 3} for name, mean in DESERVED.items()}
    items = dict.fromkeys(study.items.values_list("name", flat=True), opinions)
    return {"attributes": dict.fromkeys(study.attributes.values_list("key", flat=True), items)}


def _draft(folder: Path) -> None:
    """Make a draft to which a folder with faults has come: one sound inverted, one at another rate, one
    missing."""
    made = stimuli.new_study("pilot", "Pilot with four separators", "ward-2", **WHO)
    root = songs(folder / "delivered", items=5, systems=4, seconds=2, rate=44100, channels=2)
    for name in ITEMS:
        (root / f"song{ITEMS.index(name)}").rename(root / name)
    shutil.rmtree(root / "song4")
    inverted, slower = root / "anna" / "system1.wav", root / "ben" / "system0.wav"
    sound = audio.read(inverted)
    audio.write(inverted, changed(sound, -sound.samples), subtype="FLOAT")
    audio.write(slower, audio.resample(audio.read(slower), 48000), subtype="FLOAT")
    (root / "clara" / "system3.wav").unlink()
    intake = uploads.open_intake(made)
    send(intake, root)
    run(intake, "check")
