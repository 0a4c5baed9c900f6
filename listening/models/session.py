"""Who sits when: an `Assessor` sits a `Session`, whose trials (`listening.models.trial`) are laid out as it begins.

All orders are drawn then and are stored, so a session resumes exactly as it was on any device.
"""

import secrets
from typing import Self

from django.db import models, transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from listening.design import plan
from listening.models.progress import Progress
from listening.models.study import Study


def new_token() -> str:
    """Return 128 random bits for a link: cannot be guessed, tells nothing."""
    return secrets.token_urlsafe(16)


def new_code() -> str:
    """Return 40 random bits as 8 letters and digits that are not mistaken for one another."""
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
        """Return the sessions that fill the quota: neither declined nor screened out nor simulated."""
        return self.filter(declined_at=None, screened_at=None, assessor__simulated=False)

    def finished(self) -> Self:
        """Return the sessions sat to their end."""
        return self.exclude(finished_at=None)

    @transaction.atomic
    def begin(self, study: Study, assessor: Assessor, *, ticket: str | None = None) -> "Session":
        """Return a new session with all its trials and slots; raise `Unavailable` if the study takes none."""
        study = Study.objects.select_for_update().get(pk=study.pk)
        if not assessor.simulated:
            check_room(study)
        newest = self.filter(study=study).aggregate(newest=Max("number"))["newest"]
        number = 0 if newest is None else newest + 1
        session = self.create(study=study, assessor=assessor, number=number, seed=study.seed, ticket=ticket)
        trainings = [] if assessor.simulated else plan(study.design(training=True), number)
        session.trials.lay_out(session, trainings + plan(study.design(), number))
        return session


def check_room(study: Study) -> None:
    """Raise `Unavailable` if the study takes no new session: not open, or its quota is full."""
    if study.status != Study.Status.OPEN:
        raise Unavailable(pgettext_lazy("to assessors", "This study is not open."))
    if study.quota is not None and study.sessions.counted().count() >= study.quota:
        raise Unavailable(pgettext_lazy("to assessors", "This study has all the assessors it needs."))


class Session(Progress):
    """One sitting of one assessor in one study, with its seed and its secret link."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="sessions", verbose_name=_("study"))
    assessor = models.ForeignKey(Assessor, models.PROTECT, related_name="sessions", verbose_name=_("assessor"))
    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    code = models.CharField(
        _("personal code"), max_length=8, unique=True, default=new_code, editable=False,
        help_text=_("brings its assessor back on any device; not the pseudonym, which exports show"),
    )  # fmt: skip
    ticket = models.CharField(
        max_length=40, null=True, editable=False,
        help_text=_("the form it began from, so that a form sent twice begins once"),
    )  # fmt: skip
    number = models.PositiveIntegerField(_("number"), help_text=_("0, 1, 2 … within the study; balances the designs"))
    seed = models.PositiveBigIntegerField(_("seed"))
    client = models.JSONField(_("client"), default=dict, blank=True, help_text=_("browser, sample rate, latency"))
    comment = models.TextField(_("comment"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("session"), _("sessions")
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="session_number_once"),
            models.UniqueConstraint(fields=["study", "ticket"], name="session_begun_once"),
            models.CheckConstraint(
                name="session_declined_is_not_finished", condition=Q(declined_at=None) | Q(finished_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study}#{self.number}"

    def get_absolute_url(self) -> str:
        """Return the personal link that begins or resumes this session."""
        return reverse("participant:session", args=[self.token])

    def describe(self, **client: object) -> None:
        """Note how its browser plays, as last told."""
        Session.objects.filter(pk=self.pk).exclude(client=client).update(client=client)

    @property
    def simulated(self) -> bool:
        """Tell whether no person sat here."""
        return self.assessor.simulated
