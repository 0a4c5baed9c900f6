"""Who sits when: an `Assessor` sits a `Session`, whose trials (`listening.models.trial`) are laid out as it begins.

All orders are drawn then and are stored, so a session resumes exactly as it was on any device.
"""

import datetime as dt
from itertools import count
from typing import Self

from django.db import models, transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from listening import logs
from listening.design import Page, plan, top_up
from listening.models.exclusion import PREVIEW_KEPT, Excludable
from listening.models.progress import Progress
from listening.models.quota import is_filled, needed
from listening.models.study import Study
from listening.models.tokens import new_code, new_token
from listening.models.trial import Slot, Trial

SIGN_OF_LIFE_INTERVAL = dt.timedelta(minutes=1)
"""How often a sitting's sign of life is renewed, at most: requests come in bunches, and each renewal is a write."""


class Unavailable(Exception):
    """The study takes no new session now; the message says why, for the assessor to read."""


class Full(Unavailable):
    """Every place of the study is held."""


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

    def sat(self, *, with_excluded: bool = False) -> Self:
        """Return the sittings whose answers are looked at: not declined or withdrawn, no preview, not excluded."""
        own = self.filter(declined_at=None, preview=False)
        return own if with_excluded else own.filter(excluded_at=None)

    def counted(self) -> Self:
        """Return the sittings of people that may count: neither declined, excluded, screened out nor simulated."""
        return self.sat().filter(screened_at=None, assessor__simulated=False)

    def holding(self, study: Study, *, simulated: bool = False) -> Self:
        """Return the sittings that hold a place in `study`: finished, or running and seen within `hold_minutes`.

        Declined, excluded and screened-out ones hold none. People and simulated assessors have places of their own.
        """
        alive = Q(seen_at__gt=timezone.now() - dt.timedelta(minutes=study.hold_minutes))
        own = self.sat().filter(study=study, screened_at=None, assessor__simulated=simulated)
        return own.filter(alive | ~Q(finished_at=None))

    def by_token(self, token: str) -> "Session":
        """Return the session behind a personal link, its sign of life renewed; raise `DoesNotExist` for no link.

        Every request under a link comes through here. The row is written at most once in `SIGN_OF_LIFE_INTERVAL`.
        """
        session = self.select_related("study", "assessor").get(token=token)
        logs.note(session=str(session.pk))
        now = timezone.now()
        if session.seen_at <= now - SIGN_OF_LIFE_INTERVAL:
            self.filter(pk=session.pk, seen_at__lte=now - SIGN_OF_LIFE_INTERVAL).update(seen_at=now)
        return session

    def finished(self) -> Self:
        """Return the sessions sat to their end."""
        return self.exclude(finished_at=None)

    @transaction.atomic
    def begin(self, study: Study, assessor: Assessor, *, ticket: str | None = None, pilot: bool = False) -> "Session":
        """Return a new session with all its trials and slots; raise `Unavailable` if the study takes none.

        It takes the lowest cell of the plan that is free, so whoever comes after others dropped out takes their cells.
        Where the study has a quota of ratings per cell, it takes what is short of it once anything has enough.
        """
        study = Study.objects.select_for_update().get(pk=study.pk)
        if not assessor.simulated:
            check_room(study)
        newest = self.filter(study=study).aggregate(newest=Max("number"))["newest"]
        number = 0 if newest is None else newest + 1
        cell, design = self._free_cell(study, assessor), study.design()
        by_need = study.cell_quota is not None and not assessor.simulated
        pages = top_up(design, cell, needed(study, self.holding(study))) if by_need else plan(design, cell)
        session = self.create(
            study=study, assessor=assessor, number=number, cell=cell, seed=study.seed, ticket=ticket, pilot=pilot
        )
        trainings = [] if assessor.simulated else plan(study.design(training=True), cell)
        lay_out(session, trainings + pages)
        return session

    @transaction.atomic
    def preview(self, study: Study) -> "Session":
        """Return a throw-away sitting of the plan's next cell, in any state of the study: it counts nowhere."""
        assessor = Assessor.objects.create()
        cell = self._free_cell(study, assessor)
        session = self.create(study=study, assessor=assessor, number=0, cell=cell, seed=study.seed, preview=True)
        lay_out(session, plan(study.design(training=True), cell) + plan(study.design(), cell))
        return session

    def delete_previews(self, *, older_than: dt.timedelta = PREVIEW_KEPT) -> int:
        """Delete the previews that nobody has looked at for `older_than`, with all they hold; return how many."""
        gone = self.filter(preview=True, seen_at__lte=timezone.now() - older_than)
        assessors = list(gone.values_list("assessor", flat=True))
        gone.delete()
        Assessor.objects.filter(pk__in=assessors, sessions=None).delete()
        return len(assessors)

    def _free_cell(self, study: Study, assessor: Assessor) -> int:
        """Return the lowest cell of the plan that no sitting of the same kind holds."""
        held = set(self.holding(study, simulated=assessor.simulated).values_list("cell", flat=True))
        return next(cell for cell in count() if cell not in held)


