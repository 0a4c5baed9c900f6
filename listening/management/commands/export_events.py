"""export_events: what assessors of a study did, and at which audio frame, to a file or to standard output."""

from listening.exports import events as event_export
from listening.management.tables import Export


class Command(Export):
    help = (
        "Write one row an event of a trial's page: play, switch, pause, seek, loop, end, a stretch heard, heard to the "
        "end, a slider moved, a glitch, sounds proved or refused. Example: manage.py export_events pilot --format "
        "parquet --output events.parquet"
    )
    writers = event_export.WRITERS
    unit = "events"
