"""The API under /api/v1/: studies, their ratings and results, and runs; by token or session, with its user's rights."""

from itertools import islice
from typing import Annotated, Any

from django.contrib.admin.views.decorators import staff_member_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from ninja import NinjaAPI, Query
from ninja.errors import HttpError
from ninja.throttling import AuthRateThrottle

from listening import proof, tasks
from listening.api.keys import ApiTokenKey, StaffSession, allow, must_have, needs, reached, seen
from listening.api.schemas import Ratings, RunOut, SessionOut, StudyOut
from listening.audit import record
from listening.exports import ratings as export
from listening.exports import results
from listening.exports.download import csv_response
from listening.models import RUN_MODELS, Rating, Right, Run, Scope, Study

THROTTLE = AuthRateThrottle("600/m")

api = NinjaAPI(
    title="Hearback",
    version="1",
    description=(
        "Studies, ratings, results and runs, as far as you can see them in the admin. Send a token made there "
        "(`Authorization: Bearer hearback_…`, with the scope that an operation asks for), or sign in at /admin/."
    ),
    auth=[ApiTokenKey(), StaffSession()],
    throttle=[THROTTLE],
    docs_decorator=staff_member_required,
)
KINDS: dict[str, type[Run]] = {str(kind._meta.model_name): kind for kind in RUN_MODELS}

MAX_ROWS = 2**31 - 1
"""More ratings than a study can have."""

Limit = Annotated[int, Query(ge=1, le=10_000, description="maximum number of ratings")]
Offset = Annotated[int, Query(ge=0, le=MAX_ROWS, description="number of ratings to skip")]
WithExcluded = Annotated[
    bool,
    Query(
        description="include sessions that a researcher excluded, with the reason in an additional column `excluded`"
    ),
]


@api.get("/studies", response=list[StudyOut], **needs(Scope.STUDIES, "All studies that you can see"))
def list_studies(request: HttpRequest) -> list[dict[str, Any]]:
    """Return every study that you may see with the number of its sessions, newest first."""
    allow(request, Scope.STUDIES)
    return [_study_out(request, study) for study in _counted(seen(request))]


