"""export_ratings: the tidy table of a study's ratings, to a file or to standard output."""

from listening import export
from listening.management.tables import Export


class Command(Export):
    help = (
        "Write one row a rating, with the columns of ratings.csv. Example: manage.py export_ratings pilot --format "
        "parquet --output pilot.parquet"
    )
    writers = export.WRITERS
    unit = "ratings"
