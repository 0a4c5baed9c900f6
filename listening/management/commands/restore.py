"""Restore the installation from a backup."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from listening import backup
from listening.backup import databases
from listening.management import base
from lossmodel.errors import BadInput
from lossmodel.progress import bar


class Command(base.Command):
    help = (
        "Put what `manage.py backup` wrote in the place of this installation, after checking every hash. Stop the site "
        "and its workers first. Example: manage.py restore /backups/hearback.zip"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the archive")
        parser.add_argument("--replace", action="store_true", help="delete what this installation holds")

    def handle(self, *, file: Path, replace: bool, **_: Any) -> None:
        try:
            with bar("files") as report:
                made = backup.restore(file, replace=replace, report=report)
        except OSError as error:
            raise BadInput(f"{error.filename or file}: {error.strerror}; nothing was restored") from None
        self.stdout.write(f"restored the database and {len(made.files) - 1} files of {made.made_at:%Y-%m-%d %H:%M} UTC")
        if databases.known_migrations() - made.migrations:
            self.stdout.write("the backup is of an older version; now run manage.py migrate")
