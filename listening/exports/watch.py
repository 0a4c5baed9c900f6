"""How a study runs while people sit it: counted by the database, so that a page may ask every few seconds."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from listening import proof
from listening.models import Comprehension, Event, HeadphoneCheck, Item, Rating, Role, Session, Stimulus, Study, Trial
from listening.models.quota import rated
from listening.models.trial import MIN_RECOGNISED_SCORE

STALLED_AFTER = dt.timedelta(minutes=15)
"""Without a sign of life: longer than the longest page, and shorter than a place is held for."""
NEWEST_COMMENTS = 12


@dataclass(frozen=True)
class Step:
    """One step of a sitting: how many people came so far, and how many stopped just before it."""

    name: str
    reached: int
    lost: int
    share: float
    """Of those who began, 0–1."""


@dataclass(frozen=True)
class Cell:
    """How often one item was rated under one condition; `share` of the most rated cell, 0–1; no `count`: no sound."""

    count: int | None
    share: float = 0.0


@dataclass(frozen=True)
class Short:
    """An item on an attribute that has fewer ratings than the study's quota; `promised` are under way."""

    item: str
    attribute: str
    count: int
    promised: int


@dataclass(frozen=True)
class Problem:
    """Something that went wrong, and in how many sittings."""

    name: str
    sittings: int
    detail: str = ""


def people(study: Study) -> QuerySet[Session]:
    """Return the sittings of people who did not decline."""
    return study.sessions.filter(assessor__simulated=False, declined_at=None)


def counts(study: Study) -> dict[str, int]:
    """Return how many people came how far, in one query; the newest signs of life tell who has stalled."""
    person, gone = Q(assessor__simulated=False), timezone.now() - STALLED_AFTER
    sitting = person & Q(declined_at=None, screened_at=None, finished_at=None)
    found: dict[str, int] = Session.objects.filter(study=study).aggregate(
        begun=Count("pk", filter=person & Q(declined_at=None)),
        under_way=Count("pk", filter=sitting & Q(seen_at__gt=gone)),
        stalled=Count("pk", filter=sitting & Q(seen_at__lte=gone)),
        finished=Count("pk", filter=person & Q(finished_at__isnull=False)),
        screened=Count("pk", filter=person & Q(screened_at__isnull=False)),
        declined=Count("pk", filter=person & Q(declined_at__isnull=False, withdrawn_at=None)),
        withdrawn=Count("pk", filter=person & Q(withdrawn_at__isnull=False)),
        excluded=Count("pk", filter=person & Q(excluded_at__isnull=False)),
        simulated=Count("pk", filter=~person),
    )
    return found


def funnel(study: Study) -> list[Step]:
    """Return how many people reached each step that the study has, in order."""
    own = Trial.objects.filter(session=OuterRef("pk"))
    counted = people(study).annotate(
        rated_first=Exists(own.exclude(finished_at=None)), rates_still=Exists(own.filter(finished_at=None))
    )
    marks = _marks(study)
    found = counted.aggregate(**{key: Count("pk", filter=mark) for key, (_name, mark) in marks.items()})
    before = list(found.values())[:1] + list(found.values())
    return [
        Step(name, found[key], max(0, last - found[key]), found[key] / max(1, found["begun"]))
        for last, (key, (name, _mark)) in zip(before, marks.items())
    ]


def heat(study: Study) -> tuple[list[str], list[tuple[str, list[Cell]]]]:
    """Return the names of the conditions, and for each item its cells: people's ratings that count."""
    conditions = dict(study.conditions.values_list("pk", "name"))
    rated = Rating.objects.counted(study).filter(slot__trial__session__assessor__simulated=False).order_by()
    count = dict(rated.values_list("slot__stimulus").annotate(Count("pk")))
    most = max(count.values(), default=1)
    cells = {
        (item, condition): Cell(count.get(pk, 0), count.get(pk, 0) / most)
        for pk, item, condition in Stimulus.objects.filter(item__study=study).values_list("pk", "item", "condition")
    }
    items = Item.objects.filter(study=study, training=False).values_list("pk", "name")
    rows = [(name, [cells.get((item, pk), Cell(None)) for pk in conditions]) for item, name in items]
    return list(conditions.values()), rows


