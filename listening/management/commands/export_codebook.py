"""export_codebook: what every column of every table of a study means, to a file or to standard output."""

from listening.exports import codebook
from listening.management.tables import Export


class Command(Export):
    help = (
        "Write one row per column of ratings, events, replies and pairs.csv: its meaning, unit and levels. Example: "
        "manage.py export_codebook pilot --output codebook.csv"
    )
    writers = codebook.WRITERS
    unit = "columns"
