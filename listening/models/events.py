"""What an assessor did on a trial's page: each `Event` with the audio frame at which it took effect."""

import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from listening.models.session import Session
from listening.models.trial import Slot, Trial


class Heard(NamedTuple):
    """How much of a sound was played in a trial: seconds in all, repeats counted again, and whether all of it was."""

    seconds: float = 0.0
    whole: bool = False


class EventQuerySet(models.QuerySet["Event"]):
    """Events, many at once."""

    def store(self, events: Iterable["Event"]) -> None:
        """Store those that are not stored yet: a batch may come twice, or overlap another."""
        self.bulk_create(events, ignore_conflicts=True)

    def glitches(self, session: Session) -> int:
        """Return how often the sound broke off in `session`."""
        found = self.filter(trial__session=session, kind=Event.Kind.GLITCH).aggregate(all=Sum("value"))
        return int(found["all"] or 0)

    def oddities(self) -> tuple[int, int]:
        """Return how often the sound broke off, and how many sounds were refused, ever: each read from its index."""
        glitches = self.filter(kind=Event.Kind.GLITCH).aggregate(all=Sum("value"))["all"]
        return int(glitches or 0), self.filter(kind=Event.Kind.FAULT).count()

    def heard(self, trial: Trial) -> dict[tuple[int | None, int | None], Heard]:
        """Return how much of each sound of `trial`, by slot and place, has been heard; one never played is missing."""
        found = _heard(self.filter(trial=trial), "slot", "place")
        return {(slot, place): Heard(seconds or 0.0, whole > 0) for slot, place, seconds, whole in found}

    def heard_in(self, slot: Slot) -> Heard:
        """Return how much of the stimulus in `slot` has been heard."""
        found = _heard(self.filter(slot=slot), "slot")
        return next((Heard(seconds or 0.0, whole > 0) for _slot, seconds, whole in found), Heard())


def heard_seconds(slot: str, trial: str) -> Case:
    """Return, for a query whose rows have a slot and a trial there, the seconds heard of the stimulus in that slot.

    Null where no page of the trial has told what it played: rated elsewhere, by nobody, or before pages told.
    """
    played = Event.objects.filter(kind=Event.Kind.HEARD).order_by()
    own = played.filter(slot=OuterRef(slot)).values("slot").annotate(seconds=Sum(F("until") - F("value")))
    seconds = Coalesce(Subquery(own.values("seconds"), output_field=models.FloatField()), 0.0)
    told = Exists(played.filter(trial=OuterRef(trial)))
    return Case(When(told, then=seconds), default=None, output_field=models.FloatField())


def _heard(events: models.QuerySet["Event"], *sound: str) -> Iterable[Any]:
    """Return each `sound` with the seconds of its stretches and how often all of it was reported heard."""
    played = events.filter(kind__in=[Event.Kind.HEARD, Event.Kind.WHOLE]).order_by().values_list(*sound)
    stretch, whole = Q(kind=Event.Kind.HEARD), Q(kind=Event.Kind.WHOLE)
    return played.annotate(seconds=Sum(F("until") - F("value"), filter=stretch), all=Count("pk", filter=whole))


class Event(models.Model):
    """One thing that happened while a trial's page was open, in the page's own order.

    `frame` counts samples of the page's audio from the moment its sounds were ready; `load` tells one loading of the
    page from the next. The sound is a slot's, or the open sound at `place`; neither for what concerns them all.
    """

    class Kind(models.TextChoices):
        PLAY = "play", _("play")
        SWITCH = "switch", _("switch")
        PAUSE = "pause", _("pause")
        SEEK = "seek", _("seek")
        LOOP = "loop", _("loop")
        END = "end", _("end")
        HEARD = "heard", _("heard")
        WHOLE = "whole", _("heard to the end")
        RATE = "rate", _("rate")
        GLITCH = "glitch", _("glitch")
        PROVED = "proved", _("sounds proved")
        FAULT = "fault", _("sound refused")

    trial = models.ForeignKey(Trial, models.CASCADE, related_name="events", verbose_name=_("trial"))
    slot = models.ForeignKey(Slot, models.CASCADE, null=True, related_name="events", verbose_name=_("slot"))
    place = models.PositiveSmallIntegerField(_("open sound"), null=True, help_text=_("0 is the first reference"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    load = models.UUIDField(_("load"), default=uuid.uuid4)
    order = models.PositiveIntegerField(_("order"))
    frame = models.BigIntegerField(_("frame"), null=True)
    value = models.FloatField(
        _("value"),
        null=True,
        help_text=_("seconds into the sound; the score; where a loop or what was heard begins; glitches"),
    )
    until = models.FloatField(_("until"), null=True, help_text=_("where a loop or what was heard ends, in seconds"))
    at = models.DateTimeField(_("at"), help_text=_("by the browser's clock"))

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("event"), _("events")
        ordering = ["trial", "load", "order"]
        constraints = [
            models.UniqueConstraint(fields=["trial", "load", "order"], name="event_once"),
            models.CheckConstraint(name="event_of_one_sound", condition=Q(slot=None) | Q(place=None)),
        ]
        indexes = [
            models.Index(name="event_glitches", fields=["value"], condition=Q(kind="glitch")),
            models.Index(name="event_faults", fields=["value"], condition=Q(kind="fault")),
        ]

    def __str__(self) -> str:
        return f"{self.trial} {self.kind} {self.order}"
