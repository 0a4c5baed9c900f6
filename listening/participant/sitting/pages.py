"""What the pages around the trials show."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext_lazy as _

from listening.headphones import INTERVALS_OF_A_TRIAL, TRIALS_OF_A_CHECK, spans
from listening.models import Attribute, Session
from listening.models.sitting import MAX_REPLY_CHARACTERS
from listening.participant.sitting import questionnaire, sounds
from listening.participant.trial_page import messages
from listening.presets.comprehension import DESERVED_SCORES, Deserved

Context = dict[str, Any]

MISUNDERSTANDING_REASONS: Mapping[str, Any] = MappingProxyType(
    {
        "quality": _("Other instruments do not count here, and the voice in the song is intact."),
        "target-preservation": _("Only the voice counts here, and the voice in the song is intact."),
        "target-distortion": _("Only the voice counts here, and the voice in the song is not distorted."),
        "artificial-noise": _("The song holds instruments and a voice, and no artificial noise."),
        "interference": _("All the other instruments are there, as strong as they can be."),
        "other-sources": _("All the other instruments are there: nothing of them is suppressed."),
    }
)
"""Why the mixture belongs where `DESERVED_SCORES` has it, in words to assessors, by attribute."""


@dataclass(frozen=True)
class Misunderstood:
    """An attribute and where the mixture was placed on its scale, 0–100."""

    attribute: Attribute
    score: int

    @property
    def reason(self) -> str:
        """Return why the mixture belongs elsewhere."""
        return str(MISUNDERSTANDING_REASONS[self.attribute.key])

    @property
    def belongs(self) -> str:
        """Return the end of the scale near which the mixture belongs: "high" or "low"."""
        return "high" if self.deserved.least > 0 else "low"

    @property
    def deserved(self) -> Deserved:
        """Return where the mixture belongs, 0–100."""
        return DESERVED_SCORES[self.attribute.key]


def questions(session: Session) -> Context:
    """Return the questionnaire that is to be filled in now."""
    return {"place": session.place, "form": questionnaire.form(session)}


def volume(session: Session) -> Context:
    """Return the loudest sound to set the volume by."""
    sound = sounds.loudest(session)
    return {"sample": sound, "settings": _settings(*filter(None, [sound]))}


def headphones(session: Session) -> Context:
    """Return the trial at which the headphone check stands."""
    check = session.headphone_check()
    sound = sounds.interval_trial(session, check) if check else None
    return {
        "check": check, "sound": sound, "number": check and check.answered + 1, "total": TRIALS_OF_A_CHECK,
        "intervals": range(1, INTERVALS_OF_A_TRIAL + 1),
        "settings": {**_settings(*filter(None, [sound])), "spans": spans()},
    }  # fmt: skip


def examples(session: Session) -> Context:
    """Return the labelled examples."""
    found = sounds.examples(session)
    return {"examples": found, "settings": _settings(*(sound for each in found for sound in (each.high, each.low)))}


def definition(session: Session) -> Context:
    """Return what was misunderstood, how the mixture was rated on it, and where it belongs."""
    told = session.comprehensions.awaiting_definition().select_related("attribute")
    return {"misunderstood": [Misunderstood(each.attribute, round(each.score)) for each in told]}


def pause(session: Session) -> Context:
    """Return how far the trials are."""
    trials = session.trials.counted()
    return {"finished": trials.exclude(finished_at=None).count(), "trials": trials.count()}


def comment(_session: Session) -> Context:
    """Return how long a comment may be."""
    return {"most": MAX_REPLY_CHARACTERS}


def _settings(*played: sounds.StepSound) -> Context:
    """Return what the page's modules need to know of its sounds: their rate in Hz and their largest sample."""
    peak = max((sound.peak for sound in played), default=0.0)
    return {"rate": played[0].rate if played else None, "peak": peak, "messages": messages()}
