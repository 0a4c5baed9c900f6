"""What becomes of a study's data: how long personal data are kept, and under which licence the rest is published."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Privacy(models.Model):
    """The part of a `Study` that says how long its personal data are kept and under which licence it is published."""

    licence = models.TextField(
        _("licence"), blank=True, help_text=_("of the sounds and of the ratings; goes into the publication bundle")
    )
    retention_days = models.PositiveIntegerField(
        _("personal data are kept for (days)"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("after closing; then external ids and free texts are deleted; empty: as the installation says"),
    )  # fmt: skip
    forgotten_at = models.DateTimeField(_("personal data deleted"), null=True, editable=False)

    class Meta:
        abstract = True
