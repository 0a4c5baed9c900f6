"""One listening test and its material.

A `Study` asks each assessor about its `Attribute`s (one per trial). Its `Item`s are excerpts, each with a mixture and
one or more admissible `Reference`s; its `Condition`s are the systems under test, the hidden reference and the anchors.
A `Stimulus` is what one item sounds like under one condition. All sound is `Audio`, which `listening.stimuli` alone
lets in, under names that tell nothing.
"""

import secrets
from typing import Any, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.design import Design
from listening.models.audio import Audio
from listening.models.language import Spoken
from listening.models.method import Method, Role
from listening.models.privacy import Privacy
from listening.models.procedure import Procedure
from listening.models.recruiting import Recruiting


def new_seed() -> int:
    """Return a random seed in [0, 2**31): drawn once, stored, and then the origin of every draw."""
    return secrets.randbelow(2**31)


class StudyQuerySet(models.QuerySet["Study"]):
    """Studies, many at once."""

    def open(self) -> Self:
        """Return the studies that take new sessions."""
        return self.filter(status=Study.Status.OPEN)


class Study(Procedure, Method, Spoken, Recruiting, Privacy):
    """One listening test with its design: draft, open, closed, archived."""

    class Status(models.TextChoices):
        """A study only moves forward, but a closed one may be opened again."""

        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")
        ARCHIVED = "archived", _("archived")

    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    source = models.CharField(_("source"), max_length=200, blank=True, help_text=_("where an imported test is from"))
    import_report = models.TextField(_("import report"), blank=True, editable=False)
    introduction = models.TextField(_("introduction"), blank=True)
    consent = models.TextField(_("consent"), blank=True, help_text=_("what an assessor agrees to first"))
    consent_version = models.CharField(_("consent version"), max_length=20, default="1")
    instructions = models.TextField(_("instructions"), blank=True)
    thanks = models.TextField(_("thanks"), blank=True)
    seed = models.PositiveBigIntegerField(_("seed"), default=new_seed, help_text=_("every order is drawn from it"))
    rate = models.PositiveIntegerField(_("sample rate (Hz)"), default=44100)
    loudness = models.FloatField(
        _("loudness (LUFS)"), null=True, blank=True, default=-24.0, help_text=_("empty: as delivered")
    )
    longest = models.FloatField(_("longest excerpt (s)"), default=12.0, help_text=_("BS.1534-3: preferably up to 12 s"))
    items_per_session = models.PositiveSmallIntegerField(
        _("items per session"), null=True, blank=True, help_text=_("empty: all")
    )
    replicates = models.PositiveSmallIntegerField(
        _("replicated trials per attribute"), default=1, help_text=_("rated twice: how reliable is each assessor?")
    )
    quota = models.PositiveIntegerField(_("quota of sessions"), null=True, blank=True, help_text=_("empty: no limit"))
    cell_quota = models.PositiveSmallIntegerField(
        _("quota of ratings per cell"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("how many people rate each item on each attribute; the study is full once they have"),
    )  # fmt: skip
    hold_minutes = models.PositiveIntegerField(
        _("a place is held for (minutes)"), default=120, validators=[MinValueValidator(1)],
        help_text=_("without activity; then its place in quota and plan goes to the next assessor"),
    )  # fmt: skip
    rendering = models.ForeignKey(
        "Rendering", models.PROTECT, null=True, blank=True, editable=False, related_name="drafts",
        verbose_name=_("rendering"), help_text=_("the rendering that drafted this study"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    opened_at = models.DateTimeField(_("opened"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)

    objects = StudyQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("study"), _("studies")
        ordering = ["-created_at", "-pk"]
        constraints = [
            *Procedure.Meta.constraints,
            models.CheckConstraint(
                name="study_known_status", condition=Q(status__in=["draft", "open", "closed", "archived"])
            ),
            models.CheckConstraint(name="study_cell_quota_from_1", condition=Q(cell_quota=None) | Q(cell_quota__gte=1)),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        """Return the participant link."""
        return reverse("participant:begin", args=[self.slug])

    @property
    def parents(self) -> list[models.Model]:
        """Return the rows that this one was made from: the rendering that drafted it, if one did."""
        return [self.rendering] if self.rendering else []

    def open(self) -> bool:
        """Let assessors in: from draft or closed. False if it was in another state."""
        return self._move(["draft", "closed"], status=self.Status.OPEN, opened_at=timezone.now(), closed_at=None)

    def close(self) -> bool:
        """Let nobody in any more: from draft or open. False if it was in another state."""
        return self._move(["draft", "open"], status=self.Status.CLOSED, closed_at=timezone.now())

    def archive(self) -> bool:
        """Put a closed study away. False if it was in another state."""
        return self._move(["closed"], status=self.Status.ARCHIVED)

    def design(self, *, training: bool = False) -> Design:
        """Return what `listening.design.plan` needs: attributes, and the stimuli of each item that has any.

        Training items have a design of their own: every one of them, once for each attribute.
        """
        items: dict[int, dict[int, str]] = {}
        own = Stimulus.objects.filter(item__study=self, item__training=training).order_by("pk")
        for item, stimulus, role in own.values_list("item", "pk", "condition__role"):
            items.setdefault(item, {})[stimulus] = role
        pages = self.pages(items)
        attributes = list(self.attributes.values_list("pk", flat=True))
        if training:
            return Design(attributes, seed=self.seed, **pages)
        amount = (self.items_per_session, self.replicates)
        return Design(attributes, pages.pop("items"), self.seed, *amount, attention=self.attention, **pages)

    def _move(self, states: list[str], **changes: Any) -> bool:
        moved = Study.objects.filter(pk=self.pk, status__in=states).update(**changes)
        if moved:
            self.refresh_from_db()
        return bool(moved)


class Attribute(models.Model):
    """What is judged, its question, scale ends and definition; ratings are 0 (low end) to 100 (high end)."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="attributes", verbose_name=_("study"))
    key = models.SlugField(_("key"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    question = models.CharField(_("question"), max_length=300)
    definition = models.TextField(_("definition"), blank=True)
    low = models.CharField(_("low end"), max_length=80)
    high = models.CharField(_("high end"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("attribute"), _("attributes")
        ordering = ["study", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["study", "key"], name="attribute_once_per_study")]

    def __str__(self) -> str:
        return f"{self.study}/{self.key}"


class Item(models.Model):
    """One excerpt: its mixture, its accompaniment where it is known, and one or more admissible references."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="items", verbose_name=_("study"))
    name = models.CharField(_("name"), max_length=120)
    mixture = models.ForeignKey(
        Audio, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("mixture")
    )
    accompaniment = models.ForeignKey(
        Audio, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("accompaniment")
    )
    training = models.BooleanField(
        _("training"), default=False, help_text=_("rated first, to learn the page and the scale; does not count")
    )
    note = models.TextField(_("note"), blank=True, help_text=_("remarks from the checks of its sounds"))
    words = models.JSONField(
        _("words"), default=list, blank=True, editable=False,
        help_text=_("what is sung: lines of words with start and end in seconds, from an alignment of its lyrics"),
    )  # fmt: skip
    show_words = models.BooleanField(
        _("assessors see its words"), default=False, help_text=_("the same beside every stimulus, lit as they are sung")
    )

    class Meta:
        verbose_name, verbose_name_plural = _("item"), _("items")
        ordering = ["study", "name"]
        constraints = [models.UniqueConstraint(fields=["study", "name"], name="item_once_per_study")]

    def __str__(self) -> str:
        return f"{self.study}/{self.name}"


class Reference(models.Model):
    """One admissible true vocal of an item (`lead`, `lead+backing`); listeners may hear several."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="references", verbose_name=_("item"))
    name = models.CharField(_("name"), max_length=40, default="vocals")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    audio = models.ForeignKey(Audio, models.PROTECT, related_name="+", verbose_name=_("audio"))

    class Meta:
        verbose_name, verbose_name_plural = _("reference"), _("references")
        ordering = ["item", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["item", "name"], name="reference_once_per_item")]

    def __str__(self) -> str:
        return f"{self.item}/{self.name}"


class Condition(models.Model):
    """A system under test, the hidden reference or an anchor. Its name never reaches an assessor."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="conditions", verbose_name=_("study"))
    name = models.CharField(_("name"), max_length=80)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.SYSTEM)
    description = models.TextField(_("description"), blank=True, help_text=_("how its stimuli are made"))
    checkpoint = models.ForeignKey(
        "Checkpoint", models.PROTECT, null=True, blank=True, related_name="conditions", verbose_name=_("checkpoint")
    )

    class Meta:
        verbose_name, verbose_name_plural = _("condition"), _("conditions")
        ordering = ["study", "name"]
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="condition_once_per_study"),
            models.CheckConstraint(name="condition_known_role", condition=Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return f"{self.study}/{self.name}"


class Stimulus(models.Model):
    """The audio of one item under one condition."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="stimuli", verbose_name=_("item"))
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="stimuli", verbose_name=_("condition"))
    audio = models.ForeignKey(Audio, models.PROTECT, related_name="+", verbose_name=_("audio"))

    class Meta:
        verbose_name, verbose_name_plural = _("stimulus"), _("stimuli")
        ordering = ["item", "condition"]
        constraints = [models.UniqueConstraint(fields=["item", "condition"], name="stimulus_once")]

    def __str__(self) -> str:
        return f"{self.item} · {self.condition.name}"
