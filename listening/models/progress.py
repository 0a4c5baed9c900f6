"""Where a sitting stands: one place decides, from rows alone, so every link, device, reload and back button agree."""

from enum import StrEnum
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.models.method import Role
from listening.models.procedure import Procedure
from listening.models.sitting import ComprehensionQuerySet, HeadphoneCheck, Question, trials_before_half_way
from listening.models.study import Study
from listening.models.trial import TrialQuerySet


class Stage(StrEnum):
    """What the link of a sitting shows now, in the order in which an assessor meets it."""

    CONSENT = "consent"
    QUESTIONS = "questions"
    VOLUME = "volume"
    HEADPHONES = "headphones"
    NO_HEADPHONES = "no_headphones"
    INSTRUCTIONS = "instructions"
    EXAMPLES = "examples"
    DEFINITION = "definition"
    BREAK = "break"
    TRIAL = "trial"
    COMMENT = "comment"
    DONE = "done"
    DECLINED = "declined"
    SCREENED = "screened"


class Progress(models.Model):
    """The part of a `Session` that says how far it is: when each step was taken."""

    trials: TrialQuerySet
    checks: models.QuerySet[HeadphoneCheck]
    comprehensions: ComprehensionQuerySet

    study = models.ForeignKey(Study, models.PROTECT, related_name="sessions", verbose_name=_("study"))
    consent_version = models.CharField(_("consent version"), max_length=20, blank=True)
    consented_at = models.DateTimeField(_("consented"), null=True, blank=True)
    declined_at = models.DateTimeField(_("declined"), null=True, blank=True)
    volume_at = models.DateTimeField(_("volume set"), null=True, blank=True)
    screened_at = models.DateTimeField(
        _("screened out"), null=True, blank=True, help_text=_("did not pass a headphone check that is required")
    )
    instructed_at = models.DateTimeField(_("instructed"), null=True, blank=True)
    familiarised_at = models.DateTimeField(_("examples heard"), null=True, blank=True)
    paused_at = models.DateTimeField(_("has a break since"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def ended(self) -> bool:
        """Tell whether nothing can be added any more."""
        return bool(self.declined_at or self.screened_at or self.finished_at)

    @property
    def stage(self) -> Stage:
        """Return where the sitting stands."""
        return self._end() or self._beginning() or self._middle()

    def consent(self) -> bool:
        """Note that the assessor agrees to the study's present text. False if that was decided before."""
        return self._note("consented_at", consent_version=self.study.consent_version)

    def decline(self) -> bool:
        """Note that the assessor does not take part. False if that was decided before."""
        return self.consented_at is None and self._note("declined_at")

    def set_volume(self) -> bool:
        """Note that the volume is set. False unless it is time for that."""
        return self.stage == Stage.VOLUME and self._note("volume_at")

    def instruct(self) -> bool:
        """Note that the instructions were read, once all before is done. False if they were before."""
        return self.stage == Stage.INSTRUCTIONS and self._note("instructed_at")

    def familiarise(self) -> bool:
        """Note that the examples were heard. False unless it is time for that."""
        return self.stage == Stage.EXAMPLES and self._note("familiarised_at")

    def pause(self) -> bool:
        """Begin a break. False unless there are trials to go back to."""
        return self.stage == Stage.TRIAL and self._note("paused_at")

    def rest(self) -> bool:
        """Begin the break that the study has after every so many trials. False if none is due."""
        trials, every = self.trials.counted(), self.study.break_every
        done = trials.exclude(finished_at=None).count() if every else 0
        return bool(done) and done % every == 0 and trials.open().exists() and self._note("paused_at")

    def go_on(self) -> bool:
        """End a break, or go on after not passing a headphone check. False if there was neither."""
        told = self.checks.filter(passed=False, told_at=None).update(told_at=timezone.now())
        rested = self._row().exclude(paused_at=None).update(paused_at=None)
        self.refresh_from_db()
        return bool(told or rested)

    def read_definition(self) -> bool:
        """Note that the definition of what was misunderstood was read once more. False if none was shown."""
        shown = self.stage == Stage.DEFINITION
        return shown and bool(self.comprehensions.awaiting_definition().update(told_at=timezone.now()))

    def finish(self, comment: str = "") -> bool:
        """End the sitting once every trial is finished. False if one is not, or if it has ended before."""
        return self.stage == Stage.COMMENT and self._note("finished_at", comment=comment)

    def headphone_check(self) -> HeadphoneCheck | None:
        """Return the headphone check to be done now, begun if it was not; None where all are done or none is asked."""
        kind = next(iter(self._unchecked()), None)
        return self.checks.get_or_create(kind=kind)[0] if kind else None

    def screen(self) -> bool:
        """End the sitting where a check is not passed and the study asks for that. False otherwise."""
        strict = self.study.headphone_rule == Procedure.HeadphoneRule.EXCLUDE
        return strict and self.checks.filter(passed=False).exists() and self._note("screened_at")

    def open_questions(self, place: str) -> models.QuerySet[Question]:
        """Return the questions of a place that have not been put to the assessor yet."""
        return self.study.questions.filter(place=place).exclude(replies__session=self.pk)

    @property
    def place(self) -> str | None:
        """Return the place of the questionnaire that is to be filled in now; None if there is none."""
        asked = self.study.questions.order_by().exclude(replies__session=self.pk)
        places = set(asked.values_list("place", flat=True))
        if not self.instructed_at:
            return Question.Place.BEFORE if Question.Place.BEFORE in places else None
        if Question.Place.BETWEEN in places and self._is_half_way():
            return Question.Place.BETWEEN
        return Question.Place.AFTER if Question.Place.AFTER in places and not self._has_trials() else None

    def _end(self) -> Stage | None:
        if self.declined_at:
            return Stage.DECLINED
        if self.screened_at:
            return Stage.SCREENED
        return Stage.DONE if self.finished_at else None

    def _beginning(self) -> Stage | None:
        """Return the stage before the first trial, None if that is over."""
        if not self.consented_at:
            return Stage.CONSENT
        if not self.instructed_at:
            return self._preparation() or Stage.INSTRUCTIONS
        study = self.study
        if not study.familiarisation or self.familiarised_at:
            return None
        able = study.items.filter(training=True, references__isnull=False, stimuli__condition__role=Role.ANCHOR)
        return Stage.EXAMPLES if able.exists() else None

    def _preparation(self) -> Stage | None:
        study = self.study
        if self.place:
            return Stage.QUESTIONS
        if study.volume_step and not self.volume_at:
            return Stage.VOLUME
        if self._unchecked():
            return Stage.HEADPHONES
        failed = self.checks.filter(passed=False, told_at=None) if study.checks else None
        informs = study.headphone_rule == Procedure.HeadphoneRule.INFORM
        return Stage.NO_HEADPHONES if informs and failed and failed.exists() else None

    def _middle(self) -> Stage:
        if self.study.comprehension and self.comprehensions.awaiting_definition().exists():
            return Stage.DEFINITION
        if self.paused_at:
            return Stage.BREAK
        if self.place:
            return Stage.QUESTIONS
        return Stage.TRIAL if self._has_trials() else Stage.COMMENT

    def _unchecked(self) -> list[str]:
        """Return the kinds of headphone checks that are still to be done."""
        if not (kinds := self.study.checks):
            return []
        done = self.checks.exclude(passed=None).values_list("kind", flat=True)
        return [kind for kind in kinds if kind not in done]

    def _has_trials(self) -> bool:
        return self.trials.open().exists()

    def _is_half_way(self) -> bool:
        counted = self.trials.counted()
        return counted.exclude(finished_at=None).count() >= trials_before_half_way(counted.count())

    def _row(self) -> models.QuerySet[Any]:
        return models.QuerySet(type(self)).filter(pk=self.pk)

    def _note(self, field: str, **changes: Any) -> bool:
        """Store the present time in `field` unless it holds one, or the sitting has ended."""
        still: dict[str, Any] = {"declined_at": None, "screened_at": None, "finished_at": None, field: None}
        noted = self._row().filter(**still).update(**{field: timezone.now()}, **changes)
        self.refresh_from_db()
        return bool(noted)
