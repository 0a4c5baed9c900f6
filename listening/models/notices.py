"""Whom to tell that a study is full or a run has ended: a `Notice` is one message to one address, retried by a worker.

It is written as the last sitting or the run ends. No assessor's request sends anything: a sweep wakes the worker.
"""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.models.quota import is_filled
from listening.models.study import Study

TOLD_KINDS = ("analysis", "objective", "trainingrun", "rendering", "lyricsalignment")
"""Runs that take so long that nobody waits before their page."""
MAX_ATTEMPTS = 8
FIRST_RETRY = dt.timedelta(minutes=1)
"""After the first failure; each later one waits twice as long."""


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices, many at once."""

    def due(self) -> Self:
        """Return the notices to be sent now."""
        return self.filter(sent_at=None, attempts__lt=MAX_ATTEMPTS, next_at__lte=timezone.now())


class Notice(models.Model):
    """One message: by e-mail or webhook, where to, and whether it arrived."""

    class Channel(models.TextChoices):
        """By which way it goes."""

        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("webhook")

    study = models.ForeignKey(
        Study, models.CASCADE, null=True, related_name="notices", verbose_name=_("study"),
        help_text=_("that it is about; none: a run, told to the addresses of the installation"),
    )  # fmt: skip
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    address = models.CharField(_("address"), max_length=300)
    payload = models.JSONField(_("what it says"), default=dict)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("notice"), _("notices")
        ordering = ["study", "-pk"]

    def __str__(self) -> str:
        return f"{self.study or self.payload.get('run')}: {self.get_channel_display()}"

    def claim(self) -> bool:
        """Take one attempt at sending it; False if another worker has it or it is sent."""
        wait = FIRST_RETRY * 2**self.attempts
        due = Notice.objects.due().filter(pk=self.pk, attempts=self.attempts)
        return bool(due.update(attempts=F("attempts") + 1, next_at=timezone.now() + wait))

    def sent(self) -> None:
        """Note that it arrived."""
        Notice.objects.filter(pk=self.pk).update(sent_at=timezone.now(), error="")

    def failed(self, reason: str) -> None:
        """Note why it did not arrive; it is tried again until `MAX_ATTEMPTS`."""
        Notice.objects.filter(pk=self.pk).update(error=reason[:300])


@transaction.atomic
def fill_up(study: Study) -> bool:
    """Close a study one of whose quotas has finished, where it asks for it, and write its notices.

    False unless it is just full. For each quota it happens once: whoever raises one is told again when that is reached.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    finished = study.sessions.finished().counted()
    if not is_filled(study, finished):
        return False
    quotas = {"told_quota": study.quota, "told_cell_quota": study.cell_quota}
    if not Study.objects.filter(pk=study.pk).exclude(**quotas).update(**quotas):
        return False
    closed = study.close_at_quota and study.status == Study.Status.OPEN and study.close()
    Notice.objects.bulk_create(_notices(study, finished.count(), closed=closed))
    return True


def _notices(study: Study, finished: int, *, closed: bool) -> list[Notice]:
    said = {
        "event": "study.full", "study": study.slug, "finished": finished, "quota": study.quota,
        "cell_quota": study.cell_quota, "closed": closed,
    }  # fmt: skip
    ways = {Notice.Channel.EMAIL: study.notify_email, Notice.Channel.WEBHOOK: study.notify_webhook}
    return [Notice(study=study, channel=way, address=to, payload=said) for way, to in ways.items() if to]


def tell_end_of_run(run: models.Model, name: str, status: str, message: str) -> None:
    """Write the notices that a run is done or has failed, to the addresses of the installation; none for preparations.

    To be called in the transaction that ends the run.
    """
    kind = str(run._meta.model_name)
    if kind not in TOLD_KINDS:
        return
    said = {"event": "run.ended", "run": f"{kind}/{run.pk}", "name": name, "status": status, "message": message}
    ways = [(Notice.Channel.EMAIL, to) for to in settings.NOTIFY_EMAIL]
    ways += [(Notice.Channel.WEBHOOK, to) for to in [settings.NOTIFY_WEBHOOK] if to]
    Notice.objects.bulk_create([Notice(channel=way, address=to, payload=said) for way, to in ways])
