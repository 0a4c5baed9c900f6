"""export_ratings: the tidy table of a study's ratings, to a file or to standard output."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from listening.exports import ratings as export
from listening.management.tables import Export


class Command(Export):
    help = (
        "Write one row per rating, with the columns of ratings.csv. Example: manage.py export_ratings pilot --format "
        "parquet --output pilot.parquet"
    )
    writers = export.WRITERS
    unit = "ratings"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--proved-only", action="store_true", help="leave out ratings whose sound is not proved")
        parser.add_argument(
            "--with-excluded", action="store_true",
            help="keep the ratings of excluded sessions, with the reason in an additional column `excluded`",
        )  # fmt: skip

    def narrowed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return {name: options[name] for name in ("proved_only", "with_excluded")}
