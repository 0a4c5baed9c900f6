"""Fit an objective to the ratings of one study or several, as the admin does."""

from argparse import ArgumentParser
from typing import Any

from listening import export
from listening.management import base
from listening.management.runs import RunCommand
from listening.models import Objective
from lossmodel.objective import config


class Command(RunCommand):
    help = "Freeze the ratings of studies and fit an objective to them.  Example: manage.py fit_objective ward2018"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slugs", nargs="+", metavar="SLUG", help="a study whose ratings to fit")
        parser.add_argument("--name", help="what the objective is called; the slugs if not given")
        parser.add_argument("--recipe", default="compact", help="its name or a TOML file; compact if not given")
        parser.add_argument("--seed", type=int, help="where every draw comes from; a new one if not given")

    def handle(
        self, *, slugs: list[str], name: str | None, recipe: str, seed: int | None, queue: bool, **_: Any
    ) -> None:
        config.load(recipe)
        sets = [export.freeze(study) for study in map(base.study, dict.fromkeys(slugs))]
        given = {} if seed is None else {"seed": seed}
        objective = Objective.objects.create(name=name or "+".join(slugs)[:120], recipe=recipe, **given)
        objective.ratings.set(sets)
        self.start(objective, queue=queue)
        for key, found in (objective.card.get("evaluation") or {}).get("measures", {}).items():
            figures = f"Pearson r {_interval(found['pearson'])}, RMSE {_interval(found['rmse'])} points"
            self.stdout.write(f"{key}: {figures} on {found['songs']} songs left out in turn")


def _interval(found: dict[str, float]) -> str:
    return f"{found['value']:.3g} [{found['low']:.3g}, {found['high']:.3g}]"
