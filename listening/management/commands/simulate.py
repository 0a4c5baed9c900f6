"""Let simulated assessors rate a study: to see it work, to try the analysis, to plan how many are needed."""

from argparse import ArgumentParser
from typing import Any

from listening import tasks
from listening.exports import results
from listening.management import base
from lossmodel.errors import BadInput
from lossmodel.progress import bar


class Command(base.Command):
    help = (
        "Let simulated assessors rate a study; all their ratings are marked simulated.  "
        "Example: manage.py simulate demo --assessors 20 --seed 1"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the study to rate")
        parser.add_argument("--assessors", type=int, required=True, metavar="N", help="how many, 1 to 1000")
        parser.add_argument("--seed", type=int, default=1, help="seed of all random draws; default: 1")

    def handle(self, *, slug: str, assessors: int, seed: int, **_: Any) -> None:
        study = base.study(slug)
        if not 1 <= assessors <= 1000 or seed < 0:
            raise BadInput(f"--assessors {assessors} --seed {seed}: give 1 to 1000 assessors and a seed from 0")
        with bar(f"simulating on {study}") as report:
            sessions = tasks.simulate(study, assessors, seed, report)
        count = results.ratings(study).filter(slot__trial__session__in=sessions).count()
        self.stdout.write(
            f"{study}: {count} simulated ratings by {len(sessions)} simulated assessors (seed {seed}), "
            f"marked simulated in every row, page and export; the study is {study.get_status_display()}"
        )
