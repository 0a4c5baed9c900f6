"""The grid of items and columns that delivered files fill, with what is to be done to each of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from listening.intake.alignment import Alignment
from listening.intake.measure import Measured
from listening.intake.names import ACCOMPANIMENT, MIXTURE, by_numbers, is_reference, is_stimulus
from listening.intake.treatment import Treatment

UNTREATED = Treatment()


@dataclass(frozen=True)
class Delivered:
    """One file: its key, the name it came under, its cell ("" for none), what was found, and what is to be done."""

    key: int
    name: str
    item: str = ""
    column: str = ""
    measured: Measured | None = None
    problem: str = ""
    """Why it cannot be used, in one line; empty for a file that can be read."""
    alignment: Alignment | None = None
    """How it stands to its item's first reference, at that reference's rate; None where there is no telling."""
    aligned_to: int | None = None
    """The key of that reference."""
    treatment: Treatment = UNTREATED
    accepted: frozenset[str] = frozenset()
    """Kinds of fault that the researcher has accepted."""

    @property
    def placed(self) -> bool:
        """Tell whether it stands in the grid."""
        return bool(self.item and self.column)


@dataclass(frozen=True)
class Excerpt:
    """What is cut out of every sound of an item: from `start` (s), `frames` long at the study's rate, faded (ms)."""

    start: float
    frames: int
    fade: float = 0.0


@dataclass(frozen=True)
class Plan:
    """What the sounds are prepared for."""

    rate: int = 44100
    loudness: float | None = -24.0
    longest: float = 12.0
    mixture_needed: bool = False
    excerpts: Mapping[str, Excerpt] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()
    """Faults of cells without a file that were accepted, as `kind/item/column`."""


@dataclass(frozen=True)
class Grid:
    """All files of an intake and the plan for them."""

    files: tuple[Delivered, ...]
    plan: Plan = Plan()

    @cached_property
    def cells(self) -> Mapping[tuple[str, str], list[Delivered]]:
        """Return the files of each cell that has any."""
        found = defaultdict(list)
        for file in self.files:
            if file.placed:
                found[file.item, file.column].append(file)
        return dict(found)

    @cached_property
    def items(self) -> list[str]:
        """Return the items in order of their names, numbers in them by their size."""
        return sorted({file.item for file in self.files if file.placed}, key=by_numbers)

    @cached_property
    def columns(self) -> list[str]:
        """Return the columns: references, mixture and accompaniment, then what is rated."""
        return sorted({file.column for file in self.files if file.placed}, key=_order)

    def of_item(self, item: str) -> list[Delivered]:
        """Return the placed files of an item, its references first."""
        return sorted(
            (file for file in self.files if file.placed and file.item == item), key=lambda f: _order(f.column)
        )

    def reference(self, item: str) -> Delivered | None:
        """Return the item's first reference that can be read."""
        own = self.of_item(item)
        return next((file for file in own if is_reference(file.column) and file.measured), None)

    def channels(self, item: str) -> int:
        """Return how many channels the item's sounds are to have: two if any has two."""
        found = [file.treatment.channels or file.measured.channels for file in self.of_item(item) if file.measured]
        return min(2, max(found, default=1))

    def changed(self, *files: Delivered) -> "Grid":
        """Return the grid with these files in the place of those with the same keys."""
        new = {file.key: file for file in files}
        return replace(self, files=tuple(new.get(file.key, file) for file in self.files))

    def without(self, keys: Iterable[int]) -> "Grid":
        """Return the grid with these files out of their cells."""
        taken = set(keys)
        return self.changed(*(replace(file, item="", column="") for file in self.files if file.key in taken))

    def treatment(self, file: Delivered) -> Treatment:
        """Return all that is done to a placed file, its item's excerpt included."""
        excerpt = self.plan.excerpts.get(file.item)
        if excerpt is None:
            return file.treatment
        return replace(file.treatment, start=excerpt.start, frames=excerpt.frames, fade=excerpt.fade)

    def frames(self, file: Delivered) -> int:
        """Return how long the file is at the study's rate, before an excerpt is cut."""
        found = file.measured
        return round(found.frames * self.plan.rate / found.rate) if found else 0


def _order(column: str) -> tuple[int, str]:
    first = 0 if is_reference(column) else {MIXTURE: 1, ACCOMPANIMENT: 2}.get(column, 3)
    return first, column.casefold()


def systems(grid: Grid) -> list[str]:
    """Return the columns that are rated."""
    return [column for column in grid.columns if is_stimulus(column)]
