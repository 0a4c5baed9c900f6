"""Whether the database takes writes: one row that is written to find out."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

ONLY_ROW = 1


class HealthProbe(models.Model):
    """When a health check last wrote, by the database's clock."""

    written_at = models.DateTimeField(_("written"), null=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("health probe"), _("health probes")
        constraints = [models.CheckConstraint(name="healthprobe_is_one_row", condition=Q(pk=ONLY_ROW))]

    def __str__(self) -> str:
        return f"last written {self.written_at}"

    @classmethod
    def write(cls) -> None:
        """Write and commit, as an answer does; raise `DatabaseError` where that fails, as on a full disc."""
        cls.objects.get_or_create(pk=ONLY_ROW)
        cls.objects.filter(pk=ONLY_ROW).update(written_at=Now())
