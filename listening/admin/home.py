"""The home page: the ring of this installation, what runs now, and what to do next for each study and run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from listening.admin.progress import progress
from listening.admin.show import page_of
from listening.admin.workbench.frame import tab_url
from listening.models import (
    RUN_MODELS,
    Analysis,
    Objective,
    Preparation,
    RatingSet,
    Rendering,
    Right,
    Stimulus,
    Study,
    TrainingRun,
)
from listening.models.team import studies

PLACES = ("4 8", "366 8", "366 224", "4 224")
"""Where the stations stand in the picture of the ring, clockwise."""

SHOWN = 8
"""Rows of each kind on the home page; all of them are in their lists."""


@dataclass(frozen=True)
class Step:
    """What to do next, and where."""

    text: str
    url: str


@dataclass(frozen=True)
class Line:
    """A row of the home page with what it waits for."""

    row: Any
    url: str
    step: Step | None
    figures: str = ""


@dataclass(frozen=True)
class Station:
    """One of the four stations of the ring: how many there are, in words where they stand, and the way to them."""

    title: str
    count: int
    words: str
    url: str


def contents(request: HttpRequest) -> dict[str, Any]:
    """Return what the home page shows of what this user may see."""
    studies = _visible(request, Study)
    return {
        "placed": list(zip(PLACES, stations(request))),
        "studies": [Line(each, page_of(each), study_step(each)) for each in by_urgency(studies)[:SHOWN]],
        "study_count": studies.count(),
        "running": [(run, page_of(run), progress(run)) for run in _runs(request, LIVE)],
        "failed": [(run, page_of(run)) for run in _runs(request, Q(status="failed"))],
        "can_add_study": admin.site.get_model_admin(Study).has_add_permission(request),
        "objectives": [Line(each, page_of(each), objective_step(each), fit_figures(each)) for each in _fitted(request)],
        "separators": [Line(each, page_of(each), training_step(each), last_saved(each)) for each in _trained(request)],
    }


LIVE = Q(status__in=["queued", "running"])


def stations(request: HttpRequest) -> list[Station]:
    """Return the four stations of the ring in their order."""
    states = Counter(_visible(request, Study).values_list("status", flat=True))
    sets = _visible(request, RatingSet)
    fits = _states(_visible(request, Objective))
    trainings = _states(_visible(request, TrainingRun))
    names = {"open": _("open"), "draft": _("draft"), "closed": _("closed")}
    words = " · ".join(f"{states[state]} {name}" for state, name in names.items() if state in states)
    rows = sum(sets.values_list("rows", flat=True))
    said = ngettext("%d rating", "%d ratings", rows) % rows
    return [
        Station(_("Listening tests"), sum(states.values()), words, _list("study")),
        Station(_("Frozen ratings"), sets.count(), said, _list("ratingset")),
        Station(_("Objectives"), sum(fits.values()), _in_words(fits), _list("objective")),
        Station(_("Separators"), sum(trainings.values()), _in_words(trainings), _list("trainingrun")),
    ]


def by_urgency(studies: QuerySet[Study]) -> list[Any]:
    """Return open studies first, then drafts, then closed ones, each with what `study_step` asks of it."""
    material = Stimulus.objects.filter(item__study=OuterRef("pk"))
    sets = RatingSet.objects.filter(study=OuterRef("pk"))
    found = studies.exclude(status=Study.Status.ARCHIVED).annotate(
        has_sounds=Exists(material), is_frozen=Exists(sets), is_fitted=Exists(sets.filter(objectives__isnull=False))
    )
    order = [Study.Status.OPEN, Study.Status.DRAFT, Study.Status.CLOSED]
    return sorted(found, key=lambda study: order.index(Study.Status(study.status)))


def study_step(study: Any) -> Step:
    """Return what a study of `by_urgency` waits for."""
    if study.status == Study.Status.DRAFT:
        if not study.has_sounds:
            return Step(_("Add sounds"), tab_url(study, "sounds"))
        return Step(_("Check it, then open it"), reverse("admin:listening_study_preview", args=[study.pk]))
    if study.status == Study.Status.OPEN:
        return Step(_people_step(study), tab_url(study, "listeners"))
    if not study.is_frozen:
        return Step(_("Check the results, then freeze them"), tab_url(study, "results"))
    if not study.is_fitted:
        newest = study.rating_sets.first()
        return Step(_("Fit an objective"), reverse("admin:listening_objective_add", query={"ratings": newest.pk}))
    return Step(_("Results"), tab_url(study, "results"))


def objective_step(objective: Any) -> Step | None:
    """Return what a fitted objective waits for; None while it is not fitted."""
    if objective.status != "done":
        return None
    if objective.trained:
        return Step(_("Read its report"), page_of(objective))
    address = reverse("admin:listening_trainingrun_add", query={"objective": objective.pk})
    return Step(_("Train a separator against it"), address)


def training_step(training: Any) -> Step | None:
    """Return what a training waits for; None while it has saved nothing."""
    newest = training.checkpoints.first()
    if training.status != "done" or newest is None:
        return None
    if Rendering.objects.filter(checkpoint__run=training).exists():
        return Step(_("See its checkpoints"), page_of(training))
    address = reverse("admin:listening_rendering_add", query={"checkpoint": newest.pk})
    return Step(_("Render stimuli for the next test"), address)


def fit_figures(objective: Objective) -> str:
    """Return how an objective agrees with listeners on songs it has not seen; "" before it is known."""
    measures = (objective.card.get("evaluation") or {}).get("measures") or {}
    return " · ".join(
        f"{attribute} r {found['pearson']:.2f}"
        for attribute, found in measures.items()
        if isinstance(found.get("pearson"), int | float)
    )


def last_saved(training: TrainingRun) -> str:
    """Return how far the newest checkpoint is; "" before there is one."""
    newest = training.checkpoints.first()
    return _("saved at step %d") % newest.step if newest else ""


def _people_step(study: Any) -> str:
    ended, quota = int(study.ended), int(study.quota or 0)
    if study.cell_quota and study.told_cell_quota == study.cell_quota:
        return _("It is full: close it")
    if study.cell_quota:
        return _("Waits until each cell has %d ratings") % int(study.cell_quota)
    if quota and ended >= quota:
        return _("All %d have finished: close it") % quota
    if quota:
        missing = quota - ended
        return ngettext("Waiting for %d more listener", "Waiting for %d more listeners", missing) % missing
    return _("Invite listeners: %d have finished") % ended


def _visible(request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
    """Return the rows that this user may see; runs that have no pages but their study's are seen with it."""
    if model is Analysis:
        return Analysis.objects.filter(study__in=studies(request.user, Right.RESULTS).values("pk"))
    if model is Preparation:
        return Preparation.objects.filter(intake__study__in=_visible(request, Study).values("pk"))
    model_admin = admin.site.get_model_admin(model)
    rows = model_admin.get_queryset(request)
    return rows if model_admin.has_view_permission(request) else rows.none()


def _runs(request: HttpRequest, where: Q) -> list[Any]:
    return [run for kind in RUN_MODELS for run in _visible(request, kind).filter(where)[:SHOWN]]


def _fitted(request: HttpRequest) -> Iterator[Any]:
    trained = TrainingRun.objects.filter(objective=OuterRef("pk"))
    yield from _visible(request, Objective).exclude(status="failed").annotate(trained=Exists(trained))[:SHOWN]


def _trained(request: HttpRequest) -> Iterator[Any]:
    yield from _visible(request, TrainingRun).exclude(status="failed").prefetch_related("checkpoints")[:SHOWN]


def _states(rows: QuerySet[Any]) -> Counter[str]:
    return Counter(rows.values_list("status", flat=True))


def _in_words(states: Counter[str]) -> str:
    names = {"running": _("running"), "queued": _("queued"), "done": _("done"), "failed": _("failed")}
    return " · ".join(f"{states[state]} {name}" for state, name in names.items() if state in states)


def _list(model: str) -> str:
    return reverse(f"admin:listening_{model}_changelist")
