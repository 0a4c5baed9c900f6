"""An analysis of a study's ratings: what `lossmodel analyse` writes, made by a worker and kept with the study."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from listening.models.learning import RatingSet
from listening.models.run import Run
from listening.models.study import Study


class Analysis(Run):
    """One report: ratings frozen, screened, described, tested and drawn. `results` are its numbers, panel by panel."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="analyses", verbose_name=_("study"))
    ratings = models.ForeignKey(
        RatingSet, models.PROTECT, null=True, editable=False, related_name="analyses", verbose_name=_("rating set")
    )
    rules = models.JSONField(_("rules"), default=dict, blank=True, help_text=_("thresholds other than BS.1534-3's"))
    margin = models.FloatField(
        _("margin"), null=True, blank=True, help_text=_("points by which a system may be worse without mattering")
    )
    baseline = models.CharField(
        _("baseline"), max_length=80, blank=True, help_text=_("the system that every other one is set against")
    )
    seed = models.PositiveBigIntegerField(_("seed"), default=0)
    results = models.JSONField(_("results"), default=dict, editable=False)

    class Meta(Run.Meta):
        verbose_name, verbose_name_plural = _("analysis"), _("analyses")
        constraints = [
            *Run.Meta.constraints,
            models.UniqueConstraint(
                fields=["study"], condition=Q(status__in=["queued", "running"]), name="analysis_one_live_a_study"
            ),
            models.CheckConstraint(condition=Q(margin__gt=0, margin__lte=100), name="analysis_margin_on_the_scale"),
        ]

    def __str__(self) -> str:
        return f"analysis {self.pk} of {self.study}"

    @property
    def parents(self) -> list[Any]:
        """Return the rows that this one was made from."""
        return [self.ratings or self.study]

    @property
    def folder(self) -> Path:
        """Return where its report lies: MEDIA_ROOT/analysis/<id>."""
        return Path(settings.MEDIA_ROOT) / "analysis" / str(self.pk)
