"""A sound file as it was let in, with what was measured on it and what was done to it; all sound of a study is such."""

import shutil
from pathlib import Path

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

from lossmodel.files import atomic_file


class Audio(models.Model):
    """One sound file as it was let in: FLAC under an opaque name, with what was measured on it."""

    file = models.FileField(_("file"), upload_to="audio/")
    sha256 = models.CharField(max_length=64, editable=False)
    rate = models.PositiveIntegerField(_("sample rate (Hz)"))
    channels = models.PositiveSmallIntegerField(_("channels"), validators=[MinValueValidator(1), MaxValueValidator(2)])
    frames = models.PositiveIntegerField(_("length (samples)"))
    loudness = models.FloatField(_("loudness (LUFS)"), null=True, help_text=_("ITU-R BS.1770-4, as stored"))
    peak = models.FloatField(_("peak"))
    gain = models.FloatField(_("gain (dB)"), default=0.0, help_text=_("gain applied when it was imported"))
    crc32 = models.PositiveBigIntegerField(
        null=True, editable=False, help_text=_("of its decoded samples; browsers check what they decode against it")
    )
    delivered_as = models.CharField(_("delivered as"), max_length=300, help_text=_("name of the delivered file"))
    treatment = models.TextField(_("treatment"), blank=True, help_text=_("what was done to it besides the gain"))

    class Meta:
        verbose_name = verbose_name_plural = _("audio")
        constraints = [
            models.CheckConstraint(
                name="audio_measured", condition=Q(rate__gt=0, channels__gte=1, channels__lte=2, frames__gt=0)
            )
        ]

    def __str__(self) -> str:
        return f"{self.delivered_as} ({self.seconds:.1f} s)"

    @property
    def seconds(self) -> float:
        """Return the length in seconds."""
        return self.frames / self.rate

    @property
    def path(self) -> Path:
        """Return its file on this machine."""
        return on_this_machine(self.file)


def on_this_machine(file: FieldFile) -> Path:
    """Return where a stored file lies; from remote storage it is fetched once, to VAR_ROOT/cache."""
    try:
        return Path(file.path)
    except NotImplementedError:
        cached = Path(settings.VAR_ROOT) / "cache" / str(file.name)
    if not cached.exists():
        with atomic_file(cached) as part, file.open("rb") as remote, part.open("wb") as local:
            shutil.copyfileobj(remote, local)
    return cached
