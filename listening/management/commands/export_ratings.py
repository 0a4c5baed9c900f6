"""export_ratings: the tidy table of a study's ratings, to a file or to standard output."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from listening import export
from listening.management.base import Command as Base
from listening.management.base import study as study_called
from lossmodel.files import whole


class Command(Base):
    help = (
        "Write one row a rating, with the columns of ratings.csv. Example: manage.py export_ratings pilot --format "
        "parquet --output pilot.parquet"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--format", default="csv", choices=list(export.WRITERS))
        parser.add_argument("--output", type=Path, help="the file to write; default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        study, kind, output = study_called(options["slug"]), options["format"], options["output"]
        write = export.WRITERS[kind]
        if output is None:
            write(study, sys.stdout.buffer if kind == "parquet" else self.stdout)
            return
        with whole(output) as part:
            if kind == "parquet":
                with part.open("wb") as file:
                    count = write(study, file)
            else:
                with part.open("w", encoding="utf-8", newline="") as text:
                    count = write(study, text)
        self.stderr.write(self.style.SUCCESS(f"{output}: {count} ratings"))
