"""The API under /api/v1/: studies, their ratings and results, and runs; for staff, by their session."""

from itertools import islice
from typing import Annotated, Any

from django.contrib.admin.views.decorators import staff_member_required
from django.db import DatabaseError, connection
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Query, Schema
from ninja.errors import HttpError
from ninja.security.session import SessionAuthIsStaff
from ninja.throttling import AuthRateThrottle
from pydantic import AwareDatetime

from listening import export, results, tasks
from listening.download import csv_response
from listening.models import RUNS, Run, Study

THROTTLE = AuthRateThrottle("600/m")

api = NinjaAPI(
    title="Hearback",
    version="1",
    description="Studies, ratings, results and runs. Sign in at /admin/ first: your session is the key.",
    auth=SessionAuthIsStaff(),
    throttle=[THROTTLE],
    docs_decorator=staff_member_required,
)
KINDS: dict[str, type[Run]] = {str(kind._meta.model_name): kind for kind in RUNS}


class StudyOut(Schema):
    """A study as the list shows it."""

    slug: str
    title: str
    status: str
    preset: str
    source: str
    link: str
    sessions: int
    finished: int
    simulated: int
    created_at: AwareDatetime
    opened_at: AwareDatetime | None
    closed_at: AwareDatetime | None


class RatingOut(Schema):
    """One tidy rating, as in the exported ratings.csv."""

    study: str
    session: int
    assessor: str
    attribute: str
    item: str
    condition: str
    role: str
    replicate: int
    trial: int | None
    position: int | None
    score: float
    seconds: float | None
    simulated: bool
    part: int


class Ratings(Schema):
    """A page of ratings, and how many there are in all."""

    count: int
    items: list[RatingOut]


class MeanOut(Schema):
    """The mean rating (0–100) of a condition on an attribute, with its 95 % interval over assessors."""

    attribute: str
    condition: str
    role: str
    simulated: bool
    mean: float
    low: float | None
    high: float | None
    assessors: int
    ratings: int


class RunOut(Schema):
    """A run and how far it is."""

    kind: str
    id: int
    name: str
    status: str
    lost: bool
    step: int
    total: int
    share: float
    attempts: int
    message: str
    queued_at: AwareDatetime
    started_at: AwareDatetime | None
    beat_at: AwareDatetime | None
    ended_at: AwareDatetime | None


Limit = Annotated[int, Query(ge=1, le=10_000, description="how many ratings at most")]
Offset = Annotated[int, Query(ge=0, description="how many ratings to leave out before")]


@api.get("/studies", response=list[StudyOut], summary="All studies")
def list_studies(request: HttpRequest) -> list[dict[str, Any]]:
    """Return every study with the number of its sessions, newest first."""
    return [_study_out(request, study) for study in _counted()]


