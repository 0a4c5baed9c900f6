"""An intake's rows and the grid they make: gathered (unpacked, listed, fetched), checked, corrected, prepared."""

import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from listening.anchors import MIXTURE_ANCHORS
from listening.intake.alignment import Alignment
from listening.intake.archive import Limits, unpack
from listening.intake.folders import MOST_FILES, files_below
from listening.intake.grid import Delivered, Excerpt, Grid
from listening.intake.measure import Measured
from listening.intake.names import is_sound
from listening.intake.reading import Paths, aligned, read
from listening.intake.treatment import Treatment
from listening.models import Intake, IntakeFile
from listening.stimuli.correcting import Correction, note, touched
from listening.stimuli.folder import at_common_rate, plan_of
from listening.stimuli.making import Made
from listening.stimuli.preparing import default_anchors, make_all
from lossmodel.errors import BadInput
from lossmodel.progress import Report, parts, silent

STORAGE = "storage:"
"""How a source begins that is a prefix of the storage."""

AT_ONCE = 16
"""Sounds that are aligned while a page waits; more are left to a worker."""


def check_files(intake: Intake, report: Report = silent) -> Grid:
    """Gather the intake's files, read those that are new, keep what was found; returns the grid."""
    gathering, reading = parts(report, 1, 3)
    gather(intake, gathering)
    before = grid_of(intake)
    grid = read(before.files, paths_of(intake), before, reading)
    if not intake.study.items.exists():
        grid = at_common_rate(grid)
    keep_grid(intake, before, grid)
    return grid


def make_files(intake: Intake, report: Report = silent) -> tuple[Grid, list[Made]]:
    """Return the grid and the sounds made of it; made before a preparation was interrupted, they are taken again."""
    grid = grid_of(intake)
    names = anchors_of(intake, grid)
    made = make_all(intake.study, grid, paths_of(intake), anchors=names, folder=intake.folder / "made", report=report)
    return grid, made


def anchors_of(intake: Intake, grid: Grid) -> tuple[str, ...]:
    """Return the anchors that are rendered: those chosen, or the method's, without what the files bring."""
    chosen = intake.plan.get("anchors")
    found = default_anchors(intake.study, grid) if chosen is None else tuple(chosen)
    return tuple(name for name in found if name not in grid.columns)


def grid_of(intake: Intake) -> Grid:
    """Return the grid of the intake's whole files, with its plan."""
    stored = intake.plan
    plan = plan_of(intake.study)
    if (names := stored.get("anchors")) is not None:
        plan = replace(plan, mixture_needed=intake.study.rules.open_mixture or bool(MIXTURE_ANCHORS & set(names)))
    excerpts = {item: Excerpt(**each) for item, each in stored.get("excerpts", {}).items()}
    accepted = frozenset(stored.get("accepted", ()))
    plan = replace(plan, rate=stored.get("rate") or plan.rate, excerpts=excerpts, accepted=accepted)
    rows = [row for row in intake.files.all() if (row.whole or row.problem) and not row.unpacked]
    return Grid(tuple(_delivered(row) for row in rows), plan)


def paths_of(intake: Intake) -> Paths:
    """Return where each of the intake's files lies."""
    return {row.pk: row.path for row in intake.files.select_related("intake")}


def keep_grid(intake: Intake, before: Grid, after: Grid) -> None:
    """Store what `after` changes: files in other cells, what was found of them, what is to be done, and the plan."""
    old = {file.key: file for file in before.files}
    changed = [_row(file) for file in after.files if old.get(file.key) != file]
    fields = ["item", "column", "problem", "measured", "alignment", "aligned_to", "treatment", "accepted"]
    plan = {
        **intake.plan, "rate": after.plan.rate, "accepted": sorted(after.plan.accepted),
        "excerpts": {item: asdict(each) for item, each in after.plan.excerpts.items()},
    }  # fmt: skip
    with transaction.atomic():
        IntakeFile.objects.bulk_update(changed, fields, batch_size=200)
        Intake.objects.filter(pk=intake.pk).update(plan=plan, touched_at=timezone.now())
    intake.plan = plan


def change(intake: Intake, before: Grid, after: Grid, correction: Correction | None = None) -> bool:
    """Store a correction; False where sounds stand to another reference now, and a worker has to look at them again.

    With `correction` it is noted who made it. Raises `BadInput` where somebody else changed the same, unseen.
    """
    names = touched(before, after)
    stale = [
        file for file in after.files if file.placed and file.measured and file.aligned_to != _reference(after, file)
    ]
    if len(stale) <= AT_ONCE:
        after = aligned(after, paths_of(intake))
    with transaction.atomic():
        if correction is not None:
            note(intake, correction, names)
        keep_grid(intake, before, after)
    return len(stale) <= AT_ONCE


