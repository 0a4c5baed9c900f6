"""Train a separator, against an objective or without, as the admin does."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from listening.management.runs import RunCommand, existing
from listening.models import Checkpoint, Objective, TrainingRun
from lossmodel.errors import BadInput
from separation import config


class Command(RunCommand):
    help = (
        "Train a separator on a folder of songs with their stems.  "
        "Example: manage.py train_separator --recipe perceptual --data songs --objective 3;  "
        "continue training 5: manage.py train_separator --resume 5"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--recipe", default="regression", help="name of a recipe or a TOML file")
        parser.add_argument("--data", type=Path, help="a folder of songs with their stems")
        parser.add_argument("--objective", type=int, metavar="N", help="train against this objective")
        parser.add_argument("--start", type=int, metavar="N", help="start from the weights of this checkpoint")
        parser.add_argument("--steps", type=int, help="number of steps; default: the recipe's")
        parser.add_argument("--name", help="name of the training; default: the recipe's")
        parser.add_argument("--seed", type=int, help="seed of all random draws; default: a new one")
        parser.add_argument("--resume", type=int, metavar="N", help="continue a training that ended early")

    def handle(self, *, resume: int | None, queue: bool, **options: Any) -> None:
        run = _resumed(resume) if resume is not None else _added(options)
        self.start(run, queue=queue)


def _added(options: dict[str, Any]) -> TrainingRun:
    config.load(options["recipe"])
    data: Path | None = options["data"]
    if data is None or not data.is_dir():
        raise BadInput(f"--data {data or ''}: give the folder of songs to train on")
    given = {} if options["seed"] is None else {"seed": options["seed"]}
    return TrainingRun.objects.create(
        name=options["name"] or Path(options["recipe"]).stem, recipe=options["recipe"], data=str(data.resolve()),
        objective=existing(Objective, options["objective"]), start=existing(Checkpoint, options["start"]),
        limit=options["steps"], **given,
    )  # fmt: skip


def _resumed(pk: int) -> TrainingRun:
    run: TrainingRun = existing(TrainingRun, pk)
    if not run.resume():
        raise BadInput(f"{run} is {run.status}: only a failed, cancelled or lost training can be resumed")
    return run
