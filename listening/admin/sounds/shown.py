"""What the page of an intake shows: a grid of marked cells, and faults in groups with their fixes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listening.admin.sounds.waveform import Waveform, drawn
from listening.anchors import RECIPES
from listening.intake.faults import Fault, Level
from listening.intake.grid import Delivered, Excerpt, Grid
from listening.intake.names import ACCOMPANIMENT, MIXTURE, is_reference
from listening.intake.waveform import decibels
from lossmodel.audio import Audio

MOST_FAULTS = 100
"""Faults of one kind that the page lists in full."""

TITLES: Mapping[str, Promise] = MappingProxyType(
    {
        "unreadable": gettext_lazy("Cannot be read"),
        "no-system": gettext_lazy("Nothing to rate"),
        "no-reference": gettext_lazy("No reference"),
        "missing": gettext_lazy("Missing sounds"),
        "double": gettext_lazy("Several files in one cell"),
        "unplaced": gettext_lazy("Files without a cell"),
        "long-name": gettext_lazy("Names that are too long"),
        "formula": gettext_lazy("Names that look like formulas"),
        "unicode": gettext_lazy("Names typed in several Unicode forms"),
        "cut-off": gettext_lazy("Cut-off files"),
        "nan": gettext_lazy("NaN or infinite samples"),
        "rate": gettext_lazy("Another sample rate"),
        "channels": gettext_lazy("Channels"),
        "length": gettext_lazy("Length"),
        "long": gettext_lazy("Longer than an excerpt"),
        "offset": gettext_lazy("Late or early against the reference"),
        "polarity": gettext_lazy("Inverted polarity"),
        "clipping": gettext_lazy("Clipped before export"),
        "dc": gettext_lazy("DC offset"),
        "silent": gettext_lazy("Silence"),
        "unmeasured": gettext_lazy("Loudness cannot be measured"),
        "true-peak": gettext_lazy("Turned down with the whole item"),
        "loudness": gettext_lazy("Far from the reference’s loudness"),
    }
)

ALL: Mapping[str, Promise] = MappingProxyType(
    {
        "resample": gettext_lazy("Resample all"),
        "stereo": gettext_lazy("Put all on both channels"),
        "shift": gettext_lazy("Shift all"),
        "invert": gettext_lazy("Invert all"),
        "without-dc": gettext_lazy("Remove all offsets"),
        "trim": gettext_lazy("Cut all to the shortest"),
        "excerpt": gettext_lazy("Use the loudest part of each"),
        "accept": gettext_lazy("Leave all as they are"),
        "shorten": gettext_lazy("Shorten all"),
        "plain-name": gettext_lazy("Remove the signs"),
        "leave-file": gettext_lazy("Leave out all these files"),
        "leave-item": gettext_lazy("Leave out all these items"),
    }
)
"""What a fix is called that is taken for all faults of a kind."""

MARKS: Mapping[str, tuple[str, Promise]] = MappingProxyType(
    {
        "stop": ("✕", gettext_lazy("to mend")),
        "warn": ("!", gettext_lazy("look at it")),
        "note": ("i", gettext_lazy("note")),
        "fine": ("✓", gettext_lazy("fine")),
        "empty": ("–", gettext_lazy("empty")),
    }
)


@dataclass(frozen=True)
class Cell:
    """One cell: its files, how it stands, and in words why."""

    column: str
    files: tuple[Delivered, ...]
    state: str
    words: str
    treated: bool

    @property
    def mark(self) -> str:
        """Return the sign of its state."""
        return MARKS[self.state][0]


@dataclass(frozen=True)
class Row:
    """An item's cells in the order of the columns."""

    item: str
    cells: tuple[Cell, ...]
    excerpt: str


@dataclass(frozen=True)
class Group:
    """All faults of a kind and a level, and what can be done about all of them at once."""

    kind: str
    level: Level
    title: str
    faults: tuple[Fault, ...]
    fixes: tuple[tuple[str, str, bool], ...]

    @property
    def mark(self) -> str:
        """Return the sign of its level."""
        return MARKS[self.level][0]

    @property
    def words(self) -> str:
        """Return its level in words."""
        return str(MARKS[self.level][1])

    @property
    def listed(self) -> tuple[Fault, ...]:
        """Return those that the page lists."""
        return self.faults[:MOST_FAULTS]


@dataclass(frozen=True)
class Column:
    """A column's name and what it is."""

    name: str
    role: str


def columns(grid: Grid) -> list[Column]:
    """Return the grid's columns with their role in words."""
    return [Column(name, role(name)) for name in grid.columns]


