"""What is learned from a study: frozen ratings, objectives, trainings, checkpoints and renderings.

Every row points back at what it was made from (`ancestry` walks there), and names its files by hash.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from listening.models.audio import on_this_machine
from listening.models.run import Run
from listening.models.study import Study, new_seed
from lossmodel.errors import BadInput

LOG_FILE = "log.txt"
"""What a run said while it worked, in its folder."""


class RatingSet(models.Model):
    """A study's ratings frozen to a file with its hash: the input of a fit. Only `exports.ratings.freeze` makes one."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="rating_sets", verbose_name=_("study"))
    file = models.FileField(_("file"), upload_to="ratings/", editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    rows = models.PositiveIntegerField(_("rows"), editable=False)
    simulated = models.PositiveIntegerField(_("simulated rows"), default=0, editable=False)
    unproved = models.PositiveIntegerField(
        _("rows whose sound is not proved"), default=0, editable=False,
        help_text=_("the browser did not prove that it played what is stored"),
    )  # fmt: skip
    screening = models.JSONField(
        _("post-screening"), default=dict, editable=False, help_text=_("who was excluded, why")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name, verbose_name_plural = _("rating set"), _("rating sets")
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["study", "sha256"], name="rating_set_once")]

    def __str__(self) -> str:
        mark = f", {self.simulated} simulated" if self.simulated else ""
        return f"{self.study} {self.sha256[:8]} ({self.rows} ratings{mark})"

    @property
    def path(self) -> Path:
        """Return its file on this machine."""
        return on_this_machine(self.file)

    @property
    def parents(self) -> list[models.Model]:
        """Return the rows that this one was made from."""
        return [self.study]


class Artefact(Run):
    """A run that leaves a folder of files with a card: what it was made from, how, and how well it does."""

    recipe = models.CharField(
        _("recipe"), max_length=200, help_text=_("the name of a recipe or the path of a TOML file")
    )
    seed = models.PositiveBigIntegerField(_("seed"), default=new_seed)
    card = models.JSONField(_("card"), default=dict, editable=False)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)

    class Meta(Run.Meta):
        abstract = True

    @property
    def folder(self) -> Path:
        """Return where its files lie: MEDIA_ROOT/<kind>/<id>."""
        return Path(settings.MEDIA_ROOT) / str(self._meta.model_name) / str(self.pk)


class Objective(Artefact):
    """A learned module: estimate, references and mixture in, predicted ratings out. Fitting is its run."""

    name = models.CharField(_("name"), max_length=120)
    ratings = models.ManyToManyField(RatingSet, related_name="objectives", verbose_name=_("rating sets"))
    recipe = models.CharField(_("recipe"), max_length=200, default="compact")
    overrides = models.JSONField(
        _("changes to the recipe"), default=dict, blank=True, help_text=_("values by dotted key, put over the recipe")
    )

    class Meta(Artefact.Meta):
        verbose_name, verbose_name_plural = _("objective"), _("objectives")

    def __str__(self) -> str:
        return f"{self.name} (objective {self.pk})"

    @property
    def parents(self) -> list[models.Model]:
        """Return the rows that this one was made from."""
        return list(self.ratings.all())

    @property
    def drafted(self) -> models.QuerySet[Study]:
        """Return the studies that renderings drafted from those it is fitted to: new systems on the same items."""
        return Study.objects.filter(rendering__study__rating_sets__objectives=self).order_by("pk").distinct()

    @staticmethod
    def prefix(ratings: RatingSet, among: Collection[RatingSet]) -> str:
        """Return what goes before the names of items where the sets of several studies are fitted together."""
        return f"{ratings.study.slug}/" if len(among) > 1 else ""


