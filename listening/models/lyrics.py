"""When each word of a song is sung: a run that a checkpoint carries out, and what people correct of it afterwards.

The machine's times stay as they were found. A `LyricsCorrection` has the new times of some words, who moved them and
when; one that was taken back is marked, not deleted. `LyricsAlignment.corrected` puts those that count over the
machine's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.models.audio import on_this_machine
from listening.models.learning import Checkpoint
from listening.models.run import Run
from listening.models.study import Study
from lossmodel.errors import BadInput
from separation.lyrics.aligned import Alignment, from_facts, retimed

Times = dict[int, tuple[float, float]]
"""Start and end in seconds of words, by their place among all words of a song, from 0."""

LANGUAGES = (
    ("english", _("English")), ("french", _("French")), ("german", _("German")), ("spanish", _("Spanish"))
)  # fmt: skip
"""The alphabets of `separation.lyrics.alphabet`."""

ENVELOPE_RATE = 50
"""Values a second of a recording's envelope, each its peak from 0 to 100."""


class Outdated(Exception):
    """Somebody else has corrected the same alignment since this page was loaded."""


class LyricsAlignment(Run):
    """One song and its lyrics, and when each word is sung."""

    title = models.CharField(_("title"), max_length=200)
    study = models.ForeignKey(
        Study, models.SET_NULL, null=True, blank=True, related_name="lyrics_alignments", verbose_name=_("study"),
        help_text=_("whose team sees and corrects it; empty: only users who see all alignments"),
    )  # fmt: skip
    language = models.CharField(_("language"), max_length=20, choices=LANGUAGES, default="english")
    checkpoint = models.ForeignKey(
        Checkpoint, models.PROTECT, related_name="lyrics_alignments", verbose_name=_("checkpoint"),
        help_text=_("a network that reads lyrics in this language"),
    )  # fmt: skip
    recording = models.FileField(_("recording"), upload_to="songs/", help_text=_("WAV, FLAC, Ogg or MP3"))
    recorded_as = models.CharField(_("delivered as"), max_length=300, editable=False)
    lyrics = models.TextField(_("lyrics"), help_text=_("a line of the song on each line"))
    delay = models.FloatField(
        _("delay (s)"), default=0.0, help_text=_("added to every time, as evaluate-alignment advises")
    )
    free = models.BooleanField(_("lines may be left out or repeated"), default=False)
    found = models.JSONField(_("times found"), default=dict, editable=False)
    envelope = models.JSONField(default=list, editable=False, help_text=_("for its waveform"))
    revision = models.PositiveIntegerField(default=0, editable=False, help_text=_("how often it was corrected"))

    class Meta(Run.Meta):
        verbose_name, verbose_name_plural = _("lyrics alignment"), _("lyrics alignments")

    def __str__(self) -> str:
        return f"{self.title} (lyrics alignment {self.pk})"

    @property
    def parents(self) -> list[models.Model]:
        """Return the rows that this one was made from."""
        return [self.checkpoint]

    @property
    def path(self) -> Path:
        """Return its recording on this machine."""
        return on_this_machine(self.recording)

    @property
    def machine(self) -> Alignment:
        """Return what was found, as it was found; only once the run is done."""
        return from_facts(self.found)

    @property
    def moved(self) -> Times:
        """Return the times that people gave to words, the newest of each."""
        times: Times = {}
        for changes in self.corrections.filter(undone_at=None).values_list("changes", flat=True):
            times |= {int(word): (start, end) for word, (start, end) in changes.items()}
        return times

    @property
    def corrected(self) -> Alignment:
        """Return what was found, with the times that people corrected."""
        return retimed(self.machine, self.moved)

    @transaction.atomic
    def correct(self, times: Mapping[int, tuple[float, float]], *, user: Any, revision: int) -> None:
        """Keep new times of some words. `BadInput` for times out of order, `Outdated` unless `revision` is the newest.

        The order is checked against every word as it stands now.
        """
        if not times:
            raise BadInput("no word was moved")
        self._advance(revision)
        retimed(self.machine, self.moved | dict(times))
        changes = {str(word): [round(start, 4), round(end, 4)] for word, (start, end) in times.items()}
        self.corrections.create(number=self.revision, changes=changes, by=user)

    @transaction.atomic
    def undo(self, *, user: Any, revision: int) -> bool:
        """Take back the newest correction that counts; False where none is left. `Outdated` as in `correct`."""
        newest = self.corrections.filter(undone_at=None).last()
        if newest is None:
            return False
        self._advance(revision)
        self.corrections.filter(pk=newest.pk).update(undone_at=timezone.now(), undone_by=user)
        return True

    @transaction.atomic
    def redo(self, *, revision: int) -> bool:
        """Let the correction that was taken back last count again; False where a newer one has followed."""
        last = self.corrections.filter(undone_at=None).last()
        undone = self.corrections.exclude(undone_at=None).filter(number__gt=last.number if last else 0).first()
        if undone is None:
            return False
        self._advance(revision)
        self.corrections.filter(pk=undone.pk).update(undone_at=None, undone_by=None)
        return True

    def _advance(self, revision: int) -> None:
        """Take the next revision; two pages never take the same."""
        mine = LyricsAlignment.objects.filter(pk=self.pk, revision=revision, status="done")
        if not mine.update(revision=F("revision") + 1):
            raise Outdated(f"{self} was corrected meanwhile; load the page again")
        self.revision = revision + 1


class LyricsCorrection(models.Model):
    """New times of some words of an alignment: who moved them, when, and whether that was taken back."""

    alignment = models.ForeignKey(
        LyricsAlignment, models.CASCADE, related_name="corrections", verbose_name=_("lyrics alignment")
    )
    number = models.PositiveIntegerField(_("number"), help_text=_("the alignment's revision that it made"))
    changes = models.JSONField(_("new times"), help_text=_("start and end in seconds, by the word's place"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("corrected by")
    )
    at = models.DateTimeField(_("corrected at"), default=timezone.now)
    undone_at = models.DateTimeField(_("taken back at"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("taken back by")
    )

    class Meta:
        verbose_name, verbose_name_plural = _("correction of lyrics"), _("corrections of lyrics")
        ordering = ["alignment", "number"]
        constraints = [models.UniqueConstraint(fields=["alignment", "number"], name="lyrics_correction_once")]

    def __str__(self) -> str:
        return f"{self.alignment}, correction {self.number}"


def checked_language(checkpoint: Checkpoint, language: str) -> None:
    """Raise `BadInput` for a checkpoint that reads no lyrics, or those of another language."""
    if not checkpoint.reads:
        raise BadInput(f"{checkpoint} reads no lyrics; choose one that was trained by the recipe lyrics")
    if checkpoint.reads != language:
        raise BadInput(f"{checkpoint} reads {checkpoint.reads}, the lyrics are {language}; choose another")
