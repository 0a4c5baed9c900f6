"""A checked grid becomes the sounds of a draft: its items are made side by side, and come in all or none."""

import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from listening import anchors, presets
from listening.intake.faults import Fault, Level, check, stops
from listening.intake.grid import Grid, systems
from listening.intake.names import ACCOMPANIMENT, MIXTURE, is_reference, is_stimulus
from listening.intake.reading import WORKERS, Paths
from listening.models import Audio, Condition, Item, Reference, Role, Stimulus, Study
from listening.stimuli.admission import checked, keep, together
from listening.stimuli.drafts import HIDDEN_REFERENCE
from listening.stimuli.making import Delivery, Made, Work, make
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent

SHOWN_FAULTS = 30
"""Faults that a refusal names in full."""


@dataclass(frozen=True)
class Prepared:
    """What was imported: items, sounds that were written, and a line for all that was done or noticed."""

    items: int
    sounds: int
    lines: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"items": self.items, "sounds": self.sounds, "lines": list(self.lines)}


def default_anchors(study: Study, grid: Grid) -> tuple[str, ...]:
    """Return the anchors of the study's method that the files do not bring themselves."""
    return tuple(name for name in presets.preset(study.preset).anchors if name not in systems(grid))


def refuse_faults(grid: Grid, study: Study) -> None:
    """Raise `BadInput` with everything that must be mended before the grid can be prepared."""
    found = [fault.text for fault in stops(check(grid))] + clashes(grid, study)
    if not grid.items:
        found.append("no file is in a cell; put some there")
    if found:
        more = f"; and {len(found) - SHOWN_FAULTS} more" if len(found) > SHOWN_FAULTS else ""
        raise BadInput(f"{_count(len(found))} to fix: {'; '.join(found[:SHOWN_FAULTS])}{more}")


def clashes(grid: Grid, study: Study) -> list[str]:
    """Return why these items cannot join those that the draft has."""
    if not Study.objects.filter(pk=study.pk).exists():
        return []
    present = set(study.items.filter(name__in=grid.items).values_list("name", flat=True))
    found = [
        f"{name}: the study has an item of this name already; give this one another name" for name in sorted(present)
    ]
    if study.items.exists() and grid.plan.rate != study.rate:
        found.append(f"the study's sounds have {study.rate} Hz, these {grid.plan.rate} Hz; resample them")
    return found


def prepare(
    study: Study, grid: Grid, paths: Paths, *, anchors: Sequence[str], folder: Path, report: Report = silent
) -> Prepared:
    """Fill the draft `study` with the sounds of `grid`: `make_all`, then `let_in`; errors as there."""
    made = make_all(study, grid, paths, anchors=anchors, folder=folder, report=report)
    return let_in(study, grid, made)


def make_all(
    study: Study, grid: Grid, paths: Paths, *, anchors: Sequence[str], folder: Path, report: Report = silent
) -> list[Made]:
    """Return the sounds of each item of `grid` as the draft `study` wants them, in files below `folder`.

    Anchors are rendered for each item. Where a sound of an item would clip at the study's loudness, all of the item
    are turned down alike. Touches no row. Raises `BadInput` where something is to be mended (all of it is told), and
    for a study that is no draft.
    """
    if study.status != Study.Status.DRAFT:
        raise BadInput(f"{study} is {study.status}: only a draft accepts sounds; redraft it")
    refuse_faults(grid, study)
    works = [_work(study, grid, item, paths, tuple(anchors)) for item in grid.items]
    made = []
    with ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(make, work, folder) for work in works]
        try:
            for number, future in enumerate(futures):
                report(number, len(works) + 1)
                made.append(future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return made


def let_in(study: Study, grid: Grid, made: Sequence[Made]) -> Prepared:
    """Give the draft the items that were made of `grid`, all or none.

    An item's first reference is hidden among its stimuli unless the files bring a hidden reference.
    """
    with together():
        lines = _let_in(study, grid, made)
    return Prepared(len(made), sum(len(each.sounds) for each in made), tuple(lines))


def _work(study: Study, grid: Grid, item: str, paths: Paths, anchors: tuple[str, ...]) -> Work:
    files = [file for file in grid.of_item(item) if file.measured]
    deliveries = tuple(Delivery(file.column, paths[file.key], file.name, grid.treatment(file)) for file in files)
    return Work(item, deliveries, anchors, study.loudness, zlib.crc32(f"{study.seed}/{item}".encode()))


def _let_in(study: Study, grid: Grid, made: Sequence[Made]) -> list[str]:
    if not study.items.exists() and study.rate != grid.plan.rate:
        Study.objects.filter(pk=study.pk, status=Study.Status.DRAFT).update(rate=grid.plan.rate)
        study.rate = grid.plan.rate
    hidden = HIDDEN_REFERENCE not in systems(grid)
    names = [*dict.fromkeys(column for each in made for column in each.sounds if is_stimulus(column))]
    rows = {name: _condition(study, name) for name in [*names, *([HIDDEN_REFERENCE] if hidden else [])]}
    notes = _notes(check(grid))
    return [line for each in made for line in _item(study, each, rows, notes.get(each.item, []))]


def _condition(study: Study, name: str) -> Condition:
    """Return the condition of that name, new where the draft has none."""
    if found := study.conditions.filter(name=name).first():
        return found
    role = Role.REFERENCE if name == HIDDEN_REFERENCE else Role.ANCHOR if name in anchors.RECIPES else Role.SYSTEM
    text = anchors.recipe(name).description if role == Role.ANCHOR else ""
    text = "the first open reference" if role == Role.REFERENCE else text
    row = checked(Condition(study=study, name=name, role=role, description=text))
    row.save()
    return row


def _item(study: Study, made: Made, conditions: dict[str, Condition], notes: list[str]) -> list[str]:
    """Save an item with all its sounds; returns what is worth knowing of it, which its note keeps too."""
    item = checked(Item(study=study, name=made.item))
    kept = {column: keep(known, made.path(column)) for column, known in made.sounds.items()}
    done = [f"{row.delivered_as}: {row.treatment}" for row in kept.values() if row.treatment and not made.turned_down]
    done += [f"all sounds turned down by {made.turned_down:.2f} dB, so that none clips"] * bool(made.turned_down)
    item.mixture, item.accompaniment = kept.get(MIXTURE), kept.get(ACCOMPANIMENT)
    item.note = "\n".join([*notes, *done])
    item.save()
    references = sorted(
        (column for column in kept if is_reference(column)), key=lambda column: (column != "reference", column)
    )
    for position, column in enumerate(references):
        name = column.partition("-")[2] or "vocals"
        checked(Reference(item=item, name=name, position=position, audio=kept[column])).save()
    _rate(item, {column: row for column, row in kept.items() if is_stimulus(column)}, conditions)
    if HIDDEN_REFERENCE in conditions and HIDDEN_REFERENCE not in kept:
        _rate(item, {HIDDEN_REFERENCE: kept[references[0]]}, conditions)
    return [f"{made.item}: {line}" for line in item.note.splitlines()]


def _rate(item: Item, sounds: dict[str, Audio], conditions: dict[str, Condition]) -> None:
    Stimulus.objects.bulk_create(
        Stimulus(item=item, condition=conditions[column], audio=row) for column, row in sounds.items()
    )


def _notes(faults: Sequence[Fault]) -> dict[str, list[str]]:
    """Return what is left to be known of each item: faults that were left as they are."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        if fault.item and fault.level != Level.STOP and fault.kind != "true-peak":
            found.setdefault(fault.item, []).append(fault.text)
    return found


def _count(number: int) -> str:
    return "1 fault" if number == 1 else f"{number} faults"
