"""Whose turn it is to sweep: one row for the whole installation, taken by conditional UPDATE."""

import datetime as dt

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from listening.database import ago

ONLY_ROW = 1


class SweepTurn(models.Model):
    """When the last sweep began, by the database's clock."""

    taken_at = models.DateTimeField(_("taken"), null=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("sweep turn"), _("sweep turns")
        constraints = [models.CheckConstraint(name="sweepturn_is_one_row", condition=Q(pk=ONLY_ROW))]

    def __str__(self) -> str:
        return f"last sweep {self.taken_at}"

    @classmethod
    def take(cls, every: dt.timedelta) -> bool:
        """Take the turn, which comes once in `every`: True for exactly one of any number of workers."""
        cls.objects.get_or_create(pk=ONLY_ROW)
        due = Q(taken_at=None) | Q(taken_at__lte=ago(every))
        return bool(cls.objects.filter(due, pk=ONLY_ROW).update(taken_at=Now()))
