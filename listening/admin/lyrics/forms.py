"""The form that starts an alignment: which song, which words, read by which checkpoint."""

from typing import TYPE_CHECKING, Any

import soundfile
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listening.admin.show import AnyForm
from listening.models import Checkpoint
from listening.models.access import within_reach
from listening.models.lyrics import checked_language
from lossmodel.errors import BadInput
from separation.lyrics.alphabet import ALPHABETS
from separation.lyrics.text import parse_known

MAX_MINUTES = 30
"""Of one recording: memory and time grow with its length times that of its lyrics."""
MAX_LYRICS_BYTES = 200_000


if TYPE_CHECKING:  # Django's classes take their type arguments from the type checker alone
    AnyChoice = forms.ModelChoiceField[Checkpoint]
    Sent = UploadedFile[Any]
else:
    AnyChoice, Sent = forms.ModelChoiceField, UploadedFile


class CheckpointChoice(AnyChoice):
    """A checkpoint by its training and step, the language it reads, and whether it is the one by default."""

    def label_from_instance(self, checkpoint: Any) -> str:
        """Return how a checkpoint is called in the list."""
        promoted = _("promoted") if checkpoint.promoted_for else ""
        return " · ".join(filter(None, [str(checkpoint), checkpoint.reads, promoted]))


class LyricsAlignmentForm(AnyForm):
    """A recording, its lyrics as text or file, their language, and the checkpoint that reads them."""

    lyrics_file = forms.FileField(
        label=gettext_lazy("or a text file"), required=False, help_text=gettext_lazy("UTF-8, instead of the text above")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "checkpoint" not in self.fields:
            return
        chosen: Any = self.fields["checkpoint"]
        chosen.required = self.fields["lyrics"].required = False
        chosen.empty_label = _("the promoted one of the language")
        chosen.help_text = _said_of(chosen.queryset)

    def clean_recording(self) -> Sent:
        """Refuse what is no sound, or lasts too long."""
        sent: Any = self.cleaned_data["recording"]
        try:
            found = soundfile.info(sent)
        except soundfile.LibsndfileError:
            raise ValidationError(
                _("%s cannot be read as audio; give a WAV, FLAC, Ogg or MP3 file.") % sent.name
            ) from None
        if found.duration > 60 * MAX_MINUTES:
            told = {"name": sent.name, "minutes": round(found.duration / 60), "most": MAX_MINUTES}
            raise ValidationError(
                _("%(name)s lasts %(minutes)d minutes; cut out one song: at most %(most)d are aligned at once.") % told
            )
        sent.seek(0)
        return sent  # type: ignore[no-any-return]

    def clean_lyrics_file(self) -> str:
        """Return the text of the file; "" for none."""
        sent: Any = self.cleaned_data["lyrics_file"]
        if not sent:
            return ""
        if sent.size > MAX_LYRICS_BYTES:
            raise ValidationError(_("%s is too large for the lyrics of a song; give a text file.") % sent.name)
        try:
            return str(sent.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise ValidationError(_("%s is not UTF-8 text; save it as UTF-8.") % sent.name) from None

    def clean(self) -> dict[str, Any]:
        """Take the file's text where there is one, and the promoted checkpoint where none is chosen."""
        given = super().clean() or self.cleaned_data
        if not self.errors:
            given["lyrics"] = given.get("lyrics_file") or given.get("lyrics", "")
            self._check_lyrics(given)
            self._choose_checkpoint(given)
        return given

    def _check_lyrics(self, given: dict[str, Any]) -> None:
        try:
            parse_known(given["lyrics"], ALPHABETS[given["language"]], name=_("lyrics"))
        except BadInput as error:
            self.add_error("lyrics", str(error))

    def _choose_checkpoint(self, given: dict[str, Any]) -> None:
        language = given["language"]
        chosen = given.get("checkpoint") or Checkpoint.objects.filter(promoted_for=language).first()
        if chosen is None:
            text = _("No checkpoint is promoted for %s: choose one, or promote one on its page.")
            self.add_error("checkpoint", text % language)
            return
        given["checkpoint"] = chosen
        try:
            checked_language(chosen, language)
        except BadInput as error:
            self.add_error("checkpoint", str(error))


def readers(user: Any) -> QuerySet[Checkpoint]:
    """Return the checkpoints that read lyrics: those that this user may see, and the promoted ones."""
    seen = within_reach(user, "view", Checkpoint.objects.all()).values("pk")
    reading = Checkpoint.objects.filter(card__recipe__lyrics__weight__gt=0).select_related("run")
    return reading.filter(Q(pk__in=seen) | ~Q(promoted_for=""))


def _said_of(offered: QuerySet[Checkpoint]) -> str:
    """Return which checkpoint is the default of which language; what to do where there is none at all."""
    promoted = [f"{each.promoted_for}: {each}" for each in offered.exclude(promoted_for="")]
    if promoted:
        return _("promoted: %s") % "; ".join(promoted)
    if offered:
        return _("None is promoted yet: choose one here, or promote one on its page.")
    return _(
        "There is no checkpoint that reads lyrics. Train one with the recipe lyrics or lyrics-multitask, then promote"
        " one of its checkpoints on its page."
    )
