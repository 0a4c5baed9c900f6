"""Who rated what: an `Assessor` sits a `Session` of `Trial`s; each trial's `Slot`s hold its stimuli, shuffled.

All orders are drawn when the session begins and are stored, so a session resumes exactly as it was on any device. An
assessor sees a stimulus only as the slot's random token; a `Rating` belongs to a slot, so one cannot exist for a
stimulus that was not in the trial, nor twice for the same slot.
"""

import secrets
import uuid
from enum import StrEnum
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.design import Page, plan
from listening.models.study import Attribute, Item, Stimulus, Study


def new_token() -> str:
    """Return 128 random bits for a link: cannot be guessed, tells nothing."""
    return secrets.token_urlsafe(16)


def new_code() -> str:
    """Return a pseudonym of 8 letters and digits that are not mistaken for one another."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(8))


class Unavailable(Exception):
    """The study takes no new session now; the message says why, for the assessor to read."""


class Assessor(models.Model):
    """A person, pseudonymous, or a simulated listener, marked so."""

    code = models.CharField(_("code"), max_length=80, unique=True, default=new_code)
    simulated = models.BooleanField(_("simulated"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name, verbose_name_plural = _("assessor"), _("assessors")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class SessionQuerySet(models.QuerySet["Session"]):
    """Sessions, many at once."""

    def counted(self) -> Self:
        """Return the sessions that fill the quota: neither declined nor simulated."""
        return self.filter(declined_at=None, assessor__simulated=False)

    def finished(self) -> Self:
        """Return the sessions sat to their end."""
        return self.exclude(finished_at=None)

    @transaction.atomic
    def begin(self, study: Study, assessor: Assessor) -> "Session":
        """Return a new session with all its trials and slots; raise `Unavailable` if the study takes none."""
        study = Study.objects.select_for_update().get(pk=study.pk)
        if not assessor.simulated:
            check_room(study)
        newest = self.filter(study=study).aggregate(newest=Max("number"))["newest"]
        number = 0 if newest is None else newest + 1
        session = self.create(study=study, assessor=assessor, number=number, seed=study.seed)
        session.lay_out(plan(study.design(), number))
        return session


def check_room(study: Study) -> None:
    """Raise `Unavailable` if the study takes no new session: not open, or its quota is full."""
    if study.status != Study.Status.OPEN:
        raise Unavailable(_("This study is not open."))
    if study.quota is not None and study.sessions.counted().count() >= study.quota:
        raise Unavailable(_("This study has all the assessors it needs."))


class Stage(StrEnum):
    """Where a sitting stands: what its link shows now."""

    CONSENT = "consent"
    INSTRUCTIONS = "instructions"
    TRIAL = "trial"
    COMMENT = "comment"
    DONE = "done"
    DECLINED = "declined"


class Session(models.Model):
    """One sitting of one assessor in one study, with its seed and its secret link."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="sessions", verbose_name=_("study"))
    assessor = models.ForeignKey(Assessor, models.PROTECT, related_name="sessions", verbose_name=_("assessor"))
    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    number = models.PositiveIntegerField(_("number"), help_text=_("0, 1, 2 … within the study; balances the designs"))
    seed = models.PositiveBigIntegerField(_("seed"))
    consent_version = models.CharField(_("consent version"), max_length=20, blank=True)
    client = models.JSONField(_("client"), default=dict, blank=True, help_text=_("browser, sample rate, latency"))
    comment = models.TextField(_("comment"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    consented_at = models.DateTimeField(_("consented"), null=True, blank=True)
    declined_at = models.DateTimeField(_("declined"), null=True, blank=True)
    instructed_at = models.DateTimeField(_("instructed"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("session"), _("sessions")
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="session_number_once"),
            models.CheckConstraint(
                name="session_declined_is_not_finished", condition=Q(declined_at=None) | Q(finished_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study}#{self.number}"

    def get_absolute_url(self) -> str:
        """Return the personal link that begins or resumes this session."""
        return reverse("participant:session", args=[self.token])

    @property
    def simulated(self) -> bool:
        """Tell whether no person sat here."""
        return self.assessor.simulated

    @property
    def stage(self) -> Stage:
        """Return where the sitting stands, read from its rows: the same on any device and after any interruption."""
        if self.declined_at:
            return Stage.DECLINED
        if self.finished_at:
            return Stage.DONE
        if not self.consented_at:
            return Stage.CONSENT
        if not self.instructed_at:
            return Stage.INSTRUCTIONS
        return Stage.TRIAL if self.trials.open().exists() else Stage.COMMENT

    def consent(self) -> bool:
        """Note that the assessor agrees to the study's present text. False if that was decided before."""
        return self._note("consented_at", consent_version=self.study.consent_version)

    def decline(self) -> bool:
        """Note that the assessor does not take part. False if that was decided before."""
        return self.consented_at is None and self._note("declined_at")

    def instruct(self) -> bool:
        """Note that the instructions were read, once there is consent. False if they were before."""
        return self.consented_at is not None and self._note("instructed_at")

    def finish(self, comment: str = "") -> bool:
        """End the sitting once every trial is finished. False if one is not, or if it has ended before."""
        return self.stage == Stage.COMMENT and self._note("finished_at", comment=comment)

    def _note(self, field: str, **changes: Any) -> bool:
        waiting = Session.objects.filter(pk=self.pk, **{"declined_at": None, "finished_at": None, field: None})
        noted = waiting.update(**{field: timezone.now()}, **changes)
        self.refresh_from_db()
        return bool(noted)

    def lay_out(self, pages: list[Page]) -> None:
        """Store the planned pages as trials and slots."""
        trials = Trial.objects.bulk_create(
            Trial(session=self, position=n, attribute_id=page.attribute, item_id=page.item, replicate=page.replicate)
            for n, page in enumerate(pages)
        )
        Slot.objects.bulk_create(
            Slot(trial=trial, position=n, stimulus_id=stimulus)
            for trial, page in zip(trials, pages, strict=True)
            for n, stimulus in enumerate(page.stimuli)
        )


class TrialQuerySet(models.QuerySet["Trial"]):
    """Trials, many at once."""

    def open(self) -> Self:
        """Return the trials still to be rated."""
        return self.filter(finished_at=None)


class Trial(models.Model):
    """One page: one item, one attribute, its stimuli shuffled. `replicate` counts repeats of the same page from 0."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="trials", verbose_name=_("session"))
    attribute = models.ForeignKey(Attribute, models.PROTECT, related_name="trials", verbose_name=_("attribute"))
    item = models.ForeignKey(Item, models.PROTECT, related_name="trials", verbose_name=_("item"))
    position = models.PositiveSmallIntegerField(_("position"))
    replicate = models.PositiveSmallIntegerField(_("replicate"), default=0)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    seconds = models.FloatField(_("seconds"), null=True, blank=True, help_text=_("time spent on the page"))

    objects = TrialQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("trial"), _("trials")
        ordering = ["session", "position"]
        constraints = [
            models.UniqueConstraint(fields=["session", "position"], name="trial_position_once"),
            models.UniqueConstraint(fields=["session", "attribute", "item", "replicate"], name="trial_once"),
        ]

    def __str__(self) -> str:
        return f"{self.session} trial {self.position}"

    def start(self) -> None:
        """Note when the page was first seen."""
        Trial.objects.filter(pk=self.pk, started_at=None).update(started_at=timezone.now())

    def finish(self) -> bool:
        """Close the trial once every slot is rated; False while one is not. Safe to repeat."""
        if self.slots.filter(rating=None).exists():
            return False
        self.refresh_from_db()
        now = timezone.now()
        seconds = (now - self.started_at).total_seconds() if self.started_at else None
        Trial.objects.filter(pk=self.pk, finished_at=None).update(finished_at=now, seconds=seconds)
        return True


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


class Rating(models.Model):
    """An assessor's 0–100 score of one stimulus in one trial; the newest answer by the assessor's own order."""

    slot = models.OneToOneField(Slot, models.CASCADE, related_name="rating", verbose_name=_("slot"))
    score = models.FloatField(_("score"))
    order = models.PositiveIntegerField(_("order"), default=0, help_text=_("the browser's own count of its answers"))
    key = models.UUIDField(default=uuid.uuid4, help_text=_("idempotency key of the newest answer"))
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name, verbose_name_plural = _("rating"), _("ratings")
        ordering = ["slot"]
        constraints = [
            models.CheckConstraint(name="rating_from_0_to_100", condition=Q(score__gte=0, score__lte=100)),
            models.CheckConstraint(name="rating_not_changed_before_made", condition=Q(changed_at__gte=F("created_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.slot}: {self.score:g}"