@api.get("/studies/{slug}", response=StudyOut, summary="One study")
def show_study(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Return one study with the number of its sessions."""
    return _study_out(request, _study(slug))


@api.get("/studies/{slug}/ratings", response=Ratings, summary="Tidy ratings, a page of them")
def list_ratings(request: HttpRequest, slug: str, limit: Limit = 1000, offset: Offset = 0) -> dict[str, Any]:
    """Return a page of the study's tidy ratings, one row a rating."""
    study = _study(slug)
    return {"count": results.ratings(study).count(), "items": list(islice(export.rows(study), offset, offset + limit))}


@api.get("/studies/{slug}/ratings.csv", response=None, summary="Tidy ratings, all of them, as CSV")
def download_ratings(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Return ratings.csv: the same rows as `manage.py export_ratings` writes."""
    study = _study(slug)
    return csv_response(export.rows(study), study.slug)


@api.get("/studies/{slug}/results", response=list[MeanOut], summary="Mean ratings with their intervals")
def list_results(request: HttpRequest, slug: str) -> list[results.Mean]:
    """Return each condition's mean rating; people and simulated assessors apart."""
    return results.means(_study(slug))


@api.get("/runs", response=list[RunOut], summary="All runs")
def list_runs(request: HttpRequest, *, live: bool = False) -> list[dict[str, Any]]:
    """Return every fit, training and rendering, newest first; with `live` only those that wait or work."""
    found = [run for kind in RUNS for run in (kind.objects.live() if live else kind.objects.all())]
    return [_run_out(run) for run in sorted(found, key=lambda run: run.created_at, reverse=True)]


@api.get("/runs/{kind}/{pk}", response=RunOut, summary="One run")
def show_run(request: HttpRequest, kind: str, pk: int) -> dict[str, Any]:
    """Return one run; `kind` is objective, trainingrun or rendering."""
    return _run_out(_run(kind, pk))


@api.post("/runs/{kind}/{pk}/cancel", response=RunOut, summary="Cancel a run")
def cancel_run(request: HttpRequest, kind: str, pk: int) -> dict[str, Any]:
    """Cancel a waiting or working run; its worker stops at its next step. 409 if it has ended."""
    run = _changeable(request, kind, pk)
    if not run.cancel():
        raise HttpError(409, f"{run} is {run.status}: only a waiting or working run can be cancelled")
    return _run_out(run)


@api.post("/runs/{kind}/{pk}/resume", response=RunOut, summary="Resume a run")
def resume_run(request: HttpRequest, kind: str, pk: int) -> dict[str, Any]:
    """Queue a failed, cancelled or lost run again. 409 in any other state."""
    run = _changeable(request, kind, pk)
    if not run.resume():
        raise HttpError(409, f"{run} is {run.status}: only a failed, cancelled or lost run can be resumed")
    tasks.send(run)
    return _run_out(run)


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the site serves and its database answers, else 503; for load balancers, so it tells no more."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ok", "time": timezone.now()})


def _counted() -> QuerySet[Study]:
    people = Q(sessions__assessor__simulated=False)
    return Study.objects.annotate(
        all_sessions=Count("sessions", filter=people & Q(sessions__declined_at=None)),
        all_finished=Count("sessions", filter=people & Q(sessions__finished_at__isnull=False)),
        all_simulated=Count("sessions", filter=Q(sessions__assessor__simulated=True)),
    )


def _study(slug: str) -> Study:
    study = _counted().filter(slug=slug).first()
    if study is None:
        raise HttpError(404, f"no study is called {slug!r}; /api/v1/studies lists them")
    return study


def _study_out(request: HttpRequest, study: Any) -> dict[str, Any]:
    own = ("slug", "title", "status", "preset", "source", "created_at", "opened_at", "closed_at")
    counts = {"sessions": study.all_sessions, "finished": study.all_finished, "simulated": study.all_simulated}
    link = request.build_absolute_uri(study.get_absolute_url())
    return {name: getattr(study, name) for name in own} | counts | {"link": link}


def _run(kind: str, pk: int) -> Run:
    if kind not in KINDS:
        raise HttpError(404, f"no kind of run is called {kind!r}; there are {', '.join(KINDS)}")
    run: Run | None = KINDS[kind].objects.filter(pk=pk).first()
    if run is None:
        raise HttpError(404, f"there is no {kind} {pk}; /api/v1/runs lists them")
    return run


def _changeable(request: HttpRequest, kind: str, pk: int) -> Run:
    run = _run(kind, pk)
    if not request.user.has_perm(f"listening.change_{kind}"):
        raise HttpError(403, f"you may look at {kind} {pk}, but not change it")
    return run


def _run_out(run: Run) -> dict[str, Any]:
    own = ("status", "step", "total", "share", "attempts", "message", "queued_at", "started_at", "beat_at", "ended_at")
    name = {"kind": run._meta.model_name, "id": run.pk, "name": str(run), "lost": run.is_lost}
    return name | {field: getattr(run, field) for field in own}
