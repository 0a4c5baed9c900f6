"""Reading other people's CSV files as whoever wrote them meant them: every row with its place, every number checked.

What PHP, Excel and pymushra write is read alike: separated by commas, semicolons or tabs, in UTF-8, UTF-16 or
ISO-8859-1, a quote inside a cell doubled or behind a backslash.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from lossmodel.errors import BadInput

Note = Callable[[str], None]
"""Takes a sentence for the report of an import."""

SEPARATORS = (",", ";", "\t")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def quiet(_sentence: str) -> None:
    """Note nothing."""


def read_rows(
    path: Path, needed: Sequence[str], *, aliases: Mapping[str, str] | None = None, note: Note = quiet
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield ("path: row n", cells) of each row; columns called like a key of `aliases` get its value as their name.

    Raises `BadInput` for no such file, no CSV, a missing column or cell, and a row of another length than the header.
    """
    text = decoded(path, note)
    first = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=lambda each: (first.count(each), each == ","))
    try:
        table = _table(text, separator)
        header = [(aliases or {}).get(name, name) for name in next(table, (0, []))[1]]
        if missing := [name for name in needed if name not in header]:
            raise BadInput(f"{path}: no column {missing[0]!r}; required are {', '.join(needed)}")
        for line, cells in table:
            if cells:
                where = f"{path}: row {line}"
                yield where, _row(where, header, cells, needed)
    except csv.Error as error:
        raise BadInput(f"{path}: not a CSV file ({error})") from None


def decoded(path: Path, note: Note = quiet) -> str:
    """Return the text of the file: UTF-8, or UTF-16 that says so, or else read as ISO-8859-1, which is noted.

    Raises `BadInput` for no such file, and for a NUL byte, naming its row.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; give the folder that contains it") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    if data.startswith(UTF16_MARKS):
        return _as(path, data, "utf-16")
    if b"\0" in data:
        row = data[: data.index(b"\0")].count(b"\n") + 1
        raise BadInput(f"{path}: row {row}: has a NUL byte, which is not text; save the file again as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        note(f"{path.name} is not UTF-8 (row {row}): read as ISO-8859-1")
        return _western(data)


def number(where: str, name: str, text: str | None) -> float:
    """Return `text` as a finite number, or raise `BadInput`."""
    try:
        value = float((text or "").replace("_", "?"))
    except ValueError:
        raise BadInput(f"{where}: {name} {text!r}; a number is required") from None
    if value != value or value in {float("inf"), float("-inf")}:
        raise BadInput(f"{where}: {name} {text!r}; a finite number is required")
    return value


def whole_number(where: str, name: str, text: str | None) -> int:
    """Return `text` as a whole number from 0 that a place in an order can be, or raise `BadInput`."""
    value = number(where, name, text)
    if not value.is_integer() or not 0 <= value <= 32767:
        raise BadInput(f"{where}: {name} {text!r}; a whole number from 0 to 32767 is required")
    return int(value)


def _western(data: bytes) -> str:
    """Return the text as a browser reads ISO-8859-1: as Windows-1252, which has quotes and dashes besides."""
    try:
        return data.decode("windows-1252")
    except UnicodeDecodeError:
        return data.decode("iso-8859-1")


def _as(path: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not a text in {encoding} ({error.reason} at byte {error.start})") from None


def _table(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    r"""Yield the number of the line and the cells of each row; a `\"`, as PHP writes a quote in a cell, ends none."""
    escaped = '\\"' in text
    if escaped:
        text = re.sub(r'\\(?!")', r"\\\\", text)
    lines = io.StringIO(text, newline="")
    table = csv.reader(lines, delimiter=separator, strict=True, escapechar="\\" if escaped else None)
    for cells in table:
        yield table.line_num, cells


def _row(where: str, header: Sequence[str], cells: Sequence[str], needed: Sequence[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise BadInput(f"{where}: {len(cells)} cells, but the header has {len(header)}; make them equal")
    row = dict(zip(header, cells, strict=True))
    if empty := [name for name in needed if not row[name]]:
        raise BadInput(f"{where}: no {empty[0]}; complete or remove the row")
    return row
