"""Fit an objective to the ratings of one study or several, as the admin does."""

from argparse import ArgumentParser
from typing import Any

from listening.exports import ratings as export
from listening.management import base
from listening.management.runs import RunCommand
from listening.models import Objective
from lossmodel.objective import config


class Command(RunCommand):
    help = "Freeze the ratings of studies and fit an objective to them.  Example: manage.py fit_objective ward2018"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slugs", nargs="+", metavar="SLUG", help="a study whose ratings to fit")
        parser.add_argument("--name", help="name of the objective; default: the slugs")
        parser.add_argument("--recipe", default="compact", help="name of a recipe or a TOML file; default: compact")
        parser.add_argument("--proved-only", action="store_true", help="leave out ratings whose sound is not proved")
        parser.add_argument("--seed", type=int, help="seed of all random draws; default: a new one")

    def handle(
        self, *, slugs: list[str], name: str | None, recipe: str, seed: int | None, queue: bool, **options: Any
    ) -> None:
        config.load(recipe)
        studies = [base.study(slug) for slug in dict.fromkeys(slugs)]
        sets = [export.freeze(study, proved_only=options["proved_only"]) for study in studies]
        given = {} if seed is None else {"seed": seed}
        objective = Objective.objects.create(name=name or "+".join(slugs)[:120], recipe=recipe, **given)
        objective.ratings.set(sets)
        self.start(objective, queue=queue)
        for key, found in (objective.card.get("evaluation") or {}).get("measures", {}).items():
            figures = f"Pearson r {_interval(found['pearson'])}, RMSE {_interval(found['rmse'])} points"
            self.stdout.write(f"{key}: {figures} on {found['songs']} songs left out in turn")


def _interval(found: dict[str, float]) -> str:
    return f"{found['value']:.3g} [{found['low']:.3g}, {found['high']:.3g}]"