def role(column: str) -> str:
    """Return what a column is, in a word."""
    if is_reference(column):
        return _("reference")
    special = {MIXTURE: _("mixture"), ACCOMPANIMENT: _("accompaniment"), "hidden-reference": _("hidden reference")}
    return special.get(column) or (_("anchor") if column in RECIPES else _("system"))


def rows(grid: Grid, faults: Sequence[Fault]) -> list[Row]:
    """Return the grid's rows."""
    found: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        found.setdefault((fault.item, fault.column), []).append(fault)
    return [
        Row(
            item,
            tuple(_cell(grid, item, name, found.get((item, name), [])) for name in grid.columns),
            _excerpt(grid, item),
        )
        for item in grid.items
    ]


def groups(faults: Sequence[Fault]) -> list[Group]:
    """Return the faults by kind and level, the gravest first."""
    found: dict[tuple[str, Level], list[Fault]] = {}
    for fault in faults:
        found.setdefault((fault.kind, fault.level), []).append(fault)
    return [
        Group(kind, level, str(TITLES.get(kind, kind)), tuple(own), _for_all(own))
        for (kind, level), own in found.items()
    ]


def _cell(grid: Grid, item: str, column: str, faults: Sequence[Fault]) -> Cell:
    files = tuple(grid.cells.get((item, column), ()))
    level = min((fault.level for fault in faults), key=list(Level).index, default=None)
    state = str(level) if level else "fine" if files else "empty"
    words = "; ".join(fault.text for fault in faults) or str(MARKS[state][1])
    return Cell(column, files, state, words, any(file.treatment.to_json() for file in files))


def _excerpt(grid: Grid, item: str) -> str:
    chosen = grid.plan.excerpts.get(item)
    if chosen is None:
        return ""
    return _("%(start).2f s to %(end).2f s") % {
        "start": chosen.start, "end": chosen.start + chosen.frames / grid.plan.rate,
    }  # fmt: skip


def _for_all(faults: Sequence[Fault]) -> tuple[tuple[str, str, bool], ...]:
    """Return the fixes that every fault of a group offers, by what they are called for all."""
    if len(faults) < 2:
        return ()
    shared = set.intersection(*({fix.key for fix in fault.fixes} for fault in faults))
    own = [fix for fix in faults[0].fixes if fix.key in shared and fix.key in ALL]
    return tuple((fix.key, f"{ALL[fix.key]} ({len(faults)})", fix.safe) for fix in own)


@dataclass(frozen=True)
class Panel:
    """What is told of one file beside the grid."""

    file: Delivered
    faults: tuple[Fault, ...]
    treatment: str
    excerpt: Excerpt | None
    waveform: Waveform | None
    excerpt_seconds: float
    """How long the chosen excerpt is, or the longest that can be chosen."""
    reference: Delivered | None
    """What it is held against; None for the reference itself."""

    @property
    def figures(self) -> list[tuple[str, str]]:
        """Return what was measured, by name."""
        found = self.file.measured
        if found is None:
            return []
        loudness = "–" if found.loudness is None else f"{found.loudness:.1f} LUFS"
        channels = {1: _("mono"), 2: _("stereo")}.get(found.channels, str(found.channels))
        return [
            (_("Format"), f"{found.rate} Hz, {channels}"), (_("Length"), f"{found.seconds:.3f} s"),
            (_("Loudness"), loudness), (_("True peak"), f"{decibels(found.true_peak):.1f} dBTP"),
            (_("Samples in flat tops"), str(found.flat)), (_("DC offset"), f"{found.dc:.4f}"),
            *self._against_reference(),
        ]  # fmt: skip

    def _against_reference(self) -> list[tuple[str, str]]:
        found = self.file.alignment
        return [(_("Correlation with the reference"), f"{found.correlation:.2f}")] if found else []


def panel(grid: Grid, faults: Sequence[Fault], key: int) -> Panel | None:
    """Return what is told of the file with that key; None where it is gone."""
    file = next((file for file in grid.files if file.key == key), None)
    if file is None:
        return None
    own = tuple(fault for fault in faults if fault.file == key)
    sound = _like(file)
    told = grid.treatment(file).told(sound) if sound else ""
    excerpt = grid.plan.excerpts.get(file.item)
    wave = drawn(file.measured, excerpt, grid.plan.rate) if file.measured else None
    seconds = excerpt.frames / grid.plan.rate if excerpt else min(grid.plan.longest, wave.seconds if wave else 0)
    reference = grid.reference(file.item)
    against = None if reference is None or reference.key == key else reference
    return Panel(file, own, told, excerpt, wave, round(seconds, 3), against)


def _like(file: Delivered) -> Audio | None:
    """Return silence of the file's shape: what a treatment does is told of its shape alone."""
    found = file.measured
    return Audio(np.broadcast_to(np.float32(0), (found.channels, found.frames)), found.rate) if found else None