def check_room(study: Study) -> None:
    """Raise `Unavailable` if the study takes no new session: not open, paused, or `Full`: every place is held."""
    if study.status != Study.Status.OPEN:
        raise Unavailable(pgettext_lazy("to assessors", "This study is not open."))
    if study.paused:
        raise Unavailable(pgettext_lazy("to assessors", "This study has a short break."))
    if is_filled(study, Session.objects.holding(study)):
        raise Full(pgettext_lazy("to assessors", "This study has all the participants it needs."))


def lay_out(session: "Session", pages: list[Page]) -> None:
    """Store the planned pages of `session` as trials and slots."""
    trials = Trial.objects.bulk_create(
        Trial(
            session=session, position=n, attribute_id=page.attribute, item_id=page.item, replicate=page.replicate,
            part=page.part, attention=page.attention,
        )
        for n, page in enumerate(pages)
    )  # fmt: skip
    Slot.objects.bulk_create(
        Slot(trial=trial, position=n, stimulus_id=stimulus)
        for trial, page in zip(trials, pages, strict=True)
        for n, stimulus in enumerate(page.stimuli)
    )


class RealSessions(models.Manager.from_queryset(SessionQuerySet)):  # type: ignore[misc]
    """Every sitting but previews: what lists, counts and exports see unless they ask otherwise."""

    def get_queryset(self) -> SessionQuerySet:
        """Leave previews out."""
        found: SessionQuerySet = super().get_queryset().filter(preview=False)
        return found


class Session(Progress, Excludable):
    """One sitting of one assessor in one study, with its seed and its secret link."""

    assessor = models.ForeignKey(Assessor, models.PROTECT, related_name="sessions", verbose_name=_("assessor"))
    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    code = models.CharField(
        _("personal code"), max_length=8, unique=True, default=new_code, editable=False,
        help_text=_("to continue on any device; not the pseudonym, which exports show"),
    )  # fmt: skip
    ticket = models.CharField(
        max_length=40, null=True, editable=False,
        help_text=_("of the consent form: a form sent twice begins one session"),
    )  # fmt: skip
    number = models.PositiveIntegerField(_("number"), help_text=_("0, 1, 2 … within the study; balances the designs"))
    seed = models.PositiveBigIntegerField(_("seed"))
    cell = models.PositiveIntegerField(
        _("cell of the plan"), default=0, help_text=_("its number in the plan; free again when its place is")
    )
    seen_at = models.DateTimeField(_("last sign of life"), default=timezone.now)
    pilot = models.BooleanField(
        _("pilot"),
        default=False,
        help_text=_("begun by a logged-in researcher: not part of the time promised"),
    )
    client = models.JSONField(_("client"), default=dict, blank=True, help_text=_("browser, sample rate, latency"))
    comment = models.TextField(_("comment"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = RealSessions()
    every = SessionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("session"), _("sessions")
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], condition=Q(preview=False), name="session_number_once"),
            models.UniqueConstraint(fields=["study", "ticket"], name="session_begun_once"),
            models.CheckConstraint(
                name="session_declined_is_not_finished", condition=Q(declined_at=None) | Q(finished_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study} preview" if self.preview else f"{self.study}#{self.number}"

    def get_absolute_url(self) -> str:
        """Return the personal link that begins or resumes this session."""
        return reverse("participant:session", args=[self.token])

    def describe(self, **client: object) -> None:
        """Note how its browser plays, as last told."""
        Session.every.filter(pk=self.pk).exclude(client=client).update(client=client)

    @property
    def simulated(self) -> bool:
        """Tell whether no person sat here."""
        return self.assessor.simulated
