"""What goes on, for Prometheus: `/metrics`, read from the database, so that any web process tells it of all.

A fixed number of queries, each answered from an index or a small table. Nothing in it names a person or a study.
"""

import datetime as dt
import hmac
import ipaddress
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Q
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from listening import limits
from listening.database import ago
from listening.models import RUN_MODELS, Event, Notice, Rating, Run, Session, Trial
from listening.models.notices import MAX_ATTEMPTS
from listening.models.run import Status
from listening.tasks import queue_of

PATH = "/metrics"
RUNNING_WITHIN = dt.timedelta(minutes=5)
"""A session is running while its page has been heard of within this time."""

logger = logging.getLogger(__name__)


class Metrics:
    """Middleware that answers `/metrics` to whom the settings let in: by token, or by address.

    403 to others; not there where neither is set. It answers before any host is checked or redirected to https, since
    Prometheus asks each process by its address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or pass the request on."""
        if request.path != PATH or not (settings.METRICS_TOKEN or settings.METRICS_ADDRESSES):
            return self.get_response(request)
        if not allowed(request):
            return _answer("send METRICS_TOKEN as a bearer token, or ask from METRICS_ADDRESSES\n", status=403)
        registry = CollectorRegistry()
        try:
            registry.register(Installation())
            return _answer(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
        except DatabaseError:
            logger.exception("metrics: the database does not answer")
            connection.close_if_unusable_or_obsolete()
            return _answer("the database does not answer\n", status=503)


def allowed(request: HttpRequest) -> bool:
    """Tell whether a request has the token, or comes from one of the addresses."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return True
    try:
        own: Any = ipaddress.ip_network(limits.address(request))
    except ValueError:  # a socket of this machine has no address
        return False
    return any(own.version == each.version and own.subnet_of(each) for each in settings.METRICS_ADDRESSES)


class Installation(Collector):
    """What the database says of the whole installation."""

    def describe(self) -> list[Metric]:
        """Return nothing: names are known without asking the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield each figure with its labels."""
        states = [each for model in RUN_MODELS for each in run_states(model)]
        yield from runs(states)
        yield from sittings()
        yield from sounds_and_errors(states)


class RunState(NamedTuple):
    """How many runs of a kind are in a state; of those, how many are lost, and the longest wait since it was queued."""

    kind: str
    queue: str
    state: str
    number: int
    lost: int
    waited: dt.timedelta


def run_states(model: type[Run]) -> Iterator[RunState]:
    """Yield what states the runs of a kind are in, by the database's clock."""
    wait = ExpressionWrapper(Now() - F("queued_at"), output_field=DurationField())
    silent = Q(status=Status.RUNNING, beat_at__lt=ago(settings.RUN_LOST_AFTER))
    by_state = model.objects.order_by().values("status").annotate(
        number=Count("pk"), lost=Count("pk", filter=silent), waited=Max(wait)
    )  # fmt: skip
    for found in by_state.values_list("status", "number", "lost", "waited"):
        yield RunState(str(model._meta.model_name), queue_of(model), *found)


def runs(states: Iterable[RunState]) -> Iterator[Metric]:
    """Yield the runs by kind and state, and for how long the first in each queue has waited."""
    number = GaugeMetricFamily("hearback_runs", "Runs, by kind and state.", labels=["kind", "state"])
    age = GaugeMetricFamily("hearback_queue_age_seconds", "For how long its first run has waited.", labels=["queue"])
    found = {(each.kind, each.state): each.number for each in states}
    for model in RUN_MODELS:
        for state in Status.values:
            kind = str(model._meta.model_name)
            number.add_metric([kind, state], found.get((kind, state), 0))
    for queue in sorted(set(map(queue_of, RUN_MODELS))):
        waits = [each.waited for each in states if (each.queue, each.state) == (queue, Status.QUEUED)]
        age.add_metric([queue], max(waits, default=dt.timedelta()).total_seconds())
    yield from (number, age)


def sittings() -> Iterator[Metric]:
    """Yield how many sessions are running, and how many answers have ever been stored."""
    begun = Session.objects.filter(finished_at=None, declined_at=None, preview=False)
    running = begun.filter(seen_at__gte=ago(RUNNING_WITHIN)).count()
    newest = Rating.objects.aggregate(newest=Max("pk"))["newest"] or 0
    yield GaugeMetricFamily("hearback_sessions_running", "Sessions heard of in the last 5 minutes.", running)
    yield CounterMetricFamily("hearback_answers_stored", "Stimuli rated, by the number of the newest rating.", newest)


def sounds_and_errors(states: Iterable[RunState]) -> Iterator[Metric]:
    """Yield what was not heard as it should be, and what went wrong, by kind."""
    glitches, refused = Event.objects.oddities()
    unproved = Trial.objects.filter(proved=False).count()
    yield GaugeMetricFamily("hearback_glitches", "Breaks in the sound that pages told of.", glitches)
    yield GaugeMetricFamily("hearback_unproved_pages", "Pages whose sounds no browser proved.", unproved)
    kinds = {
        "run failed": sum(each.number for each in states if each.state == Status.FAILED),
        "run lost": sum(each.lost for each in states),
        "sound refused": refused,
        "notice undelivered": Notice.objects.filter(sent_at=None, attempts__gte=MAX_ATTEMPTS).count(),
    }
    errors = GaugeMetricFamily("hearback_errors", "What went wrong, by kind.", labels=["kind"])
    for kind, number in kinds.items():
        errors.add_metric([kind], number)
    yield errors


def _answer(content: bytes | str, **how: Any) -> HttpResponse:
    told = {"content_type": "text/plain; charset=utf-8", **how}
    return HttpResponse(content, **told, headers={"Cache-Control": "no-store"})
