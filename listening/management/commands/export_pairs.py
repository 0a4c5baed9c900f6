"""export_pairs: the manifest of a study's sounds, as `python -m lossmodel` reads it."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from listening.exports.ratings import pairs
from listening.management.base import Command as Base
from listening.management.base import study as study_called
from lossmodel import manifest


class Command(Base):
    help = (
        "Write one row a stimulus: its file, and those that it is judged against, as they are stored on this machine. "
        "Example: manage.py export_pairs pilot --output pairs.csv"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--output", type=Path, default=Path("pairs.csv"), help="default: %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        study, output = study_called(options["slug"]), options["output"]
        found = pairs(study)
        manifest.write(output, found)
        self.stderr.write(self.style.SUCCESS(f"{output}: {len(found)} stimuli"))
