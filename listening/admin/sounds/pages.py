"""The Sounds tab itself, in whichever state the study's sounds are, and the buttons that start work on them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from listening import anchors, audit
from listening.admin.imported import imported
from listening.admin.progress import progress
from listening.admin.show import lineage
from listening.admin.sounds import shown
from listening.admin.sounds.answers import back, open_intake
from listening.admin.sounds.runs import newest, start
from listening.admin.sounds.singing import suggested
from listening.admin.workbench import page
from listening.exports import sounds
from listening.exports.download import csv_response
from listening.intake.faults import check, stops
from listening.intake.folders import below_roots
from listening.intake.grid import Grid
from listening.models import Intake, Preparation, Study
from listening.stimuli import intakes, uploads
from lossmodel.errors import BadInput

Context = dict[str, Any]


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the tab: sounds on their way, and those that the study has."""
    intake = study.intakes.filter(ended_at=None).first()
    own: Context = {"intake": intake, "material": sounds.material(study), "roots": settings.INTAKE_ROOTS}
    own |= {"draft": study.status == Study.Status.DRAFT, "last": _last(study)}
    own |= {"lineage": lineage(study), "imported": imported(study)}
    if intake:
        own |= _on_their_way(request, intake)
    return page(request, study, "sounds", "admin/listening/sounds/tab.html", own)


def progress_of_run(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with how far the newest run of the study's intake is."""
    run = Preparation.objects.filter(intake__study=study).order_by("-pk").first()
    return HttpResponse(_progress(study, run) if run else "")


def table(request: HttpRequest, study: Study) -> StreamingHttpResponse:
    """Answer with a CSV of every sound: what it was delivered as, and what was done to it."""
    return csv_response(sounds.rows(study), f"{study.slug}-sounds", sounds.COLUMNS)


def check_files(request: HttpRequest, study: Study) -> HttpResponse:
    """Look at what has come."""
    try:
        start(open_intake(study), Preparation.Work.CHECK)
    except BadInput as error:
        return back(request, study, wrong=str(error))
    return back(request, study)


def name_folder(request: HttpRequest, study: Study) -> HttpResponse:
    """Take the sounds of a server folder below the configured roots, or of a prefix of the storage, where they lie."""
    name = request.POST.get("source", "").strip()
    try:
        stored = name.startswith(intakes.STORAGE)
        source = name if stored else str(below_roots(name, settings.INTAKE_ROOTS))
        intake = uploads.open_intake(study, user=request.user, source=source)
        Intake.objects.filter(pk=intake.pk).update(source=source)
        start(intake, Preparation.Work.CHECK)
    except BadInput as error:
        return back(request, study, wrong=str(error))
    return back(request, study)


def prepare(request: HttpRequest, study: Study) -> HttpResponse:
    """Make the sounds of the study of the grid, with the anchors that are ticked."""
    try:
        intake = open_intake(study)
        known = [name for name in request.POST.getlist("anchors") if name in anchors.RECIPES]
        intake.plan = {**intake.plan, "anchors": known}
        Intake.objects.filter(pk=intake.pk).update(plan=intake.plan)
        start(intake, Preparation.Work.PREPARE)
        audit.record(request.user, study, "prepared sounds", f"{intake.files.count()} files")  # type: ignore[arg-type]
    except BadInput as error:
        return back(request, study, wrong=str(error))
    return back(request, study)


def cancel(request: HttpRequest, study: Study) -> HttpResponse:
    """Stop what works on the sounds; what has come stays."""
    intake = study.intakes.filter(ended_at=None).first()
    run = intake.busy if intake else None
    if run is None or not run.cancel():
        return back(request, study, wrong=_("No work is in progress."))
    return back(request, study, said=_("Cancelled. The uploaded sounds are kept."))


def discard(request: HttpRequest, study: Study) -> HttpResponse:
    """Discard uploaded sounds that are not part of the study yet."""
    try:
        intake = open_intake(study)
    except BadInput as error:
        return back(request, study, wrong=str(error))
    intake.end()
    intake.sweep()
    audit.record(request.user, study, "discarded uploaded sounds")  # type: ignore[arg-type]
    return back(request, study, said=_("The uploaded sounds were discarded; the study’s own sounds are unchanged."))


def _on_their_way(request: HttpRequest, intake: Intake) -> Context:
    run = newest(intake)
    busy = run is not None and intake.busy is not None
    partial = [row for row in intake.files.filter(problem="") if not row.whole]
    shown_run = {"run": run, "busy": busy, "progress": _progress(intake.study, run) if run else ""}
    if busy or run is None:
        return {**shown_run, "partial": partial}
    grid = intakes.grid_of(intake)
    return {**shown_run, "partial": partial, **_checked(request, intake, grid)}


def _checked(request: HttpRequest, intake: Intake, grid: Grid) -> Context:
    faults = check(grid)
    cell = request.GET.get("cell", "")
    chosen = intakes.anchors_of(intake, grid)
    panel = shown.panel(grid, faults, int(cell)) if cell.isdigit() else None
    return {
        "grid": grid, "columns": shown.columns(grid), "rows": shown.rows(grid, faults), "faults": len(faults),
        "groups": shown.groups(faults), "stops": len(stops(faults)),
        "safe": sum(any(fix.safe for fix in fault.fixes) for fault in faults),
        "anchors": [(each, each.name in chosen) for each in anchors.RECIPES.values() if each.name not in grid.columns],
        "cell": panel, "singing": suggested(request.user, panel),
        "sounds": sum(len(files) for files in grid.cells.values()),
    }  # fmt: skip


def _progress(study: Study, run: Preparation) -> str:
    return progress(run, reload=True)


def _last(study: Study) -> Preparation | None:
    """Return the preparation whose sounds the study has, for its report."""
    done = Preparation.objects.filter(intake__study=study, work=Preparation.Work.PREPARE, status="done")
    return done.order_by("-pk").first()