def gather(intake: Intake, report: Report = silent) -> None:
    """Bring in what the rows do not show yet: the files of archives, of a server folder, or of a storage prefix."""
    archives = [row for row in intake.files.filter(suffix=".zip", unpacked=False, problem="") if row.whole]
    for row, own in zip(archives, parts(report, *[1] * len(archives)), strict=True):
        _unpack(row, own)
    if intake.source.startswith(STORAGE):
        _fetch(intake, intake.source.removeprefix(STORAGE), report)
    elif intake.source:
        _add(intake, {name: (path, "") for name, path in files_below(Path(intake.source)).items()})


def _unpack(row: IntakeFile, report: Report) -> None:
    folder = row.intake.folder / f"{row.pk}-unpacked"
    try:
        found = unpack(row.path, folder, row.name, limits=Limits(), report=report)
    except BadInput as error:
        IntakeFile.objects.filter(pk=row.pk).update(problem=str(error))
        return
    with transaction.atomic():
        _add(row.intake, {each.name: (each.path, each.problem) for each in found})
        IntakeFile.objects.filter(pk=row.pk).update(unpacked=True)
    row.path.unlink(missing_ok=True)


def _add(intake: Intake, files: Mapping[str, tuple[Path | None, str]]) -> None:
    known = set(intake.files.values_list("name", flat=True))
    rows = []
    for name, (path, problem) in files.items():
        if name[-1000:] not in known:
            size = path.stat().st_size if path else 0
            own = {"place": str(path or ""), "suffix": Path(name).suffix.lower()[:8], "problem": problem}
            rows.append(IntakeFile(intake=intake, name=name[-1000:], size=size, received=size, **own))
    IntakeFile.objects.bulk_create(rows, batch_size=500)


def _fetch(intake: Intake, prefix: str, report: Report) -> None:
    """Copy the sounds below a prefix of the storage into the intake's folder."""
    names = list(_stored(prefix))
    if not names:
        raise BadInput(f"{prefix}: no sounds below this prefix of the storage")
    known = set(intake.files.values_list("name", flat=True))
    for number, name in enumerate(names):
        report(number, len(names))
        short = name.removeprefix(prefix).lstrip("/")
        if short in known:
            continue
        path = intake.folder / "fetched" / f"{number}{Path(name).suffix.lower()[:8]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with default_storage.open(name, "rb") as remote, path.open("wb") as local:
            shutil.copyfileobj(remote, local)
        _add(intake, {short: (path, "")})


def _stored(prefix: str) -> list[str]:
    """Return the sounds and tables below a prefix; `BadInput` for one that is not below `INTAKE_PREFIX`."""
    allowed = settings.INTAKE_PREFIX
    if not prefix.startswith(allowed) or ".." in prefix.split("/"):
        raise BadInput(f"{prefix}: only files below {allowed} may be read; copy the sounds there")
    found: list[str] = []
    waiting = [prefix.rstrip("/")]
    while waiting and len(found) <= MOST_FILES:
        place = waiting.pop()
        if not default_storage.exists(place) and not settings.STORAGE_URL:
            continue
        folders, files = default_storage.listdir(place)
        waiting += [f"{place}/{name}" for name in sorted(folders)]
        found += [f"{place}/{name}" for name in sorted(files) if is_sound(name) or name.lower().endswith(".csv")]
    return found


def _reference(grid: Grid, file: Delivered) -> int | None:
    reference = grid.reference(file.item)
    return reference.key if reference else None


def _delivered(row: IntakeFile) -> Delivered:
    return Delivered(
        key=row.pk, name=row.name, item=row.item, column=row.column, problem=row.problem,
        measured=Measured.of(row.measured) if row.measured else None,
        alignment=Alignment(**row.alignment) if row.alignment else None, aligned_to=row.aligned_to,
        treatment=Treatment.of(row.treatment), accepted=frozenset(row.accepted),
    )  # fmt: skip


def _row(file: Delivered) -> IntakeFile:
    found: dict[str, Any] = {
        "measured": file.measured.to_json() if file.measured else None,
        "alignment": asdict(file.alignment) if file.alignment else None,
    }
    return IntakeFile(
        pk=file.key, item=file.item, column=file.column, problem=file.problem, aligned_to=file.aligned_to,
        treatment=file.treatment.to_json(), accepted=sorted(file.accepted), **found,
    )  # fmt: skip
