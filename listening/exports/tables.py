"""A tidy table written as CSV, JSON or Parquet, row by row: never the whole of it at once."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import IO, Any

from lossmodel.cells import defused

Row = Mapping[str, Any]
Columns = Mapping[str, type]
"""The columns in their order, each with what its values are: `str`, `int`, `float` or `bool`."""

CHUNK_ROWS = 2000
"""Rows of a Parquet batch."""


def write_csv(file: IO[str], columns: Iterable[str], rows: Iterable[Row]) -> int:
    """Write CSV with a header, formulas defused; returns the number of rows."""
    count, names = 0, list(columns)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    for count, row in enumerate(rows, start=1):  # noqa: B007
        writer.writerow([defused(row[name]) for name in names])
    return count


def write_json(file: IO[str], _columns: Iterable[str], rows: Iterable[Row]) -> int:
    """Write a list of objects; returns the number of rows."""
    count, encode = 0, json.JSONEncoder(ensure_ascii=False).encode
    for row in rows:
        file.write(("[\n" if count == 0 else ",\n") + encode(row))
        count += 1
    file.write("\n]\n" if count else "[]\n")
    return count


def write_parquet(file: IO[bytes], columns: Columns, rows: Iterable[Row]) -> int:
    """Write typed columns; returns the number of rows."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    count, schema, table = 0, pa.schema([(name, kinds[kind]) for name, kind in columns.items()]), iter(rows)
    with parquet.ParquetWriter(file, schema) as writer:
        for chunk in _chunks(table):
            writer.write_batch(pa.RecordBatch.from_pylist(chunk, schema=schema))
            count += len(chunk)
    return count


WRITERS: Mapping[str, Callable[[Any, Any, Iterable[Row]], int]] = MappingProxyType(
    {"csv": write_csv, "parquet": write_parquet, "json": write_json}
)
"""Formats by name; only `parquet` writes bytes."""


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk
