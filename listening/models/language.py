"""In which language a study speaks to its assessors."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


def languages() -> list[tuple[str, str]]:
    """Return the languages that the assessor's pages have."""
    return list(settings.LANGUAGES)


class Spoken(models.Model):
    """The part of a `Study` that says which language its texts are in."""

    language = models.CharField(
        _("language"), max_length=12, choices=languages, default="", blank=True,
        help_text=_("of its texts and pages; empty: the method's texts and the pages follow each assessor's browser"),
    )  # fmt: skip

    class Meta:
        abstract = True
