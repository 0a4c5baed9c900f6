"""Whether a sitting counts: it may be a researcher's preview, be excluded with a reason, or be withdrawn."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.models.recruiting import Recruitment

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

PREVIEW_KEPT = dt.timedelta(hours=24)
"""How long a preview is kept after its last sign of life."""


class Excludable(models.Model):
    """The part of a `Session` that says whether it counts."""

    preview = models.BooleanField(
        _("preview"), default=False, editable=False,
        help_text=_("a researcher's look at the pages: counts nowhere, and deletes itself"),
    )  # fmt: skip
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)
    excluded_at = models.DateTimeField(_("excluded"), null=True, editable=False)
    excluded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+",
        verbose_name=_("excluded by"),
    )  # fmt: skip
    excluded_reason = models.CharField(_("reason of the exclusion"), max_length=300, blank=True, editable=False)

    class Meta:
        abstract = True

    def exclude(self, user: "AbstractUser", reason: str) -> bool:
        """Leave the sitting out of every result, with a reason; False if it was excluded or withdrawn before."""
        changes = {"excluded_at": timezone.now(), "excluded_by": user, "excluded_reason": reason}
        return self._stand({"excluded_at": None, "withdrawn_at": None}, **changes)

    def restore(self) -> bool:
        """Let an excluded sitting count again; False if it was not excluded."""
        changes = {"excluded_at": None, "excluded_by": None, "excluded_reason": ""}
        return self._stand({"excluded_at__isnull": False}, **changes)

    @transaction.atomic
    def withdraw(self) -> bool:
        """Delete all that was given in the sitting, and note when; False if it was withdrawn before.

        What stays is that there was a sitting. It counts as declined, and its place in the plan is free again. Ratings
        that were frozen before keep their copy.
        """
        now = timezone.now()
        bare: dict[str, Any] = {"finished_at": None, "comment": "", "client": {}, "ticket": None}
        if not self._stand({"withdrawn_at": None}, withdrawn_at=now, declined_at=now, **bare):
            return False
        session: Any = self
        for given in (session.trials, session.replies, session.checks, session.comprehensions):
            given.all().delete()
        Recruitment.objects.filter(session_id=self.pk).delete()
        return True

    def _stand(self, where: dict[str, Any], **changes: Any) -> bool:
        moved = models.QuerySet(type(self)).filter(pk=self.pk, **where).update(**changes)
        self.refresh_from_db()
        return bool(moved)
