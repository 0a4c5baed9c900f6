"""Train a separator, and keep what it saves as checkpoints of its run."""

import os
import shutil
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.db.models import Max

from listening.database import patiently
from listening.models import Checkpoint, Objective, TrainingRun
from listening.tasks.log import run_log
from listening.tasks.runs import carry_out, finite
from lossmodel.errors import BadInput
from lossmodel.files import atomic_folder, read_json, sha256
from lossmodel.progress import Report, silent


@shared_task(name="listening.tasks.train")
def train(pk: int, report: Report = silent) -> None:
    """Train a separator; goes on from the newest checkpoint where there is one."""
    carry_out(TrainingRun.objects.get(pk=pk), _logged, report)


def _logged(run: TrainingRun, report: Report) -> None:
    with run_log(run):
        _train(run, report)


def _train(run: TrainingRun, report: Report) -> None:
    from separation import config, device
    from separation.training.loop import train as trained

    start = {"init": str(run.start.folder)} if run.start else {}
    recipe = config.load(run.recipe, {"seed": run.seed, **run.overrides, **start})
    if not recipe.examples_every:
        recipe = recipe.model_copy(update={"examples_every": recipe.checkpoint_every})
    TrainingRun.objects.filter(pk=run.pk).update(device=device.described(settings.TRAINING_DEVICE))

    def reported(step: int, steps: int) -> None:
        if step % recipe.checkpoint_every == 0:
            patiently(lambda: _file_checkpoint(run))
        report(step, steps)

    try:
        best = trained(
            recipe, Path(run.data), run.folder, objective=_fitted(run.objective), steps=run.limit,
            device=settings.TRAINING_DEVICE, resume=True, known_step=_newest_step(run), report=reported,
        )  # fmt: skip
    finally:
        patiently(lambda: _file_checkpoint(run))
    run.finish(card=finite(read_json(best / "card.json")), sha256=sha256(best / "card.json"))


def _fitted(objective: Objective | None) -> Path | None:
    if objective is not None and objective.status != "done":
        raise BadInput(f"{objective} is {objective.status}; wait until it is fitted, or choose another")
    return objective.folder if objective else None


def _newest_step(run: TrainingRun) -> int:
    """Return the step of the newest checkpoint that has a row; 0 for none."""
    return run.checkpoints.aggregate(step=Max("step"))["step"] or 0


def _file_checkpoint(run: TrainingRun) -> None:
    """Keep the training's newest saved state under its own name, with its row; nothing if it is kept already.

    The files are linked, not copied: a saved state is replaced as a whole and never changed.
    """
    last = run.folder / "last"
    if not (last / "card.json").is_file():
        return
    step = int(read_json(last / "card.json")["step"])
    if run.checkpoints.filter(step=step).exists():
        return
    path = run.folder / "checkpoints" / f"{step:08d}"
    with atomic_folder(path) as part:
        shutil.copytree(last, part, copy_function=os.link, dirs_exist_ok=True)
    place, card = str(path.relative_to(settings.MEDIA_ROOT)), path / "card.json"
    own = {"path": place, "sha256": sha256(card), "card": finite(read_json(card))}
    Checkpoint.objects.get_or_create(run=run, step=step, defaults=own)
