"""import_study: bring in a folder of sounds, or a test that others ran."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from listening import stimuli
from listening.importers import FORMATS, import_study
from listening.importers.options import AUTOMATIC, NAMINGS, Options, scale
from listening.management.base import Command as Base
from listening.management.base import study as known_study
from listening.models import Study
from lossmodel.errors import BadInput
from lossmodel.progress import Report, bar


class Command(Base):
    help = (
        "Make a study of what is at PATH. A folder of sounds (<condition>/<item>.wav, <item>/<condition>.wav, "
        "<item>_<condition>.wav, a tree of stems or a CSV manifest; one condition being `reference`) becomes a draft "
        "with hidden reference and anchors, or fills one; everything that is wrong with it is told at once. A "
        "published test comes with its ratings. Example: manage.py import_study songs/ --slug pilot --fix"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--format", default="folder", choices=FORMATS)
        parser.add_argument("--slug", default="", help="the study's name in links; default: the name of the test")
        parser.add_argument("--preset", default="", metavar="KEY", help="the test method of a folder; default: ward-2")
        parser.add_argument("--into", default="", metavar="SLUG", help="fill this draft with a folder's sounds")
        parser.add_argument(
            "--fix",
            action="store_true",
            help="fix what is safe to fix: rate, channels, small differences in length, offset, polarity, DC",
        )
        parser.add_argument(
            "--accept",
            nargs="*",
            default=(),
            metavar="KIND",
            help="kinds of problem to accept, e.g. missing, cut-off, offset",
        )
        codes = [code for code, _name in settings.LANGUAGES]
        parser.add_argument(
            "--language", default="", choices=codes, help="language of a folder's texts; default: that of each browser"
        )

        test = parser.add_argument_group("information that the files of a published test lack")
        test.add_argument(
            "--scale", default="", metavar="LOW-HIGH", help="lowest and highest score, for example 1-5; default: 0-100"
        )
        test.add_argument("--session-column", default="", metavar="NAME", help="the column that identifies sessions")
        named = f"{', '.join(NAMINGS)} or a table with the columns element and condition (and page, for one page only)"
        test.add_argument("--conditions", default=AUTOMATIC, metavar="HOW", help=f"what names a system: {named}")
        test.add_argument("--results", type=Path, metavar="FILE", help="the file of ratings, if it is in another place")
        test.add_argument("--pages", default="", metavar="TYPE", help="the type of webMUSHRA's pages, as in bs1116")

    def handle(self, *args: Any, **options: Any) -> None:
        with bar("importing") as report:
            study = self.filled(options, report) if options["into"] else self.made(options, report)
        items, conditions = study.items.count(), study.conditions.count()
        rated = study.sessions.count()
        self.stdout.write(
            f"{study}: {study.status}, {items} items, {conditions} conditions, {rated} sessions; "
            f"see it at /admin/listening/study/{study.pk}/change/"
        )
        for name, note in study.items.exclude(note="").values_list("name", "note"):
            for line in note.splitlines():
                self.stdout.write(f"{name}: {line}")
        if study.import_report:
            self.stdout.write(study.import_report)

    def made(self, options: dict[str, Any], report: Report) -> Study:
        own = {name: options[name] for name in ("preset", "language", "fix", "accept")}
        told = Options(
            scale(options["scale"]), options["session_column"], options["conditions"], options["results"],
            options["pages"],
        )  # fmt: skip
        return import_study(options["path"], options["format"], options["slug"], report, options=told, **own)

    def filled(self, options: dict[str, Any], report: Report) -> Study:
        for option in ("slug", "preset", "language"):
            if options[option]:
                raise BadInput(f"--{option} {options[option]}: {options['into']} has its own; omit this option")
        if options["format"] != "folder":
            raise BadInput(f"--format {options['format']}: only a folder of sounds fills a draft")
        draft = known_study(options["into"])
        stimuli.fill_from_folder(draft, options["path"], fix=options["fix"], accept=options["accept"], report=report)
        return draft
