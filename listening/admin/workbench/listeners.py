"""Who sits: how far they come, where they stop, what went wrong, and which cells are rated; refreshed by itself."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from listening.admin.workbench.frame import page
from listening.exports import watch as watching
from listening.models import Right, Session, Study
from listening.models.team import has_right

NEWEST = 25
"""Sittings that the tab lists; the rest are in their own list."""


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the tab; the part that is looked at again comes with it."""
    return page(request, study, "listeners", "admin/listening/workbench/listeners.html", _context(request, study))


def watch(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the part of the tab that refreshes itself."""
    return render(request, "admin/listening/workbench/watch.html", _context(request, study))


def newest(study: Study) -> list[Session]:
    """Return the newest sittings with the number of their trials."""
    done = Count("trials", filter=Q(trials__finished_at__isnull=False))
    pks = list(study.sessions.order_by("-created_at").values_list("pk", flat=True)[:NEWEST])
    own = study.sessions.filter(pk__in=pks).select_related("assessor")
    return list(own.annotate(trials_all=Count("trials"), trials_finished=done).order_by("-created_at"))


def _context(request: HttpRequest, study: Study) -> dict[str, Any]:
    conditions, heat = watching.heat(study)
    reads = has_right(request.user, Right.RESULTS, study)
    return {
        "study": study, "counts": watching.counts(study), "newest": newest(study), "shown": NEWEST,
        "funnel": watching.funnel(study), "short": watching.short_cells(study), "conditions": conditions, "heat": heat,
        "minutes": watching.median_minutes(study), "seconds": watching.median_seconds(study),
        "problems": watching.problems(study), "comments": watching.comments(study) if reads else [],
    }  # fmt: skip
