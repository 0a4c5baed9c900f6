"""Whether assessors heard what is stored: which sittings have their sound proved, and which sounds were refused.

A browser proves a page once it has decoded every sound of it bit for bit as stored, and never plays one that differs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop as _

from listening.models import Event, Rating, Session, Trial

REFUSAL_REASONS: Mapping[int, str] = MappingProxyType(
    {
        1: _("its samples are not those stored, even when it was fetched again"),
        2: _("a sample was beyond the largest of its trial"),
    }
)
"""Why a browser refuses a sound."""


@dataclass(frozen=True)
class Refusal:
    """A sound that a browser refused to play: of which page, under which condition (None: an open one), when and why.

    `sound` is "stimulus", or "open 0", the first reference, and so on.
    """

    trial: int
    attribute: str
    item: str
    condition: str | None
    sound: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class UnprovedSittings:
    """How many sittings have rated pages whose sound is not proved, and how many had a sound refused."""

    unproved: int
    refused: int


def with_proof(sessions: QuerySet[Session]) -> QuerySet[Any]:
    """Return the sessions with their rated pages counted, `proved` and `unproved`, and the sounds `refused` in them."""
    rated = Trial.objects.filter(Exists(Rating.objects.filter(slot__trial=OuterRef("pk"))))
    refused = Event.objects.filter(kind=Event.Kind.FAULT, trial__session=OuterRef("pk")).order_by()
    return sessions.annotate(
        proved=count_of(rated.filter(proved=True, session=OuterRef("pk")).order_by().values("session")),
        unproved=count_of(rated.filter(proved=False, session=OuterRef("pk")).order_by().values("session")),
        refused=count_of(refused.values("trial__session")),
    )


def sound_verdict(session: Any) -> str:
    """Return "proved", or "not proved" where a rated page is not, of a session that `with_proof` has counted.

    "" where nothing was rated, and what was not played here: imported and simulated.
    """
    if session.unproved:
        return "not proved"
    return "proved" if session.proved else ""


def sittings(sessions: QuerySet[Session]) -> UnprovedSittings:
    """Return how many of `sessions` are not proved, and how many had a sound refused."""
    unproved = Trial.objects.filter(session__in=sessions, proved=False, slots__rating__isnull=False)
    refused = Event.objects.filter(trial__session__in=sessions, kind=Event.Kind.FAULT)
    return UnprovedSittings(_distinct(unproved, "session"), _distinct(refused, "trial__session"))


def refusals(session: Session) -> Iterator[Refusal]:
    """Yield every sound that was refused in `session`, in order."""
    faults = Event.objects.filter(trial__session=session, kind=Event.Kind.FAULT).order_by("at", "order", "pk")
    for event in faults.select_related("trial__attribute", "trial__item", "slot__stimulus__condition"):
        condition = event.slot.stimulus.condition.name if event.slot else None
        sound = "stimulus" if event.slot else f"open {event.place}"
        trial, reason = event.trial, REFUSAL_REASONS[int(event.value or 1)]
        yield Refusal(trial.position, trial.attribute.key, trial.item.name, condition, sound, event.at, reason)


def _distinct(rows: QuerySet[Any, Any], column: str) -> int:
    return rows.order_by().values(column).distinct().count()


def count_of(rows: QuerySet[Any, Any]) -> Coalesce:
    """Return, as a subquery, how many of `rows` there are in each group of their `values`."""
    counted = rows.annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
