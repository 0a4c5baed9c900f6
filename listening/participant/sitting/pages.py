"""What the pages around the trials show."""

from typing import Any

from listening.headphones import INTERVALS, TRIALS, spans
from listening.models import Session
from listening.participant.sheet import texts
from listening.participant.sitting import questionnaire, sounds

Context = dict[str, Any]


def questions(session: Session) -> Context:
    """Return the questionnaire that is to be filled in now."""
    return {"place": session.place, "form": questionnaire.form(session)}


def volume(session: Session) -> Context:
    """Return the loudest sound to set the volume by."""
    sound = sounds.loudest(session)
    return {"sample": sound, "settings": _settings(sound)}


def headphones(session: Session) -> Context:
    """Return the trial at which the headphone check stands."""
    check = session.headphone_check()
    sound = sounds.interval_trial(session, check) if check else None
    return {
        "check": check, "sound": sound, "number": check and check.answered + 1, "total": TRIALS,
        "intervals": range(1, INTERVALS + 1), "settings": {**_settings(sound), "spans": spans()},
    }  # fmt: skip


def examples(session: Session) -> Context:
    """Return the labelled examples."""
    found = sounds.examples(session)
    return {"examples": found, "settings": _settings(found[0].high if found else None)}


def pause(session: Session) -> Context:
    """Return how far the trials are."""
    trials = session.trials.counted()
    return {"finished": trials.exclude(finished_at=None).count(), "trials": trials.count()}


def _settings(sound: sounds.StepSound | None) -> Context:
    """Return what the page's modules need to know."""
    return {"rate": sound and sound.rate, "texts": texts()}
