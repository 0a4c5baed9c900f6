"""export_replies: what assessors of a study said besides their ratings, to a file or to standard output."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from listening.exports import replies
from listening.management.base import Command as Base
from listening.management.base import study as study_called
from lossmodel.files import atomic_file


class Command(Base):
    help = (
        "Write one row a reply of the questionnaires, a headphone check, an attention trial or a comment. "
        "Example: manage.py export_replies pilot --output replies.csv"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--format", default="csv", choices=list(replies.WRITERS))
        parser.add_argument("--output", type=Path, help="the file to write; default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        study, output = study_called(options["slug"]), options["output"]
        write = replies.WRITERS[options["format"]]
        if output is None:
            stream: Any = self.stdout
            write(study, stream)
            return
        with atomic_file(output) as part, part.open("w", encoding="utf-8", newline="") as file:
            count = write(study, file)
        self.stderr.write(self.style.SUCCESS(f"{output}: {count} rows"))
