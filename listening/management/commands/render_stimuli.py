"""Make stimuli of a study's items with a checkpoint, in a new draft study, as the admin does."""

from argparse import ArgumentParser
from typing import Any

from listening.management import base
from listening.management.runs import RunCommand, existing
from listening.models import Checkpoint, Rendering, Study
from lossmodel.errors import BadInput


class Command(RunCommand):
    help = (
        "Separate a study's mixtures with a checkpoint, as a new condition of a new draft study.  "
        "Example: manage.py render_stimuli ward2018 --checkpoint 7 --condition perceptual-1 --draft ward2018-2"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug", metavar="SLUG", help="the study whose items to render")
        parser.add_argument("--checkpoint", type=int, required=True, metavar="N", help="the checkpoint to render with")
        parser.add_argument("--condition", help="name of the new condition; default: the training's")
        parser.add_argument("--draft", metavar="SLUG", help="slug of the new study; default: SLUG-N")

    def handle(
        self, *, slug: str, checkpoint: int, condition: str | None, draft: str | None, queue: bool, **_: Any
    ) -> None:
        study, saved = base.study(slug), existing(Checkpoint, checkpoint)
        name = condition or f"{saved.run.name} {saved.step}"
        run = Rendering(study=study, checkpoint=saved, condition=name, slug=draft or _free(slug))
        if Study.objects.filter(slug=run.slug).exists():
            raise BadInput(f"a study {run.slug!r} exists already; choose another --draft")
        if study.conditions.filter(name=run.condition).exists():
            raise BadInput(f"{study} has a condition {run.condition!r} already; choose another --condition")
        run.save()
        self.start(run, queue=queue)


def _free(slug: str) -> str:
    """Return the first of slug-2, slug-3 … that no study has."""
    taken = set(Study.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    return next(name for number in range(2, len(taken) + 3) if (name := f"{slug[:70]}-{number}") not in taken)
