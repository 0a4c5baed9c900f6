"""What an assessor did on a trial's page: each `Event` with the audio frame at which it took effect."""

import uuid
from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from listening.models.session import Session
from listening.models.trial import Slot, Trial


class EventQuerySet(models.QuerySet["Event"]):
    """Events, many at once."""

    def keep(self, events: Iterable["Event"]) -> None:
        """Store those that are not stored yet: a batch may come twice, or overlap another."""
        self.bulk_create(events, ignore_conflicts=True)

    def glitches(self, session: Session) -> int:
        """Return how often the sound broke off in `session`."""
        found = self.filter(trial__session=session, kind=Event.Kind.GLITCH).aggregate(all=models.Sum("value"))
        return int(found["all"] or 0)

    def heard(self, trial: Trial) -> dict[tuple[int | None, int | None], str]:
        """Return how far each sound of `trial`, by slot and place, has been heard: "begun" or "whole"; or not there."""
        kinds = self.filter(trial=trial, kind__in=[Event.Kind.PLAY, Event.Kind.SWITCH, Event.Kind.WHOLE])
        found: dict[tuple[int | None, int | None], str] = {}
        for slot, place, kind in kinds.order_by().values_list("slot", "place", "kind").distinct():
            if kind == Event.Kind.WHOLE or (slot, place) not in found:
                found[slot, place] = "whole" if kind == Event.Kind.WHOLE else "begun"
        return found


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
        WHOLE = "whole", _("heard to the end")
        RATE = "rate", _("rate")
        GLITCH = "glitch", _("glitch")

    trial = models.ForeignKey(Trial, models.CASCADE, related_name="events", verbose_name=_("trial"))
    slot = models.ForeignKey(Slot, models.CASCADE, null=True, related_name="events", verbose_name=_("slot"))
    place = models.PositiveSmallIntegerField(_("open sound"), null=True, help_text=_("0 is the first reference"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    load = models.UUIDField(_("load"), default=uuid.uuid4)
    order = models.PositiveIntegerField(_("order"))
    frame = models.BigIntegerField(_("frame"), null=True)
    value = models.FloatField(
        _("value"), null=True, help_text=_("seconds into the sound; the score; where a loop begins; glitches")
    )
    until = models.FloatField(_("until"), null=True, help_text=_("where a loop ends, in seconds"))
    at = models.DateTimeField(_("at"), help_text=_("by the browser's clock"))

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("event"), _("events")
        ordering = ["trial", "load", "order"]
        constraints = [
            models.UniqueConstraint(fields=["trial", "load", "order"], name="event_once"),
            models.CheckConstraint(name="event_of_one_sound", condition=models.Q(slot=None) | models.Q(place=None)),
        ]

    def __str__(self) -> str:
        return f"{self.trial} {self.kind} {self.order}"
