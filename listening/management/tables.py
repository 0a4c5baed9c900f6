"""What the commands that export a table share: which study, which format, and where it goes."""

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from listening.management.base import Command as Base
from listening.management.base import study as study_called
from lossmodel.files import atomic_file
from lossmodel.progress import bar, silent


class Export(Base):
    """Writes a table of a study to a file, or to standard output."""

    writers: Mapping[str, Callable[..., int]]
    """Formats by name; only `parquet` writes bytes."""
    unit: str
    """What a row is, in the plural."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for study, format and file."""
        parser.add_argument("slug")
        parser.add_argument("--format", default="csv", choices=list(self.writers))
        parser.add_argument("--output", type=Path, help="the file to write; default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the table whole, or not at all."""
        study, output = study_called(options["slug"]), options["output"]
        write, binary = (
            partial(self.writers[options["format"]], **self.narrowed(options)),
            options["format"] == "parquet",
        )
        if output is None:
            self._print(lambda: write(study, sys.stdout.buffer if binary else self.stdout, silent))
            return
        mode: dict[str, Any] = {"mode": "wb"} if binary else {"mode": "w", "encoding": "utf-8", "newline": ""}
        with atomic_file(output) as part, part.open(**mode) as file, bar("exporting") as report:
            count = write(study, file, report)
        self.stderr.write(self.style.SUCCESS(f"{output}: {count} {self.unit}"))

    def narrowed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a writer is told of which rows are wanted; nothing for all of them."""
        return {}

    def _print(self, write: Any) -> None:
        """Write to standard output; a reader that has seen enough (`| head`) ends it quietly."""
        try:
            write()
            self.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
