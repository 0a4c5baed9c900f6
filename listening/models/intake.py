"""What a researcher brings to a draft: files on their way, the grid they are put into, and its preparation as a run."""

import shutil
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.models.run import Run
from listening.models.study import Study


class IntakeQuerySet(models.QuerySet["Intake"]):
    """Intakes, many at once."""

    def stale(self) -> Self:
        """Return those whose files nobody needs: ended, of a study that is no draft, or idle for `INTAKE_KEPT`."""
        old = timezone.now() - settings.INTAKE_KEPT
        busy = Preparation.objects.live().values("intake")
        over = Q(ended_at__isnull=False) | ~Q(study__status=Study.Status.DRAFT) | Q(touched_at__lt=old)
        return self.filter(over, swept=False).exclude(pk__in=busy)


class Intake(models.Model):
    """The files that are brought to one draft, from an upload or a folder of the server; one at a time a study."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="intakes", verbose_name=_("study"))
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    source = models.CharField(_("source"), max_length=1000, blank=True, help_text=_("a folder; empty: uploaded"))
    plan = models.JSONField(default=dict, help_text=_("excerpts, anchors and what was accepted"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    touched_at = models.DateTimeField(_("last worked on"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    swept = models.BooleanField(default=False, editable=False, help_text=_("its files are deleted"))
    version = models.PositiveIntegerField(default=0, editable=False, help_text=_("how often its grid was corrected"))
    corrections = models.JSONField(default=list, editable=False, help_text=_("who corrected what, the newest last"))

    objects = IntakeQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("intake"), _("intakes")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["study"], condition=Q(ended_at=None), name="intake_one_open_per_study")
        ]

    def __str__(self) -> str:
        return f"{self.study} (intake {self.pk})"

    @property
    def folder(self) -> Path:
        """Return where its files lie: INTAKE_DIR/<id>."""
        return Path(settings.INTAKE_DIR) / str(self.pk)

    @property
    def busy(self) -> "Preparation | None":
        """Return the run that waits for or works on its files."""
        return self.preparations.live().first()

    def end(self) -> bool:
        """Take no more files; False if it had ended."""
        return bool(Intake.objects.filter(pk=self.pk, ended_at=None).update(ended_at=timezone.now()))

    def sweep(self) -> None:
        """Delete its files; its rows keep telling what came."""
        shutil.rmtree(self.folder, ignore_errors=True)
        Intake.objects.filter(pk=self.pk).update(swept=True, ended_at=self.ended_at or timezone.now())


def sweep_orphans() -> int:
    """Delete what lies in INTAKE_DIR of intakes whose rows are gone (with their study); returns how many they were."""
    root = Path(settings.INTAKE_DIR)
    folders = [path for path in root.iterdir() if path.name.isdecimal()] if root.is_dir() else []
    known = set(Intake.objects.values_list("pk", flat=True))
    gone = [path for path in folders if int(path.name) not in known]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return len(gone)


class IntakeFile(models.Model):
    """One file of an intake: how much of it has come, the cell it stands in, what was found and is to be done."""

    intake = models.ForeignKey(Intake, models.CASCADE, related_name="files")
    name = models.CharField(_("name"), max_length=1000, help_text=_("with its folders, as it was delivered"))
    size = models.BigIntegerField(_("size"), help_text=_("bytes"))
    modified = models.BigIntegerField(default=0, help_text=_("when it was changed last, as its sender's clock has it"))
    received = models.BigIntegerField(_("received"), default=0, help_text=_("bytes"))
    place = models.CharField(max_length=1000, blank=True, help_text=_("where it lies, if not in the intake's folder"))
    suffix = models.CharField(max_length=8, blank=True)
    unpacked = models.BooleanField(default=False, help_text=_("an archive whose files are here"))
    item = models.CharField(_("item"), max_length=1000, blank=True)
    column = models.CharField(_("column"), max_length=1000, blank=True)
    problem = models.TextField(blank=True)
    measured = models.JSONField(null=True)
    alignment = models.JSONField(null=True)
    aligned_to = models.BigIntegerField(null=True)
    treatment = models.JSONField(default=dict)
    accepted = models.JSONField(default=list)

    class Meta:
        verbose_name, verbose_name_plural = _("file of an intake"), _("files of an intake")
        ordering = ["intake", "name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["intake", "name"], name="intake_file_once"),
            models.CheckConstraint(
                name="intake_file_not_overfull", condition=Q(received__gte=0, received__lte=F("size"))
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        """Return where it lies on this machine."""
        return Path(self.place) if self.place else self.intake.folder / f"{self.pk}{self.suffix}"

    @property
    def whole(self) -> bool:
        """Tell whether all of it has come."""
        return self.received == self.size


class Preparation(Run):
    """Work on an intake: its files are checked, or made into the sounds of the study."""

    class Work(models.TextChoices):
        """What is done."""

        CHECK = "check", _("checking the sounds")
        PREPARE = "prepare", _("preparing the sounds")

    intake = models.ForeignKey(Intake, models.CASCADE, related_name="preparations", verbose_name=_("intake"))
    work = models.CharField(_("work"), max_length=10, choices=Work, default=Work.PREPARE)
    report = models.JSONField(_("report"), default=dict, editable=False)

    class Meta(Run.Meta):
        verbose_name, verbose_name_plural = _("preparation"), _("preparations")
        constraints = [
            *Run.Meta.constraints,
            models.UniqueConstraint(
                fields=["intake"], condition=Q(status__in=["queued", "running"]), name="preparation_one_live_an_intake"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_work_display()} of {self.intake.study} (preparation {self.pk})"

    @property
    def parents(self) -> list[Any]:
        """Return the rows that this one was made from."""
        return [self.intake.study]
