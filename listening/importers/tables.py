"""Reading other people's CSV files: every row with its place, every number checked."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from lossmodel.audio import SUFFIXES
from lossmodel.errors import BadInput


def read_rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield ("path: row n", cells) of each row; `BadInput` for no such file, no CSV, a missing column or cell."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, strict=True)
            if missing := [name for name in needed if name not in (table.fieldnames or ())]:
                raise BadInput(f"{path}: no column {missing[0]!r}; needed are {', '.join(needed)}")
            for row in table:
                where = f"{path}: row {table.line_num}"
                if empty := [name for name in needed if not row[name]]:
                    raise BadInput(f"{where}: no {empty[0]}; complete the row or take it out")
                yield where, row
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; give the folder that holds it") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: not a CSV file in UTF-8 ({error})") from None


def number(where: str, name: str, text: str | None) -> float:
    """Return `text` as a finite number, or raise `BadInput`."""
    try:
        value = float(text or "")
    except ValueError:
        raise BadInput(f"{where}: {name} {text!r}; a number is needed") from None
    if value != value or value in {float("inf"), float("-inf")}:
        raise BadInput(f"{where}: {name} {text!r}; a finite number is needed")
    return value


def whole_number(where: str, name: str, text: str | None) -> int:
    """Return `text` as a whole number from 0 that a place in an order can be, or raise `BadInput`."""
    value = number(where, name, text)
    if not value.is_integer() or not 0 <= value <= 32767:
        raise BadInput(f"{where}: {name} {text!r}; a whole number from 0 to 32767 is needed")
    return int(value)


def sound(where: str, *candidates: Path) -> Path:
    """Return the first candidate that exists, under its own suffix or another of a sound."""
    for candidate in candidates:
        for path in (candidate, *(candidate.with_suffix(suffix) for suffix in sorted(SUFFIXES))):
            if path.is_file():
                return path
    raise BadInput(f"{where}: {candidates[0]} does not exist; put the sound there")
