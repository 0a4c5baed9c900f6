"""export_events: what assessors of a study did, and at which audio frame, to a file or to standard output."""

from listening import behaviour
from listening.management.tables import Export


class Command(Export):
    help = (
        "Write one row an event of a trial's page: play, switch, pause, seek, loop, end, heard to the end, a slider "
        "moved, a glitch. Example: manage.py export_events pilot --format parquet --output events.parquet"
    )
    writers = behaviour.WRITERS
    unit = "events"
