"""Which file is which: the manifest of estimates, their references and their mixtures (`pairs.csv`)."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lossmodel.cells import defused_row, restored
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file

REQUIRED_COLUMNS = ("item", "condition", "estimate", "reference", "mixture", "accompaniment")
COLUMNS = (*REQUIRED_COLUMNS, "role")
ROLES = ("system", "reference", "anchor")


@dataclass(frozen=True)
class Pair:
    """One condition of one item: the estimate, and what it is judged against."""

    item: str
    condition: str
    role: str
    estimate: Path
    references: tuple[Path, ...]
    mixture: Path | None = None
    accompaniment: Path | None = None

    def __str__(self) -> str:
        """Return what messages call it."""
        return f"item {self.item!r}, condition {self.condition!r}"

    @property
    def files(self) -> tuple[Path, ...]:
        """Return every file of the pair, the estimate first."""
        return (self.estimate, *self.references, *filter(None, (self.mixture, self.accompaniment)))


def read(path: Path, *, check_files: bool = True) -> list[Pair]:
    """Read a manifest: a CSV file with the columns `REQUIRED_COLUMNS` and perhaps `role` (else `system`).

    Paths are relative to the manifest; several admissible references stand in one cell, separated by `;`; mixture
    and accompaniment may be empty. Raises `BadInput`, naming the row (the header is row 1), for a column that is
    missing or unknown, a condition given twice for an item, a file without rows and, with `check_files`, a file that
    does not exist.
    """
    pairs: dict[tuple[str, str], Pair] = {}
    for where, row in _rows(path):
        pair = _pair(where, row, path.parent)
        if (pair.item, pair.condition) in pairs:
            raise BadInput(f"{where}: item {pair.item!r}, condition {pair.condition!r} is listed twice; keep one")
        if check_files:
            _check_files(where, pair)
        pairs[pair.item, pair.condition] = pair
    if not pairs:
        raise BadInput(f"{path}: no rows; one is needed for each estimate")
    return list(pairs.values())


def write(path: Path, pairs: Sequence[Pair], measures: Sequence[Mapping[str, object]] = ()) -> None:
    """Write a manifest that `read` reads, whole or not at all.

    `measures`, one mapping a pair, become further columns, in the order in which they appear (`metrics.csv`,
    `scores.csv`); a cell is empty where a pair lacks one.
    """
    further = list(dict.fromkeys(name for each in measures for name in each))
    with atomic_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, [*COLUMNS, *further], restval="")
        table.writeheader()
        for pair, measured in zip(pairs, measures or [{}] * len(pairs), strict=True):
            table.writerow(defused_row({**_cells(pair, path.parent), **measured}))


def _cells(pair: Pair, folder: Path) -> dict[str, str]:
    """Return the manifest's row of a pair, by column; files below `folder` by their path in it, others in full."""
    base = folder.resolve()
    return {
        "item": pair.item,
        "condition": pair.condition,
        "estimate": _name(pair.estimate, base),
        "reference": ";".join(_name(each, base) for each in pair.references),
        "mixture": _name(pair.mixture, base),
        "accompaniment": _name(pair.accompaniment, base),
        "role": pair.role,
    }


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield ("path: row n", cells) of each row."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, strict=True)
            _check_header(path, list(table.fieldnames or ()))
            for row in table:
                where = f"{path}: row {table.line_num}"
                if None in row or None in row.values():
                    raise BadInput(f"{where}: more or fewer cells than the header; quote cells that contain a comma")
                yield where, row
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise BadInput(f"{path}: not a CSV file in UTF-8 ({error})") from None


def _check_header(path: Path, header: list[str]) -> None:
    known = f"the columns are {', '.join(REQUIRED_COLUMNS)} and optionally role"
    if missing := [name for name in REQUIRED_COLUMNS if name not in header]:
        raise BadInput(f"{path}: no column {missing[0]!r}; {known}")
    if unknown := [name for name in header if name not in COLUMNS]:
        raise BadInput(f"{path}: unknown column {unknown[0]!r}; {known}")
    if len(set(header)) < len(header):
        raise BadInput(f"{path}: two columns have the same name; {known}")


def _pair(where: str, row: dict[str, str], folder: Path) -> Pair:
    cell = {name: restored(value.strip()) for name, value in row.items()}
    if empty := [name for name in ("item", "condition", "estimate", "reference") if not cell[name]]:
        raise BadInput(f"{where}: no {empty[0]}")
    role = cell.get("role") or "system"
    if role not in ROLES:
        raise BadInput(f"{where}: role {role!r}; it is one of {', '.join(ROLES)}")
    references = tuple(folder / name.strip() for name in cell["reference"].split(";") if name.strip())
    mixture, accompaniment = (folder / cell[name] if cell[name] else None for name in ("mixture", "accompaniment"))
    return Pair(cell["item"], cell["condition"], role, folder / cell["estimate"], references, mixture, accompaniment)


def _check_files(where: str, pair: Pair) -> None:
    for file in pair.files:
        if not file.is_file():
            raise BadInput(f"{where}: {file} does not exist; paths are relative to the manifest")


def _name(path: Path | None, folder: Path) -> str:
    if path is None:
        return ""
    found = path.resolve()
    return str(found.relative_to(folder) if found.is_relative_to(folder) else found)
