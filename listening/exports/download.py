"""Tables sent to a browser row by row, so that a large study needs no more memory than a small one."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from listening.exports.ratings import FIELDS
from lossmodel.cells import defused_row


def csv_response(
    rows: Iterable[Mapping[str, Any]], name: str, columns: Sequence[str] = tuple(FIELDS)
) -> StreamingHttpResponse:
    """Return tidy rows (`listening.exports.ratings.rows` or others with their `columns`) as the download `name`.csv."""
    return StreamingHttpResponse(
        _lines(rows, columns),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "X-Content-Type-Options": "nosniff"},
    )


def _lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    table = csv.DictWriter(_EchoFile(), list(columns), lineterminator="\n")
    yield table.writeheader()
    for row in rows:
        yield table.writerow(defused_row(row))


class _EchoFile:
    """A file that returns each line to whoever writes it: `writerow` returns what `write` does."""

    def write(self, line: str) -> str:
        return line
