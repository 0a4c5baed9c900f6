"""What an assessor is asked and tested besides the trials: `Question`s with their `Reply`s, and `HeadphoneCheck`s."""

import math
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening import headphones
from listening.anchors import MIXTURE_ANCHORS
from listening.models.method import Role
from listening.models.study import Attribute, Stimulus, Study, new_seed
from listening.presets import Form
from listening.presets.comprehension import DESERVED_SCORES

MAX_REPLY_CHARACTERS = 4000
DEFAULT_SCALE_ENDS = (1, 7)
"""The steps of a scale that says nothing else."""


class Question(models.Model):
    """One question of a study's questionnaire, in the place where it is asked."""

    class Place(models.TextChoices):
        """When it is asked."""

        BEFORE = "before", _("before the test")
        BETWEEN = "between", _("half-way through the trials")
        AFTER = "after", _("after the trials")

    class Kind(models.TextChoices):
        """How it is answered."""

        TEXT = "text", _("text")
        CHOICE = "choice", _("choice")
        NUMBER = "number", _("number")
        SCALE = "scale", _("scale")

    study = models.ForeignKey(Study, models.CASCADE, related_name="questions", verbose_name=_("study"))
    key = models.SlugField(_("key"), max_length=40, help_text=_("its column in exports"))
    place = models.CharField(_("when"), max_length=10, choices=Place, default=Place.BEFORE)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TEXT)
    text = models.CharField(_("question"), max_length=300)
    choices = models.TextField(
        _("choices"), blank=True, help_text=_("one a line; for a scale: its low end, then its high end")
    )
    minimum = models.IntegerField(_("least"), null=True, blank=True, help_text=_("of a number or scale"))
    maximum = models.IntegerField(_("most"), null=True, blank=True)
    required = models.BooleanField(_("required"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("question"), _("questionnaire")
        ordering = ["study", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["study", "key"], name="question_once_per_study"),
            models.CheckConstraint(
                name="question_bounds_in_order",
                condition=Q(minimum=None) | Q(maximum=None) | Q(minimum__lt=F("maximum")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study}/{self.key}"

    def clean(self) -> None:
        """Refuse a choice without choices, and a scale of more than eleven steps."""
        if self.kind == self.Kind.CHOICE and len(self.options) < 2:
            raise ValidationError({"choices": _("A choice needs at least two choices, one a line.")})
        if self.kind == self.Kind.SCALE and not 2 <= len(self.steps) <= 11:
            raise ValidationError({"maximum": _("A scale has 2 to 11 steps.")})

    @property
    def options(self) -> list[str]:
        """Return the lines of `choices`."""
        return [line.strip() for line in self.choices.splitlines() if line.strip()]

    @property
    def steps(self) -> range:
        """Return the steps of a scale."""
        least = DEFAULT_SCALE_ENDS[0] if self.minimum is None else self.minimum
        most = least + DEFAULT_SCALE_ENDS[1] - DEFAULT_SCALE_ENDS[0] if self.maximum is None else self.maximum
        return range(least, most + 1)


class Reply(models.Model):
    """What an assessor replied; "" where a question that is not required was left open."""

    session = models.ForeignKey("Session", models.CASCADE, related_name="replies", verbose_name=_("session"))
    question = models.ForeignKey(Question, models.PROTECT, related_name="replies", verbose_name=_("question"))
    value = models.TextField(_("reply"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name, verbose_name_plural = _("reply"), _("replies")
        ordering = ["session", "question"]
        constraints = [models.UniqueConstraint(fields=["session", "question"], name="reply_once")]

    def __str__(self) -> str:
        return f"{self.question}: {self.value}"


class HeadphoneCheck(models.Model):
    """One headphone check of a session: its seed, what was answered (1–3 for each trial), and whether it is passed."""

    session = models.ForeignKey("Session", models.CASCADE, related_name="checks", verbose_name=_("session"))
    kind = models.CharField(_("kind"), max_length=10, choices=[(kind, kind) for kind in headphones.KINDS])
    seed = models.PositiveBigIntegerField(_("seed"), default=new_seed)
    answers = models.JSONField(_("answers"), default=list)
    answered = models.PositiveSmallIntegerField(_("answered"), default=0)
    correct = models.PositiveSmallIntegerField(_("right"), default=0)
    passed = models.BooleanField(_("passed"), null=True, help_text=_("unknown until all trials are answered"))
    told_at = models.DateTimeField(_("told"), null=True, help_text=_("when the assessor went on after not passing"))

    class Meta:
        verbose_name, verbose_name_plural = _("headphone check"), _("headphone checks")
        ordering = ["session", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "kind"], name="headphone_check_once"),
            models.CheckConstraint(name="headphone_check_counted", condition=Q(correct__lte=F("answered"))),
        ]

    def __str__(self) -> str:
        return f"{self.session} {self.kind}: {self.correct}/{self.answered}"

    def answer(self, number: int, interval: int) -> bool:
        """Note that `interval` (1–3) was chosen in trial `number`; False unless that is the trial to be answered now.

        The last answer passes the check or not, and ends the session where the study asks for that. Safe to repeat.
        Raises `ValueError` for another interval.
        """
        if interval not in range(1, headphones.INTERVALS_OF_A_TRIAL + 1):
            raise ValueError(f"a headphone check has intervals 1 to {headphones.INTERVALS_OF_A_TRIAL}, not {interval}")
        if number != self.answered or self.passed is not None:
            return False
        right = interval == headphones.trial(self.kind, self.seed, number).answer
        changes: dict[str, Any] = {"answers": [*self.answers, interval], "answered": number + 1}
        changes["correct"] = self.correct + right
        if number + 1 == headphones.TRIALS_OF_A_CHECK:
            changes["passed"] = changes["correct"] >= self.session.study.threshold(self.kind)
        with transaction.atomic():
            done = HeadphoneCheck.objects.filter(pk=self.pk, answered=number).update(**changes)
            if done and changes.get("passed") is False:
                self.session.screen()
        self.refresh_from_db()
        return bool(done)


class ComprehensionQuerySet(models.QuerySet["Comprehension"]):
    """Comprehension checks, many at once."""

    def awaiting_definition(self) -> Self:
        """Return those whose attribute was misunderstood, and whose definition was not read once more since."""
        return self.filter(understood=False, told_at=None)


def checked_attributes(study: Study) -> list[Attribute]:
    """Return the attributes whose comprehension is checked: those with a rule, where the mixture is practised on."""
    if not study.comprehension or study.rules.form != Form.SCALE:
        return []
    practised = Stimulus.objects.filter(mixture_stimuli(), item__study=study, item__training=True)
    return list(study.attributes.filter(key__in=DESERVED_SCORES)) if practised.exists() else []


def mixture_stimuli(stimulus: str = "") -> Q:
    """Return what tells that a stimulus, `stimulus` being the way to it, is the plain mixture."""
    way = f"{stimulus}condition__"
    return Q(**{f"{way}role": Role.ANCHOR, f"{way}name__in": MIXTURE_ANCHORS})


class Comprehension(models.Model):
    """Whether an attribute was understood: how the mixture was rated on it in the practice trial.

    Who rated it the wrong way round is shown the definition once more, and `told_at` notes when.
    """

    session = models.ForeignKey("Session", models.CASCADE, related_name="comprehensions", verbose_name=_("session"))
    attribute = models.ForeignKey(
        "Attribute", models.PROTECT, related_name="comprehensions", verbose_name=_("attribute")
    )
    score = models.FloatField(_("rating of the mixture"))
    understood = models.BooleanField(_("understood"))
    told_at = models.DateTimeField(_("told"), null=True, help_text=_("when the definition was read once more"))

    objects = ComprehensionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("comprehension check"), _("comprehension checks")
        ordering = ["session", "pk"]
        constraints = [models.UniqueConstraint(fields=["session", "attribute"], name="comprehension_once")]

    def __str__(self) -> str:
        return f"{self.session} {self.attribute.key}: {'understood' if self.understood else 'misunderstood'}"


def trials_before_half_way(trials: int) -> int:
    """Return after how many of `trials` the questions between are asked.

    >>> trials_before_half_way(5)
    3
    """
    return math.ceil(trials / 2)