class TrainingRun(Artefact):
    """One training of a separator, against an objective or without."""

    name = models.CharField(_("name"), max_length=120)
    objective = models.ForeignKey(
        Objective, models.PROTECT, null=True, blank=True, related_name="trainings", verbose_name=_("objective")
    )
    start = models.ForeignKey(
        "Checkpoint", models.PROTECT, null=True, blank=True, related_name="continued_by", verbose_name=_("start from"),
        help_text=_("weights to begin with; empty: from scratch"),
    )  # fmt: skip
    recipe = models.CharField(_("recipe"), max_length=200, default="regression")
    data = models.CharField(_("data"), max_length=400, help_text=_("a folder of songs with their stems"))
    limit = models.PositiveIntegerField(_("steps"), null=True, blank=True, help_text=_("empty: as the recipe says"))
    overrides = models.JSONField(
        _("changes to the recipe"), default=dict, blank=True, help_text=_("values by dotted key, put over the recipe")
    )
    device = models.CharField(_("device"), max_length=120, blank=True, editable=False, help_text=_("where it ran last"))

    class Meta(Artefact.Meta):
        verbose_name, verbose_name_plural = _("training run"), _("training runs")

    def __str__(self) -> str:
        return f"{self.name} (training {self.pk})"

    @property
    def parents(self) -> list[models.Model]:
        """Return the rows that this one was made from."""
        return [row for row in (self.objective, self.start) if row is not None]


class Checkpoint(models.Model):
    """One saved state of a training: weights and card, known by their hash."""

    run = models.ForeignKey(TrainingRun, models.PROTECT, related_name="checkpoints", verbose_name=_("training run"))
    step = models.PositiveIntegerField(_("step"))
    path = models.CharField(_("path"), max_length=400, help_text=_("its folder, within MEDIA_ROOT"))
    sha256 = models.CharField(max_length=64)
    card = models.JSONField(_("card"), default=dict)
    promoted_for = models.CharField(
        _("aligns lyrics by default"), max_length=20, blank=True, editable=False,
        help_text=_("the language; one checkpoint for each"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name, verbose_name_plural = _("checkpoint"), _("checkpoints")
        ordering = ["run", "-step"]
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], name="checkpoint_once_per_step"),
            models.UniqueConstraint(
                fields=["promoted_for"],
                condition=~models.Q(promoted_for=""),
                name="checkpoint_promoted_once_a_language",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run} at step {self.step}"

    @property
    def folder(self) -> Path:
        """Return where its files lie."""
        return Path(settings.MEDIA_ROOT) / self.path

    @property
    def parents(self) -> list[models.Model]:
        """Return the rows that this one was made from."""
        return [self.run]

    @property
    def reads(self) -> str:
        """Return the language whose lyrics it reads; "" for one that only separates."""
        lyrics = self.card.get("recipe", {}).get("lyrics", {})
        return str(lyrics["alphabet"]) if lyrics.get("weight") else ""

    @transaction.atomic
    def promote(self) -> None:
        """Let it align lyrics in its language by default, in place of the one that did."""
        if not self.reads:
            raise BadInput(f"{self} reads no lyrics; promote one that was trained by the recipe lyrics")
        Checkpoint.objects.filter(promoted_for=self.reads).update(promoted_for="")
        Checkpoint.objects.filter(pk=self.pk).update(promoted_for=self.reads)
        self.promoted_for = self.reads


class Rendering(Run):
    """Making stimuli of a study's items with a checkpoint; ends in a new draft study that holds old and new systems."""

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="renderings", verbose_name=_("checkpoint"))
    study = models.ForeignKey(
        Study, models.PROTECT, related_name="renderings", verbose_name=_("study"), help_text=_("whose items to render")
    )
    condition = models.CharField(_("condition"), max_length=80, help_text=_("what the new condition is called"))
    slug = models.SlugField(_("slug of the new study"), max_length=80)
    forecast = models.JSONField(
        _("forecast"), default=dict, editable=False, help_text=_("what the objective predicts for the new study")
    )

    class Meta(Run.Meta):
        verbose_name, verbose_name_plural = _("rendering"), _("renderings")

    def __str__(self) -> str:
        return f"{self.condition} on {self.study} (rendering {self.pk})"

    @property
    def parents(self) -> list[models.Model]:
        """Return the rows that this one was made from."""
        return [self.checkpoint, self.study]


LEARNING_RUNS: tuple[type[Run], ...] = (Objective, TrainingRun, Rendering)
"""The long jobs of the learning side."""


def ancestry(row: Any, depth: int = 0) -> list[tuple[int, models.Model]]:
    """Return everything `row` was made from, as (generation, row), nearest first, each line to its end."""
    return [
        line for parent in getattr(row, "parents", []) for line in [(depth + 1, parent), *ancestry(parent, depth + 1)]
    ]
