"""Who rated what: each `Trial` of a session is a page, whose `Slot`s hold its stimuli, shuffled.

An assessor sees a stimulus only as the slot's random token; a `Rating` belongs to a slot, so one cannot exist for a
stimulus that was not in the trial, nor twice for the same slot.
"""

import uuid
from typing import Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.models.method import Role
from listening.models.sitting import Comprehension, checked_attributes, mixture_stimuli
from listening.models.study import Attribute, Item, Stimulus, Study
from listening.models.tokens import new_token
from listening.presets.comprehension import DESERVED_SCORES

MIN_RECOGNISED_SCORE = 75.0
"""From where on a hidden reference counts as recognised: the upper two of five grades, as P.808 allows of a known 5."""


class TrialQuerySet(models.QuerySet["Trial"]):
    """Trials, many at once."""

    def open(self) -> Self:
        """Return the trials still to be rated."""
        return self.filter(finished_at=None)

    def counted(self) -> Self:
        """Return the trials whose ratings count: no trainings."""
        return self.filter(item__training=False)


class Trial(models.Model):
    """One page: one item, one attribute, its stimuli shuffled, or some of them.

    `part` counts the pages of an item from 0, where a page shows only some of its stimuli; `replicate` counts repeats
    of the same page from 0.
    """

    session = models.ForeignKey("Session", models.CASCADE, related_name="trials", verbose_name=_("session"))
    attribute = models.ForeignKey(Attribute, models.PROTECT, related_name="trials", verbose_name=_("attribute"))
    item = models.ForeignKey(Item, models.PROTECT, related_name="trials", verbose_name=_("item"))
    position = models.PositiveSmallIntegerField(_("position"))
    part = models.PositiveSmallIntegerField(_("part"), default=0)
    replicate = models.PositiveSmallIntegerField(_("replicate"), default=0)
    attention = models.BooleanField(
        _("attention"), default=False, help_text=_("its right answer is known; its ratings do not count")
    )
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    seconds = models.FloatField(_("seconds"), null=True, blank=True, help_text=_("time spent on the page"))
    proved = models.BooleanField(
        _("sound proved"), null=True, editable=False,
        help_text=_("the browser decoded every sound of the page bit for bit as stored; empty: not played here"),
    )  # fmt: skip

    objects = TrialQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("trial"), _("trials")
        ordering = ["session", "position"]
        constraints = [
            models.UniqueConstraint(fields=["session", "position"], name="trial_position_once"),
            models.UniqueConstraint(
                fields=["session", "attribute", "item", "part", "replicate", "attention"], name="trial_once"
            ),
        ]
        indexes = [models.Index(name="trial_unproved", fields=["proved"], condition=Q(proved=False))]

    def __str__(self) -> str:
        return f"{self.session} trial {self.position}"

    @property
    def recognised(self) -> float | None:
        """Return the rating of an attention trial's hidden reference; None before it is given, and in other trials."""
        known = Rating.objects.filter(slot__trial=self, slot__stimulus__condition__role=Role.REFERENCE)
        return known.values_list("score", flat=True).first() if self.attention else None

    @property
    def right(self) -> bool | None:
        """Tell whether an attention trial was answered right; None before it is answered, and in other trials."""
        return None if (score := self.recognised) is None else score >= MIN_RECOGNISED_SCORE

    def start(self) -> None:
        """Note when the page was first seen; from then on its sound is not proved until its browser has proved it."""
        seen = Trial.objects.filter(pk=self.pk)
        if self.started_at is None:
            seen.filter(started_at=None).update(started_at=timezone.now())
        if self.proved is None:
            played_here = seen.filter(finished_at=None, session__assessor__simulated=False, session__study__source="")
            played_here.filter(proved=None).update(proved=False)

    def prove(self) -> None:
        """Note that every sound of the page was decoded bit for bit as stored."""
        Trial.objects.filter(pk=self.pk).exclude(proved=True).update(proved=True)

    def finish(self) -> bool:
        """Close the trial once every slot is rated; False while one is not. Safe to repeat."""
        if self.slots.filter(rating=None).exists():
            return False
        self.refresh_from_db(fields=["started_at"])
        now = timezone.now()
        seconds = (now - self.started_at).total_seconds() if self.started_at else None
        with transaction.atomic():
            if Trial.objects.filter(pk=self.pk, finished_at=None).update(finished_at=now, seconds=seconds):
                self._check_comprehension()
                self.session.rest()
        return True

    def _check_comprehension(self) -> None:
        """Note how the mixture was rated in a finished practice trial: the first of its attribute in the session.

        Nothing where the study does not ask for it, the attribute has no rule, or the page shows no mixture.
        """
        known = checked_attributes(self.session.study) if self.item.training else []
        if self.attribute not in known:
            return
        mixture = self.slots.filter(mixture_stimuli("stimulus__"))
        score = mixture.exclude(rating=None).values_list("rating__score", flat=True).first()
        if score is not None:
            found = {"score": score, "understood": DESERVED_SCORES[self.attribute.key].fits(score)}
            Comprehension.objects.get_or_create(session=self.session, attribute=self.attribute, defaults=found)


