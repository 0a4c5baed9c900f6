"""How far a run is, as a piece of page that refreshes itself while the run is live."""

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from listening.models import Run
from listening.models.run import LIVE


def progress(run: Run, *, reload: bool = False) -> str:
    """Return the state of `run` as HTML; with `reload` the page around it is loaded anew when the run ends."""
    kind, text = ("lost", _("lost")) if run.is_lost else (run.status, run.get_status_display())
    src = reverse(f"admin:listening_{run._meta.model_name}_progress", args=[run.pk])
    context = {"run": run, "kind": kind, "text": text, "src": src, "live": run.status in LIVE, "reload": reload}
    shown = run.status == "running" or (run.total and run.status != "done")
    shares = {"share": f"{run.share:.4f}", "shown": shown, "left": _left(run)}
    return render_to_string("admin/listening/progress.html", context | shares)


def _left(run: Run) -> str:
    """Return how long the rest takes at the pace so far; nothing before there is a pace."""
    if run.status != "running" or run.is_lost or not run.step or run.started_at is None:
        return ""
    seconds = (timezone.now() - run.started_at).total_seconds() * (run.total - run.step) / run.step
    if seconds < 90:
        return ngettext("%d second left", "%d seconds left", round(seconds)) % round(seconds)
    return ngettext("%d minute left", "%d minutes left", round(seconds / 60)) % round(seconds / 60)