@api.get("/studies/{slug}", response=StudyOut, **needs(Scope.STUDIES, "One study"))
def show_study(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Return one study with the number of its sessions."""
    return _study_out(request, _study(request, slug, Scope.STUDIES, Right.SEE))


@api.get(
    "/studies/{slug}/ratings",
    response=Ratings,
    exclude_unset=True,
    **needs(Scope.RATINGS, "Tidy ratings, a page of them"),
)
def list_ratings(
    request: HttpRequest, slug: str, limit: Limit = 1000, offset: Offset = 0, *, with_excluded: WithExcluded = False
) -> dict[str, Any]:
    """Return a page of the study's tidy ratings, one row a rating."""
    study = _study(request, slug, Scope.RATINGS, Right.RESULTS)
    if offset == 0:
        record(request.user, study, "exported", "ratings, by the API")  # type: ignore[arg-type]
    count = Rating.objects.counted(study, with_excluded=with_excluded).count()
    rows = export.rows(study, with_excluded=with_excluded)
    return {"count": count, "items": list(islice(rows, offset, offset + limit))}


@api.get("/studies/{slug}/ratings.csv", response=None, **needs(Scope.RATINGS, "Tidy ratings, all of them, as CSV"))
def download_ratings(request: HttpRequest, slug: str, *, with_excluded: WithExcluded = False) -> StreamingHttpResponse:
    """Return ratings.csv: the same rows as `manage.py export_ratings` writes."""
    study = _study(request, slug, Scope.RATINGS, Right.RESULTS)
    record(request.user, study, "exported", "ratings.csv, by the API")  # type: ignore[arg-type]
    columns = tuple(export.columns(with_excluded=with_excluded))
    return csv_response(export.rows(study, with_excluded=with_excluded), study.slug, columns)


@api.get(
    "/studies/{slug}/sessions",
    response=list[SessionOut],
    **needs(Scope.SESSIONS, "Sessions, and whether their sound is proved"),
)
def list_sessions(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """Return the study's sittings in order, those that were declined left out."""
    study = _study(request, slug, Scope.SESSIONS, Right.LISTENERS)
    sat = study.sessions.sat().select_related("assessor").order_by("number")
    return [_session_out(session) for session in proof.with_proof(sat)]


@api.get("/studies/{slug}/results", response=list[results.Mean], **needs(Scope.RESULTS, "Mean ratings, with intervals"))
def list_results(request: HttpRequest, slug: str) -> list[results.Mean]:
    """Return each condition's mean rating; people and simulated assessors apart."""
    return results.means(_study(request, slug, Scope.RESULTS, Right.RESULTS))


@api.get("/runs", response=list[RunOut], **needs(Scope.RUNS, "All runs that you can see"))
def list_runs(request: HttpRequest, *, live: bool = False) -> list[dict[str, Any]]:
    """Return every fit, training and rendering, newest first; with `live` only those that wait or work."""
    allow(request, Scope.RUNS)
    every = [kind.objects.live() if live else kind.objects.all() for kind in RUN_MODELS]
    found = [run for runs in every for run in reached(request, "view", runs)]
    return [_run_out(run) for run in sorted(found, key=lambda run: run.created_at, reverse=True)]


@api.get("/runs/{kind}/{pk}", response=RunOut, **needs(Scope.RUNS, "One run"))
def show_run(request: HttpRequest, kind: str, pk: int) -> dict[str, Any]:
    """Return one run; `kind` is objective, trainingrun or rendering."""
    allow(request, Scope.RUNS)
    return _run_out(_run(request, kind, pk))


@api.post("/runs/{kind}/{pk}/cancel", response=RunOut, **needs(Scope.RUN, "Cancel a run"))
def cancel_run(request: HttpRequest, kind: str, pk: int) -> dict[str, Any]:
    """Cancel a waiting or working run; its worker stops at its next step. 409 if it has ended."""
    run = _changeable(request, kind, pk)
    if not run.cancel():
        raise HttpError(409, f"{run} is {run.status}: only a queued or running run can be cancelled")
    return _run_out(run)


@api.post("/runs/{kind}/{pk}/resume", response=RunOut, **needs(Scope.RUN, "Resume a run"))
def resume_run(request: HttpRequest, kind: str, pk: int) -> dict[str, Any]:
    """Queue a failed, cancelled or lost run again. 409 in any other state."""
    run = _changeable(request, kind, pk)
    if not run.resume():
        raise HttpError(409, f"{run} is {run.status}: only a failed, cancelled or lost run can be resumed")
    tasks.send(run)
    return _run_out(run)


def _counted(studies: QuerySet[Study]) -> QuerySet[Study]:
    people = Q(sessions__assessor__simulated=False, sessions__preview=False)
    return studies.annotate(
        all_sessions=Count("sessions", filter=people & Q(sessions__declined_at=None)),
        all_finished=Count("sessions", filter=people & Q(sessions__finished_at__isnull=False)),
        all_simulated=Count("sessions", filter=Q(sessions__assessor__simulated=True)),
    )


def _study(request: HttpRequest, slug: str, scope: Scope, right: Right) -> Study:
    """Return the study of that slug, where the caller may see it and has the scope and the right for more of it."""
    allow(request, scope)
    study = _counted(seen(request)).filter(slug=slug).first()
    if study is None:
        raise HttpError(404, f"no study is called {slug!r}; /api/v1/studies lists them")
    must_have(request, right, study)
    return study


def _study_out(request: HttpRequest, study: Any) -> dict[str, Any]:
    own = ("slug", "title", "status", "preset", "source", "quota", "cell_quota", "created_at", "opened_at", "closed_at")
    counts = {"sessions": study.all_sessions, "finished": study.all_finished, "simulated": study.all_simulated}
    link = request.build_absolute_uri(study.get_absolute_url())
    return {name: getattr(study, name) for name in own} | counts | {"link": link}


def _session_out(session: Any) -> dict[str, Any]:
    own = {"session": session.number, "assessor": session.assessor.code, "simulated": session.simulated}
    own |= {"created_at": session.created_at, "finished_at": session.finished_at, "sound": proof.sound_verdict(session)}
    pages = {"pages_proved": session.proved, "pages_unproved": session.unproved}
    return own | pages | {"refused": list(proof.refusals(session)) if session.refused else []}


def _run(request: HttpRequest, kind: str, pk: int) -> Run:
    if kind not in KINDS:
        raise HttpError(404, f"no kind of run is called {kind!r}; there are {', '.join(KINDS)}")
    run: Run | None = reached(request, "view", KINDS[kind].objects.filter(pk=pk)).first()
    if run is None:
        raise HttpError(404, f"there is no {kind} {pk}; /api/v1/runs lists them")
    return run


def _changeable(request: HttpRequest, kind: str, pk: int) -> Run:
    allow(request, Scope.RUN)
    run = _run(request, kind, pk)
    if not reached(request, "change", KINDS[kind].objects.filter(pk=pk)).exists():
        raise HttpError(403, f"you may see {kind} {pk}, but not change it")
    return run


def _run_out(run: Run) -> dict[str, Any]:
    own = ("status", "step", "total", "share", "attempts", "message", "queued_at", "started_at", "beat_at", "ended_at")
    name = {"kind": run._meta.model_name, "id": run.pk, "name": str(run), "lost": run.is_lost}
    return name | {field: getattr(run, field) for field in own}