class Slot(models.Model):
    """Where a stimulus stands in a trial, and the token by which a browser may fetch it."""

    trial = models.ForeignKey(Trial, models.CASCADE, related_name="slots", verbose_name=_("trial"))
    stimulus = models.ForeignKey(Stimulus, models.PROTECT, related_name="slots", verbose_name=_("stimulus"))
    position = models.PositiveSmallIntegerField(_("position"))
    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("slot"), _("slots")
        ordering = ["trial", "position"]
        constraints = [
            models.UniqueConstraint(fields=["trial", "position"], name="slot_position_once"),
            models.UniqueConstraint(fields=["trial", "stimulus"], name="slot_stimulus_once"),
        ]

    def __str__(self) -> str:
        return f"{self.trial} slot {self.position}"

    def answer(self, score: float, *, order: int, key: uuid.UUID) -> bool:
        """Store `score` unless a later answer (by the browser's own `order`) stands already; False if one does.

        Safe to repeat: the same answer sent twice leaves one row. Raises `ValueError` outside 0–100.
        """
        if not 0 <= score <= 100:
            raise ValueError(f"a rating is between 0 and 100, not {score:g}")
        new = {"score": score, "order": order, "key": key}
        _rating, created = Rating.objects.get_or_create(slot=self, defaults=new)
        earlier = Rating.objects.filter(slot=self, order__lt=order)
        return created or bool(earlier.update(**new, changed_at=timezone.now()))


class RatingQuerySet(models.QuerySet["Rating"]):
    """Ratings, many at once."""

    def counted(self, study: Study, *, with_excluded: bool = False) -> Self:
        """Return the ratings of `study` that count: no training, no attention trial, nothing of who does not count.

        That is who declined or withdrew, a researcher's preview, and unless `with_excluded` who was excluded.
        """
        own = self.filter(slot__trial__session__study=study, slot__trial__session__declined_at=None)
        own = own.filter(slot__trial__session__preview=False)
        own = own if with_excluded else own.filter(slot__trial__session__excluded_at=None)
        return own.filter(slot__trial__item__training=False, slot__trial__attention=False)

    def proved(self) -> Self:
        """Leave out the ratings of pages whose sound is not proved; what was not played here stays."""
        return self.exclude(slot__trial__proved=False)


class Rating(models.Model):
    """An assessor's 0–100 score of one stimulus in one trial; the newest answer by the assessor's own order."""

    slot = models.OneToOneField(Slot, models.CASCADE, related_name="rating", verbose_name=_("slot"))
    score = models.FloatField(_("score"))
    order = models.PositiveBigIntegerField(
        _("order"), default=0, help_text=_("when it was given, on a clock that never goes back: ms since 1970")
    )
    key = models.UUIDField(default=uuid.uuid4, help_text=_("idempotency key of the newest answer"))
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects = RatingQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("rating"), _("ratings")
        ordering = ["slot"]
        constraints = [
            models.CheckConstraint(name="rating_from_0_to_100", condition=Q(score__gte=0, score__lte=100)),
            models.CheckConstraint(name="rating_not_changed_before_made", condition=Q(changed_at__gte=F("created_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.slot}: {self.score:g}"
