"""Back the whole installation up into one file."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from listening import backup
from listening.management import base
from lossmodel.errors import BadInput
from lossmodel.progress import bar


class Command(base.Command):
    help = (
        "Write the database and all files to one archive with a manifest of their hashes, while the site is in use. "
        "Example: manage.py backup /backups/hearback.zip"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the archive; an existing one is replaced once it is whole")

    def handle(self, *, file: Path, **_: Any) -> None:
        try:
            with bar("files") as report:
                made = backup.back_up(file, report)
        except OSError as error:
            raise BadInput(f"{error.filename or file}: {error.strerror}; no backup was written") from None
        self.stdout.write(f"{file}: the database and {len(made.files) - 1} files, {made.size >> 20} MiB")
        if settings.STORAGE_URL:
            self.stderr.write("what is in the bucket of STORAGE_URL is not in it: back the bucket up by its own means")