def short_cells(study: Study) -> list[Short]:
    """Return the cells that finished sittings leave below the study's quota, the shortest first; none without one."""
    if study.cell_quota is None:
        return []
    given = rated(study, study.sessions.finished().counted())
    held = rated(study, Session.objects.holding(study))
    attributes, items = (dict(rows.values_list("pk", "name")) for rows in (study.attributes, study.items))
    short = sorted((count, *cell) for cell, count in given.items() if count < study.cell_quota)
    return [
        Short(items[item], attributes[attribute], count, held[attribute, item] - count)
        for count, attribute, item in short
    ]


def median_minutes(study: Study) -> float | None:
    """Return how long half of those who finished took at most, from consent to the end; None before anybody has."""
    taken = ExpressionWrapper(F("finished_at") - F("consented_at"), DurationField())
    found = people(study).exclude(finished_at=None).exclude(consented_at=None).annotate(taken=taken)
    middle = _middle(found.order_by("taken").values_list("taken", flat=True))
    return None if middle is None else middle.total_seconds() / 60


def median_seconds(study: Study) -> float | None:
    """Return how long half of the finished trials of people took at most; None before there are any."""
    trials = Trial.objects.counted().filter(session__in=people(study), seconds__isnull=False)
    middle: float | None = _middle(trials.order_by("seconds").values_list("seconds", flat=True))
    return middle


def problems(study: Study) -> list[Problem]:
    """Return what went wrong, each with the number of sittings; what went wrong nowhere is left out."""
    sittings = people(study)
    glitches = Event.objects.filter(trial__session__in=sittings, kind=Event.Kind.GLITCH).order_by()
    broke = glitches.aggregate(all=Sum("value"), sittings=Count("trial__session", distinct=True))
    sound = proof.sittings(sittings)
    found = [
        Problem(_("headphone check failed"), _distinct(HeadphoneCheck.objects.filter(passed=False), sittings)),
        Problem(_("attention trial wrong"), _inattentive(sittings)),
        Problem(_("attribute misunderstood in practice"), _distinct(_misunderstood(), sittings)),
        Problem(_("sound interrupted"), broke["sittings"], _("%d times") % (broke["all"] or 0)),
        Problem(_("sound not proved"), sound.unproved),
        Problem(_("a sound refused"), sound.refused),
    ]
    return [each for each in found if each.sittings]


def comments(study: Study) -> list[Session]:
    """Return the newest sittings that left a comment."""
    return list(people(study).exclude(comment="").order_by("-finished_at")[:NEWEST_COMMENTS])


def _marks(study: Study) -> dict[str, tuple[str, Q]]:
    """Return what tells that a sitting reached each step, by keys that the query uses."""
    marks = {"begun": (_("begun"), Q())}
    if study.volume_step:
        marks["volume"] = (_("volume set"), Q(volume_at__isnull=False))
    if study.checks:
        marks["admitted"] = (_("not screened out"), Q(screened_at=None))
    return marks | {
        "instructed": (_("instructions read"), Q(instructed_at__isnull=False)),
        "first": (_("first page rated"), Q(rated_first=True)),
        "rated": (_("all pages rated"), Q(rated_first=True, rates_still=False)),
        "finished": (_("finished"), Q(finished_at__isnull=False)),
    }


def _misunderstood() -> QuerySet[Comprehension]:
    return Comprehension.objects.filter(understood=False)


def _inattentive(sittings: QuerySet[Session]) -> int:
    """Return in how many sittings a hidden reference of an attention trial was not recognised."""
    known = Rating.objects.filter(slot__trial__attention=True, slot__stimulus__condition__role=Role.REFERENCE)
    wrong = known.filter(score__lt=MIN_RECOGNISED_SCORE, slot__trial__session__in=sittings)
    return wrong.order_by().values("slot__trial__session").distinct().count()


def _distinct(rows: QuerySet[Any, Any], sittings: QuerySet[Session]) -> int:
    return rows.filter(session__in=sittings).order_by().values("session").distinct().count()


def _middle(ordered: QuerySet[Any, Any]) -> Any:
    """Return the lower middle of an ordered column; None where it is empty."""
    count = ordered.count()
    return ordered[(count - 1) // 2] if count else None
