"""Everything that is wrong or worth knowing about a grid of files, told at once, each with the ways out of it."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from listening.intake.grid import Delivered, Grid, systems
from listening.intake.names import MIXTURE, REFERENCE, is_reference, is_stimulus
from listening.intake.waveform import of_cell

LONGEST_ITEM_NAME, LONGEST_COLUMN_NAME = 120, 80


class Level(StrEnum):
    """How grave a fault is."""

    STOP = "stop"
    """Nothing can be prepared before it is mended or accepted."""
    WARN = "warn"
    """It will be heard, or makes ratings wrong; it may be left."""
    NOTE = "note"
    """Worth knowing, and kept with the item."""


@dataclass(frozen=True)
class Fix:
    """A way out: `safe` where it changes nothing that a listener is to judge, so that all such may be taken at once."""

    key: str
    label: str
    safe: bool = False


@dataclass(frozen=True)
class Fault:
    """One fault: its kind, what it is in words, its cell, its file, and the fixes that there are."""

    kind: str
    level: Level
    text: str
    item: str = ""
    column: str = ""
    file: int | None = None
    fixes: tuple[Fix, ...] = ()

    @property
    def id(self) -> str:
        """Return what names it on a page, and stays the same while it stands."""
        return f"{self.kind}/{self.item}/{self.column}/{self.file or ''}"


KEEP_EMPTY = Fix("accept", "Leave it empty")
LEAVE_ITEM = Fix("leave-item", "Leave out the item")
LEAVE_FILE = Fix("leave-file", "Leave out the file")
PLAIN_NAME = Fix("plain-name", "Remove the sign", safe=True)
FORMULA_SIGNS = "=+-@"
FORMULA = "{}: begins with a character that makes spreadsheets treat it as a formula"
LEAVE_COLUMN = Fix("leave-column", "Leave out the condition")


def check(grid: Grid) -> list[Fault]:
    """Return all faults, the gravest first, else in the order of the grid."""
    found = [*_names(grid), *_missing(grid), *_double(grid), *_unplaced(grid)]
    for item in grid.items:
        for file in grid.of_item(item):
            found += list(_unreadable(file)) or list(of_file(grid, file))
    order = list(Level)
    return sorted(found, key=lambda fault: order.index(fault.level))


def stops(faults: list[Fault]) -> list[Fault]:
    """Return those that must be fixed first."""
    return [fault for fault in faults if fault.level == Level.STOP]


def of_file(grid: Grid, file: Delivered) -> Iterator[Fault]:
    """Yield the faults of a file that can be read; those that were accepted are notes."""
    for kind, level, text, fixes in of_cell(grid, file):
        given = Level.NOTE if kind in file.accepted else Level(level)
        offered = () if kind in file.accepted else tuple(Fix(*fix) for fix in fixes)
        yield Fault(kind, given, text, file.item, file.column, file.key, offered)


def _unreadable(file: Delivered) -> Iterator[Fault]:
    if file.problem or file.measured is None:
        text = file.problem or f"{file.name}: was not measured yet"
        yield Fault("unreadable", Level.STOP, text, file.item, file.column, file.key, (LEAVE_FILE, LEAVE_ITEM))


def _missing(grid: Grid) -> Iterator[Fault]:
    if grid.files and not systems(grid):
        yield Fault("no-system", Level.STOP, "there is no system to rate; assign files to a condition")
    for item in grid.items:
        own = {column for name, column in grid.cells if name == item}
        if not any(is_reference(column) for column in own):
            yield Fault("no-reference", Level.STOP, f"{item} has no reference", item, REFERENCE, None, (LEAVE_ITEM,))
        for column in _lacking(grid, own):
            yield _lack(grid, item, column)


def _lacking(grid: Grid, own: set[str]) -> list[str]:
    """Return the columns that an item lacks and others have; the mixture also where only anchors need it."""
    expected = [column for column in grid.columns if column != REFERENCE and not is_reference(column)]
    if grid.plan.mixture_needed and MIXTURE not in expected:
        expected.insert(0, MIXTURE)
    return [column for column in expected if column not in own]


def _lack(grid: Grid, item: str, column: str) -> Fault:
    text = f"{item} has no {column}" + (
        ", others have" if column in grid.columns else ", and an anchor or the page needs it"
    )
    stop = is_stimulus(column) or (column == MIXTURE and grid.plan.mixture_needed)
    accepted = f"missing/{item}/{column}" in grid.plan.accepted
    fixes = (
        *([KEEP_EMPTY] if is_stimulus(column) else []),
        LEAVE_ITEM,
        *([LEAVE_COLUMN] if is_stimulus(column) else []),
    )
    level = Level.STOP if stop and not accepted else Level.NOTE
    return Fault("missing", level, text, item, column, None, () if accepted else fixes)


def _double(grid: Grid) -> Iterator[Fault]:
    for (item, column), files in grid.cells.items():
        if len(files) > 1:
            names = ", ".join(file.name for file in files)
            fixes = tuple(Fix(f"keep-{file.key}", f"Keep {file.name}") for file in files[:4])
            text = f"{item} has {len(files)} files as {column}: {names}"
            yield Fault("double", Level.STOP, text, item, column, None, fixes)


def _unplaced(grid: Grid) -> Iterator[Fault]:
    for file in grid.files:
        if not file.placed and not file.accepted:
            text = file.problem or f"{file.name}: its name gives neither item nor condition; put it into a cell"
            yield Fault("unplaced", Level.NOTE, text, "", "", file.key)


def _names(grid: Grid) -> Iterator[Fault]:
    for item in grid.items:
        if len(item) > LONGEST_ITEM_NAME:
            text = f"{item[:40]}…: the item's name has {len(item)} characters, {LONGEST_ITEM_NAME} are possible"
            yield Fault("long-name", Level.STOP, text, item, "", None, (Fix("shorten", "Shorten it", safe=True),))
    for column in grid.columns:
        if len(column) > LONGEST_COLUMN_NAME:
            text = (
                f"{column[:40]}…: the condition's name has {len(column)} characters, {LONGEST_COLUMN_NAME} are possible"
            )
            yield Fault("long-name", Level.STOP, text, "", column, None, (Fix("shorten", "Shorten it", safe=True),))
    yield from _formulas(grid)
    spellings = defaultdict(set)
    for file in grid.files:
        for piece in file.name.split("/"):
            spellings[unicodedata.normalize("NFC", piece)].add(piece)
    for name, typed in sorted(spellings.items()):
        if len(typed) > 1:
            text = f"{name} is typed in {len(typed)} Unicode forms (NFC, NFD); they are treated as one name"
            yield Fault("unicode", Level.NOTE, text, name if name in grid.items else "")


def _formulas(grid: Grid) -> Iterator[Fault]:
    """Yield the names that a spreadsheet would carry out when it opens an export."""
    for item in grid.items:
        if item[0] in FORMULA_SIGNS:
            yield Fault("formula", Level.WARN, FORMULA.format(item), item, "", None, (PLAIN_NAME,))
    for column in grid.columns:
        if column[0] in FORMULA_SIGNS:
            yield Fault("formula", Level.WARN, FORMULA.format(column), "", column, None, (PLAIN_NAME,))
