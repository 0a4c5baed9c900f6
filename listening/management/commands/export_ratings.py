"""export_ratings: the tidy table of a study's ratings, to a file or to standard output."""

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from listening import export
from listening.management.base import Command as Base
from listening.management.base import study as study_called
from lossmodel.files import whole
from lossmodel.progress import bar, silent


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
        study, output = study_called(options["slug"]), options["output"]
        write, binary = export.WRITERS[options["format"]], options["format"] == "parquet"
        if output is None:
            self._print(lambda: write(study, sys.stdout.buffer if binary else self.stdout, silent))
            return
        mode: dict[str, Any] = {"mode": "wb"} if binary else {"mode": "w", "encoding": "utf-8", "newline": ""}
        with whole(output) as part, part.open(**mode) as file, bar("exporting") as report:
            count = write(study, file, report)
        self.stderr.write(self.style.SUCCESS(f"{output}: {count} ratings"))

    def _print(self, write: Any) -> None:
        """Write to standard output; a reader that has seen enough (`| head`) ends it quietly."""
        try:
            write()
            self.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
