"""A CSV file among the sounds that says which file is which: of `lossmodel.manifest`, or item, condition, file."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from listening.intake.names import ACCOMPANIMENT, MIXTURE, REFERENCE, Place, column_named, same_name

LARGEST = 4 * 1024 * 1024
"""Bytes of a manifest that are read."""

FILE_COLUMNS = ("file", "path", "estimate", "filename")


def read(name: str, path: Path, files: Collection[str]) -> tuple[dict[str, Place], str]:
    """Return the places that the manifest `name` gives to `files`, and why it cannot be used ("" where it can).

    Its paths are relative to itself. It has the columns `item`, `condition` and `file` (or `estimate`); `reference`
    (several separated by `;`), `mixture` and `accompaniment` may stand beside them. Comma or semicolon, UTF-8 or
    Latin-1.
    """
    try:
        rows = list(_rows(path))
    except csv.Error as error:
        return {}, f"{name}: not a CSV file ({error}); left out"
    heading = next((each for each in FILE_COLUMNS if rows and each in rows[0]), "")
    if not heading or "item" not in rows[0] or "condition" not in rows[0]:
        return {}, f"{name}: not a manifest: it needs the columns item, condition and file; left out"
    known = {same_name(each): each for each in files}
    folder, found = PurePosixPath(name).parent, {}
    for row in rows:
        for file, column in _files(row, heading):
            if (whole := known.get(same_name(str(folder / file)))) is None:
                return {}, f"{name}: names {file!r}, which is not among the files; paths are relative to the manifest"
            found[whole] = Place(same_name(row["item"]), column)
    return found, ""


def _files(row: Mapping[str, str], heading: str) -> Iterator[tuple[str, str]]:
    """Yield (file, column) of a row."""
    if row[heading]:
        yield row[heading], column_named(row["condition"])
    names = [each.strip() for each in row.get(REFERENCE, "").split(";") if each.strip()]
    for name in names:
        yield name, REFERENCE if len(names) == 1 else f"{REFERENCE}-{PurePosixPath(name).stem}"
    for column in (MIXTURE, ACCOMPANIMENT):
        if row.get(column):
            yield row[column], column


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open("rb") as file:
        content = file.read(LARGEST)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    first = text.partition("\n")[0]
    table = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    for row in table:
        yield {str(key).strip().casefold(): str(value or "").strip() for key, value in row.items() if key}
