"""What assessors did: the only producer of event rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from listening.exports import tables
from listening.models import Event, Study
from lossmodel.progress import Report, silent

FIELDS: Mapping[str, type] = MappingProxyType(
    {
        "study": str, "session": int, "assessor": str, "attribute": str, "item": str, "trial": int, "part": int,
        "replicate": int, "load": str, "order": int, "at": str, "frame": int, "event": str, "sound": str,
        "position": int, "condition": str, "role": str, "value": float, "until": float, "simulated": bool,
    }
)  # fmt: skip
"""The tidy columns in their order (docs/commands.md tells their meaning), and what their values are."""

_LOOKUPS = MappingProxyType(
    {
        "study": "trial__session__study__slug",
        "session": "trial__session__number",
        "assessor": "trial__session__assessor__code",
        "attribute": "trial__attribute__key",
        "item": "trial__item__name",
        "trial": "trial__position",
        "part": "trial__part",
        "replicate": "trial__replicate",
        "event": "kind",
        "sound": "place",
        "position": "slot__position",
        "condition": "slot__stimulus__condition__name",
        "role": "slot__stimulus__condition__role",
        "simulated": "trial__session__assessor__simulated",
    }
)
"""Where columns are found that are not called so."""
_CHUNK_ROWS = 2000


def rows(study: Study, report: Report = silent) -> Iterator[dict[str, Any]]:
    """Yield one dict an event with the keys of `FIELDS`, by session, trial and the browser's order, trainings included.

    Sessions that were declined, withdrawn or excluded are left out.
    """
    names = [_LOOKUPS.get(column, column) for column in FIELDS]
    events = Event.objects.filter(trial__session__in=study.sessions.sat())
    events = events.order_by("trial__session__number", "trial__position", "at", "order", "pk")
    total = events.count()
    for number, values in enumerate(events.values_list(*names).iterator(chunk_size=_CHUNK_ROWS)):
        if number % _CHUNK_ROWS == 0:
            report(number, total)
        yield _plain(dict(zip(FIELDS, values, strict=True)))


def _writer(write: Callable[[Any, tables.Columns, Iterable[tables.Row]], int]) -> Callable[[Study, Any, Report], int]:
    """Return what writes a study's events to a file in a format, and returns their number."""
    return lambda study, file, report: write(file, FIELDS, rows(study, report))


WRITERS = MappingProxyType({name: _writer(write) for name, write in tables.WRITERS.items()})
"""Formats by name; only `parquet` writes bytes."""


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row in plain values: times in ISO 8601, and which kind of sound it was."""
    place, slot = row["sound"], row["position"]
    sound = f"open {place}" if place is not None else None
    return row | {
        "load": str(row["load"]),
        "at": row["at"].isoformat(timespec="milliseconds"),
        "sound": "stimulus" if slot is not None else sound,
    }
