"""Which steps a study asks for besides its trials, and by which rules. A step that is not asked for never appears."""

import re
from typing import NamedTuple

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from listening.headphones import TRIALS_OF_A_CHECK

E_MAIL = r"[^\s@<>(),;:]+@[^\s@<>(),;:]+\.[^\s@<>(),;:]*[^\s@<>(),;:.]"
TELEPHONE = r"\+?\(?\d[\d ()/.-]{4,}\d"
_CONTACT = re.compile(f"(?P<mail>{E_MAIL})|(?P<call>{TELEPHONE})")

_up_to_all = [MaxValueValidator(TRIALS_OF_A_CHECK)]


class Piece(NamedTuple):
    """A piece of a text, and the address that it leads to; "" for words alone."""

    text: str
    address: str = ""


class Procedure(models.Model):
    """The part of a `Study` that says what happens around its trials."""

    class Headphones(models.TextChoices):
        """Which headphone checks there are."""

        NONE = "", _("no check")
        ANTIPHASE = "antiphase", _("antiphase tones (Woods et al., 2017)")
        HUGGINS = "huggins", _("Huggins pitch (Milne et al., 2020)")
        BOTH = "both", _("both, one after the other")

    class HeadphoneRule(models.TextChoices):
        """What becomes of whoever does not pass."""

        NONE = "none", _("note the result only")
        INFORM = "inform", _("ask to put headphones on, then go on")
        EXCLUDE = "exclude", _("thank and end the session")

    volume_step = models.BooleanField(
        _("volume step"), default=False,
        help_text=_("a page of its own to set the volume by the loudest reference; otherwise part of the instructions"),
    )  # fmt: skip
    headphones = models.CharField(
        _("headphone check"), max_length=10, choices=Headphones, default=Headphones.NONE, blank=True
    )
    headphone_rule = models.CharField(
        _("whoever does not pass"), max_length=10, choices=HeadphoneRule, default=HeadphoneRule.INFORM
    )
    antiphase_threshold = models.PositiveSmallIntegerField(
        _("antiphase: right of 6 to pass"), default=5, validators=_up_to_all, help_text=_("Woods et al.: 5")
    )
    huggins_threshold = models.PositiveSmallIntegerField(
        _("Huggins: right of 6 to pass"), default=6, validators=_up_to_all, help_text=_("Milne et al.: 6")
    )
    screen_out_url = models.URLField(
        _("screen-out URL"),
        blank=True,
        help_text=_("where a recruiter sends those who did not pass a check"),
    )
    familiarisation = models.BooleanField(
        _("labelled examples"), default=False,
        help_text=_("both ends of each scale, from the anchors and the reference of a training item"),
    )  # fmt: skip
    break_every = models.PositiveSmallIntegerField(
        _("a break after every … trials"), default=0, help_text=_("0: only when an assessor asks for one")
    )

    comprehension = models.BooleanField(
        _("comprehension check"), default=False,
        help_text=_("in the practice trials the mixture must be rated high on quality and low on interference, "
                    "else the definition is shown once more; noted in the session"),
    )  # fmt: skip
    responsible = models.CharField(_("responsible person"), max_length=200, blank=True)
    institution = models.CharField(_("institution"), max_length=200, blank=True)
    contact = models.CharField(_("contact"), max_length=200, blank=True, help_text=_("an e-mail address or telephone"))
    ethics = models.CharField(_("ethics approval"), max_length=200, blank=True, help_text=_("number and committee"))

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_thresholds_within_trials",
                condition=Q(antiphase_threshold__lte=TRIALS_OF_A_CHECK, huggins_threshold__lte=TRIALS_OF_A_CHECK),
            )
        ]

    @property
    def checks(self) -> list[str]:
        """Return the kinds of headphone checks in their order."""
        both = [self.Headphones.ANTIPHASE.value, self.Headphones.HUGGINS.value]
        return both if self.headphones == self.Headphones.BOTH else [self.headphones] * bool(self.headphones)

    @property
    def answered_for(self) -> bool:
        """Tell whether assessors can read who is responsible, where, and how to reach them."""
        return bool(self.responsible and self.institution and self.contact)

    @property
    def contact_pieces(self) -> list[Piece]:
        """Return `contact` in pieces: e-mail addresses and telephone numbers lead where they say."""
        pieces, end = [], 0
        for found in _CONTACT.finditer(self.contact):
            number = re.sub(r"[^\d+]", "", found["call"] or "")
            address = f"tel:{number}" if number else f"mailto:{found['mail']}"
            pieces += [Piece(self.contact[end : found.start()]), Piece(found[0], address)]
            end = found.end()
        return [piece for piece in (*pieces, Piece(self.contact[end:])) if piece.text]

    def threshold(self, kind: str) -> int:
        """Return how many of the trials of a headphone check must be right."""
        return int(getattr(self, f"{kind}_threshold"))
