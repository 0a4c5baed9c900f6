"""How far a run is, as a piece of page that refreshes itself while the run is live."""

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from listening.admin import waiting
from listening.admin.training import metrics
from listening.models import Analysis, Preparation, Run
from listening.models.learning import Artefact
from listening.models.run import LIVE


def progress(run: Run, *, reload: bool = False, ask: bool = False) -> str:
    """Return the state of `run` as HTML; with `reload` the page around it is loaded anew when the run ends.

    With `ask` a waiting run also says whether a worker listens, which takes a second now and then.
    """
    silent = waiting.silence(run)
    kind, text = ("lost", silent or _("lost")) if run.is_lost or silent else (run.status, run.get_status_display())
    src = _source(run)
    context = {"run": run, "kind": kind, "text": text, "src": src, "live": run.status in LIVE, "reload": reload}
    shown = run.status == "running" or (run.total and run.status != "done")
    more = {"share": f"{run.share:.4f}", "shown": shown, "left": _left(run), "why": waiting.reason(run, ask=ask)}
    return render_to_string("admin/listening/progress.html", context | more)


def _source(run: Run) -> str:
    if isinstance(run, Analysis):
        return reverse("admin:listening_study_analysis_progress", args=[run.study_id])
    if isinstance(run, Preparation):
        return reverse("admin:listening_study_sounds_progress", args=[run.intake.study_id])
    return reverse(f"admin:listening_{run._meta.model_name}_progress", args=[run.pk])


def _left(run: Run) -> str:
    """Return how long the rest takes at the pace of the newest steps; nothing before there is a pace."""
    if run.status != "running" or waiting.silence(run) or not run.step or run.started_at is None:
        return ""
    recent = metrics.pace(run.folder) if isinstance(run, Artefact) else None
    pace = recent.seconds if recent else (timezone.now() - run.started_at).total_seconds() / run.step
    return _("%s left") % duration(pace * (run.total - run.step))


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it: seconds, minutes, hours or days."""
    if seconds < 90:
        return ngettext("%d second", "%d seconds", round(seconds)) % round(seconds)
    if seconds < 90 * 60:
        return ngettext("%d minute", "%d minutes", round(seconds / 60)) % round(seconds / 60)
    if seconds < 36 * 3600:
        return ngettext("%d hour", "%d hours", round(seconds / 3600)) % round(seconds / 3600)
    return ngettext("%d day", "%d days", round(seconds / 86400)) % round(seconds / 86400)
