"""import_study: bring in a folder of sounds, or a test that others ran."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from listening.importers import FORMATS, import_study
from listening.management.base import Command as Base
from lossmodel.progress import bar


class Command(Base):
    help = (
        "Make a study of what is at PATH. A folder of sounds (<condition>/<item>.wav or <item>/<condition>.wav, one "
        "condition being `reference`) becomes a draft with hidden reference and anchors; a published test comes with "
        "its ratings. Example: manage.py import_study songs/ --format folder --slug pilot --preset mushra"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument("--slug", default="", help="what the study is called in links; default: after the test")

        parser.add_argument("--preset", default="", metavar="KEY", help="the test method of a folder; default: ward-2")
        codes = [code for code, _name in settings.LANGUAGES]
        parser.add_argument("--language", default="", choices=codes, help="of a folder's texts; default: the browser's")

    def handle(self, *args: Any, **options: Any) -> None:
        own = {name: options[name] for name in ("preset", "language")}
        with bar("importing") as report:
            study = import_study(options["path"], options["format"], options["slug"], report, **own)
        items, conditions = study.items.count(), study.conditions.count()
        rated = study.sessions.count()
        self.stdout.write(
            f"{study}: {study.status}, {items} items, {conditions} conditions, {rated} sessions; "
            f"see it at /admin/listening/study/{study.pk}/change/"
        )
