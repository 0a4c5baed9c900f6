"""Two studies with a row of every kind, and everybody who may stand before them."""

from pathlib import Path

from django.contrib.auth.models import User

from listening.exports import ratings as export
from listening.models import Checkpoint, LyricsAlignment, Objective, Rendering, Study, StudyRole, TrainingRun
from tests.listening.panel import rate, voices

ROLES = ("assistant", "analyst", "owner")


def ring(folder: Path, slug: str = "voices") -> Study:
    """Return a rated study from which an objective was fitted, a separator trained, and a rendering asked for."""
    study = voices(folder, slug=slug, items=1)
    rate(study, assessors=2)
    objective = Objective.objects.create(name=f"{slug}-objective", recipe="compact")
    objective.ratings.set([export.freeze(study)])
    training = TrainingRun.objects.create(name=f"{slug}-training", recipe="tiny", data="/songs", objective=objective)
    checkpoint = Checkpoint.objects.create(run=training, step=10, path="x", sha256="a" * 64)
    Rendering.objects.create(checkpoint=checkpoint, study=study, condition=f"{slug}-new", slug=f"{slug}-next")
    LyricsAlignment.objects.create(
        title=f"{slug}-song", study=study, checkpoint=checkpoint, recording="songs/none.wav", lyrics="la"
    )
    return study


def staff(name: str, study: Study | None = None, role: str = "") -> User:
    """Return a member of staff, with a role in a study where one is given."""
    user = User.objects.create_user(name, is_staff=True)
    if study is not None:
        StudyRole.objects.create(study=study, user=user, role=role)
    return user


def everybody(study: Study, other: Study) -> dict[str, User | None]:
    """Return the people by what they are to `study`; the stranger owns `other`, nobody is not signed in."""
    people: dict[str, User | None] = {"anonymous": None, "guest": staff("guest")}
    people |= {role: staff(role, study, role) for role in ROLES}
    return people | {"stranger": staff("stranger", other, "owner"), "superuser": User.objects.create_superuser("root")}
