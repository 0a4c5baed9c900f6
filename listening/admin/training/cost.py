"""What a training will take, before it is started: time by what such steps took here, room by what such states took."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from listening.admin.progress import duration
from listening.admin.training import metrics
from listening.models import TrainingRun
from separation.recipe import Recipe

LOOKED_AT = 20
"""Newest trainings among which one by the same recipe is looked for."""


@dataclass(frozen=True)
class Cost:
    """Time and room in words; `measured` is the training that they are taken from, None where there is none."""

    steps: int
    time: str
    room: str
    free: str
    measured: TrainingRun | None = None


def estimate(name: str, recipe: Recipe, seen: "QuerySet[TrainingRun]") -> Cost:
    """Return what a training by `recipe`, called `name`, takes: unknown until one by it is among those `seen`."""
    free = filesizeformat(shutil.disk_usage(settings.MEDIA_ROOT if Path(settings.MEDIA_ROOT).is_dir() else "/").free)
    for run in seen.filter(recipe=name).order_by("-pk")[:LOOKED_AT]:
        if pace := metrics.pace(run.folder):
            room = _room(run) * max(1, -(-recipe.steps // recipe.checkpoint_every))
            time = duration(pace.seconds * recipe.steps)
            return Cost(recipe.steps, time, filesizeformat(room) if room else _("unknown"), free, run)
    return Cost(recipe.steps, _("unknown"), _("unknown"), free)


def _room(run: TrainingRun) -> int:
    """Return the bytes that a saved state of `run` takes with its examples; 0 before there is one."""
    newest = run.checkpoints.first()
    if newest is None:
        return 0
    places = (newest.folder, run.folder / "examples" / f"{newest.step:09d}")
    return sum(path.stat().st_size for place in places if place.is_dir() for path in place.iterdir() if path.is_file())
