"""A folder of sounds becomes a running draft, or fills one: names read, everything checked, anchors made.

    <item>/<column>.wav · <column>/<item>.wav · <item>_<column>.wav · trees of stems · a CSV manifest

where `reference`, `mixture` and `accompaniment` are special (several references: `reference-lead`, `reference-all`),
and a condition that is called like an anchor of `listening.anchors` is taken as that anchor.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.utils.text import slugify

from listening import presets
from listening.anchors import MIXTURE_ANCHORS
from listening.intake.faults import Fault, check
from listening.intake.folders import files_below
from listening.intake.grid import Delivered, Grid, Plan, systems
from listening.intake.mending import mend, mend_safely
from listening.intake.names import is_reference
from listening.intake.reading import Paths, read
from listening.models import Study
from listening.stimuli.admission import together
from listening.stimuli.drafts import save_new, unsaved_study
from listening.stimuli.making import Made
from listening.stimuli.preparing import Prepared, default_anchors, let_in, make_all
from lossmodel.errors import BadInput
from lossmodel.progress import Report, parts, silent

LAYOUT = "name the files <condition>/<item>.wav or <item>/<condition>.wav, with one condition `reference`"


def from_folder(
    folder: Path, slug: str = "", *, preset: str = "ward-2", title: str = "", fix: bool = False,
    accept: Collection[str] = (), report: Report = silent, **fields: Any,
) -> Study:  # fmt: skip
    """Return a draft study made of the sounds in `folder`, ready to be opened.

    Its sample rate is the one that most of its sounds have. Raises `BadInput`, and keeps nothing, for a folder in
    which there are no items, and otherwise with all faults that must be mended; `fix` mends the safe ones (rate,
    channels, length, offset, polarity …), `accept` takes kinds of fault as they are.
    """
    study = unsaved_study(slug or slugify(folder.name), title or folder.name, preset, **fields)
    with TemporaryDirectory() as work:
        grid, made = _made(study, folder, Path(work), fix, accept, report, own_rate="rate" not in fields)
        with together():
            save_new(study)
            let_in(study, grid, made)
    return study


def fill_from_folder(
    study: Study, folder: Path, *, fix: bool = False, accept: Collection[str] = (), report: Report = silent
) -> Prepared:
    """Let the sounds in `folder` into the draft `study`; errors as `from_folder`."""
    with TemporaryDirectory() as work:
        grid, made = _made(study, folder, Path(work), fix, accept, report, own_rate=not study.items.exists())
        return let_in(study, grid, made)


def _made(
    study: Study, folder: Path, work: Path, fix: bool, accept: Collection[str], report: Report, *, own_rate: bool
) -> tuple[Grid, list[Made]]:
    reading, making = parts(report, 1, 2)
    grid, paths = read_folder(folder, plan_of(study), reading)
    grid = at_common_rate(grid) if own_rate else grid
    grid = accepted(mend_safely(grid) if fix else grid, accept)
    anchors = default_anchors(study, grid)
    return grid, make_all(study, grid, paths, anchors=anchors, folder=work, report=making)


def read_folder(folder: Path, plan: Plan, report: Report = silent) -> tuple[Grid, Paths]:
    """Return the grid that the files in `folder` fill, and where each lies; `BadInput` where there is no item in it."""
    found = files_below(folder)
    paths = dict(enumerate(found.values(), start=1))
    grid = read([Delivered(key, name) for key, name in enumerate(found, start=1)], paths, Grid((), plan), report)
    if not any(is_reference(column) for column in grid.columns):
        raise BadInput(f"{folder}: no sound is a reference; {LAYOUT}")
    if not systems(grid):
        raise BadInput(f"{folder}: no system to rate besides {', '.join(grid.columns)}; {LAYOUT}")
    return grid, paths


def plan_of(study: Study) -> Plan:
    """Return what a grid of this study is prepared for."""
    method = presets.preset(study.preset)
    needed = study.rules.open_mixture or bool(MIXTURE_ANCHORS & set(method.anchors))
    return Plan(rate=study.rate, loudness=study.loudness, longest=study.longest, mixture_needed=needed)


def at_common_rate(grid: Grid) -> Grid:
    """Return the grid at the rate that most of its sounds have."""
    rates = Counter(file.measured.rate for file in grid.files if file.placed and file.measured)
    rate = rates.most_common(1)[0][0] if rates else grid.plan.rate
    return replace(grid, plan=replace(grid.plan, rate=rate))


def accepted(grid: Grid, kinds: Collection[str]) -> Grid:
    """Return the grid with every fault of these kinds taken as it is; `BadInput` for one that cannot be."""
    for kind in kinds:
        grid = _accepted(grid, kind)
    return grid


def _accepted(grid: Grid, kind: str) -> Grid:
    def open_faults() -> list[Fault]:
        return [f for f in check(grid) if f.kind == kind and "accept" in {fix.key for fix in f.fixes}]

    for fault in open_faults():
        grid = mend(grid, fault, "accept")
    return grid
