"""Corrections of the grid: a fault mended, a file put elsewhere, a row or column renamed, an excerpt chosen."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from listening.admin.sounds.answers import back, open_intake
from listening.admin.sounds.runs import start
from listening.intake.faults import check
from listening.intake.grid import Delivered, Excerpt, Grid
from listening.intake.mending import mend, mend_safely, with_excerpt
from listening.intake.names import column_named, same_name
from listening.intake.treatment import Treatment
from listening.models import Preparation, Study
from listening.stimuli import intakes
from listening.stimuli.correcting import Correction, missed, told
from lossmodel.errors import BadInput

Correcting = Callable[[HttpRequest, Grid], tuple[Grid, str]]
"""The grid as it was asked for, and what was done in words."""


def correction(correct: Correcting) -> Callable[[HttpRequest, Study], HttpResponse]:
    """Make a page of a correction: its grid is kept, and the way leads back to the tab, where what is wrong is said."""

    @wraps(correct)
    def page(request: HttpRequest, study: Study) -> HttpResponse:
        cell, others = request.POST.get("cell", ""), ""
        try:
            intake = open_intake(study)
            seen = int(request.POST.get("version", intake.version))
            others = told(missed(intake, seen))
            before = intakes.grid_of(intake)
            after, said = correct(request, before)
            if not intakes.change(intake, before, after, Correction(request.user.get_username(), said, seen)):
                start(intake, Preparation.Work.CHECK)
        except (BadInput, ValueError) as error:
            wrong = str(error)
            return back(request, study, wrong=wrong if others in wrong else f"{others} {wrong}", cell=cell)
        return back(request, study, said=f"{said} {others}".strip(), cell=cell)

    return page


@correction
def fix(request: HttpRequest, grid: Grid) -> tuple[Grid, str]:
    """Take a fix: of one fault (`fault`), of all of a kind (`kind`), or every safe one (`safe`)."""
    if "safe" in request.POST:
        return mend_safely(grid), _("All safe fixes were applied.")
    key, name, kind = (request.POST.get(field, "") for field in ("fix", "fault", "kind"))
    found = [fault for fault in check(grid) if fault.id == name or (kind and fault.kind == kind)]
    offered = [fault for fault in found if key in {each.key for each in fault.fixes}]
    if not offered:
        raise BadInput(_("That is already fixed."))
    for fault in offered:
        if any(each.id == fault.id for each in check(grid)):
            grid = mend(grid, fault, key)
    return grid, _("Done: %s") % offered[0].text if len(offered) == 1 else _("Done for %d.") % len(offered)


@correction
def place(request: HttpRequest, grid: Grid) -> tuple[Grid, str]:
    """Put a file into a cell, out of the grid (`out`), or take back all that is done to it (`untreated`)."""
    key = int(request.POST.get("file", "0"))
    file = next((file for file in grid.files if file.key == key), None)
    if file is None:
        raise BadInput(_("This file no longer exists."))
    if "untreated" in request.POST:
        bare = replace(file, treatment=Treatment(), accepted=frozenset())
        return grid.changed(bare), _("All changes of %s were undone.") % file.name
    if "out" in request.POST:
        out = replace(file, item="", column="", accepted=file.accepted | {"left-out"})
        return grid.changed(out), _("%s was left out.") % file.name
    item, column = (same_name(request.POST.get(field, "").strip()) for field in ("item", "column"))
    if not item or not column:
        raise BadInput(_("Choose the item and the column of the file."))
    put = replace(file, item=item, column=column_named(column), accepted=file.accepted - {"left-out"})
    said = _("%(file)s was put into %(item)s, %(column)s.")
    return grid.changed(put), said % {"file": file.name, "item": put.item, "column": put.column}


@correction
def rename(request: HttpRequest, grid: Grid) -> tuple[Grid, str]:
    """Rename an item or a column, leave it out (`out`), or turn rows and columns round (`swap`)."""
    if "swap" in request.POST:
        turned = (replace(f, item=f.column, column=column_named(f.item)) for f in grid.files if f.placed)
        return grid.changed(*turned), _("Items and columns were swapped.")
    axis, old = request.POST.get("axis", ""), request.POST.get("old", "")
    own = [file for file in grid.files if file.placed and getattr(file, "item" if axis == "item" else "column") == old]
    if not own:
        raise BadInput(_("%s no longer exists.") % old)
    if "out" in request.POST:
        return _out(grid, own), _("%s was left out.") % old
    new = same_name(request.POST.get("new", "").strip())
    if not new:
        raise BadInput(_("Give a name."))
    said = _("%(old)s was renamed to %(new)s.") % {"old": old, "new": new}
    if axis == "item":
        return grid.changed(*(replace(file, item=new) for file in own)), said
    return grid.changed(*(replace(file, column=column_named(new)) for file in own)), said


@correction
def excerpt(request: HttpRequest, grid: Grid) -> tuple[Grid, str]:
    """Choose what is cut out of an item's sounds: `start` and `seconds`, faded over `fade` ms; or take the `whole`."""
    item = request.POST.get("item", "")
    if "whole" in request.POST:
        kept = {name: each for name, each in grid.plan.excerpts.items() if name != item}
        return replace(grid, plan=replace(grid.plan, excerpts=kept)), _("%s uses its whole sounds.") % item
    start, seconds, fade = (float(request.POST.get(field) or 0) for field in ("start", "seconds", "fade"))
    if start < 0 or fade < 0 or not 0.4 <= seconds <= grid.plan.longest:
        raise BadInput(_("Choose between 0.4 and %g seconds.") % grid.plan.longest)
    chosen = Excerpt(start, round(seconds * grid.plan.rate), fade)
    said = _("%(item)s was cut to %(seconds)g s, starting at %(start)g s.")
    return with_excerpt(grid, item, chosen), said % {"item": item, "seconds": seconds, "start": start}


def _out(grid: Grid, files: list[Delivered]) -> Grid:
    return grid.changed(*(replace(f, item="", column="", accepted=f.accepted | {"left-out"}) for f in files))
