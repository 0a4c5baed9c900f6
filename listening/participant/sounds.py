"""What a trial sounds like to an assessor: sounds behind tokens that are good in one session, in parcels of one size.

A stimulus goes by its slot's random token. The open references have no row of their own in a session, so theirs is
keyed by the session's secret: nobody can compute it, and it differs from session to session.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from listening.models import Audio, Session, Trial
from listening.participant import parcel
from listening.stimuli.proof import crc32


@dataclass(frozen=True)
class Sound:
    """A sound of a trial, the token by which this session fetches it, and the name an assessor may read."""

    token: str
    audio: Audio
    name: str = ""


class NoSuchSound(LookupError):
    """The token belongs to no sound of this session."""


def open_sounds(trial: Trial) -> list[Sound]:
    """Return what is offered by name: the item's references in order, then the mixture where the rules offer it."""
    rules = trial.session.study.rules
    references = list(trial.item.references.select_related("audio")) if rules.open_reference else []
    several = len(references) > 1
    named = [(_("Reference: {}").format(r.name) if several else _("Reference"), r.audio) for r in references]
    if rules.open_mixture and trial.item.mixture:
        named.append((_("Mixture"), trial.item.mixture))
    return [Sound(_token(trial, place), audio, name) for place, (name, audio) in enumerate(named)]


def hidden_sounds(trial: Trial) -> list[Sound]:
    """Return the stimuli in the order of their slots, nameless."""
    slots = trial.slots.select_related("stimulus__audio")
    return [Sound(slot.token, slot.stimulus.audio) for slot in slots]


def addresses_ahead(trial: Trial) -> list[str]:
    """Return where the sounds of the next open trial are, to be fetched while this one is rated."""
    following = trial.session.trials.open().filter(position__gt=trial.position)
    after = following.select_related("session__study", "item__mixture").first()
    return addresses(after) if after else []


def addresses(trial: Trial) -> list[str]:
    """Return where the session of `trial` fetches its sounds: the open ones, then those of its slots in order."""
    session = trial.session.token
    return [reverse("participant:audio", args=[session, token]) for token in _servable(session, trial)]


def parcel_of(session: Session, token: str) -> bytes:
    """Return the parcel of the sound behind `token`, as large as every other of its trial; or raise `NoSuchSound`.

    Raises `BadInput` for a sound without a checksum whose file is no longer the one that was let in.
    """
    trial = _trial(session, token)
    if trial is None or token not in (served := _servable(session.token, trial)):
        raise NoSuchSound(token)
    audio, size = served[token]
    return parcel.sealed(audio.path.read_bytes(), token=token, crc32=crc32(audio), size=size)


@lru_cache(maxsize=1024)
def _servable(_session: str, trial: Trial) -> dict[str, tuple[Audio, int]]:
    """Return the sounds of `trial` by their tokens, and the size of their parcels; neither ever changes.

    The page asks first, so that its sounds have nothing left to ask: what they know of `trial` may be its key alone.
    `_session` is the key that is never used again.
    """
    sounds = open_sounds(trial) + hidden_sounds(trial)
    size = parcel.size_for(max((_file_bytes(sound.audio.path) for sound in sounds), default=0))
    return {sound.token: (sound.audio, size) for sound in sounds}


def _trial(session: Session, token: str) -> Trial | None:
    """Return the trial that `token` may belong to: that of its slot, or the one an open sound's token begins with.

    All but its keys is left in the table until somebody wants it, which `_servable` seldom does.
    """
    position, dot, _key = token.partition(".")
    named = {"position": position} if dot and position.isdecimal() else {"slots__token": token}
    return session.trials.only("session").order_by().filter(**named).first()


def _token(trial: Trial, place: int) -> str:
    key = salted_hmac("listening.participant.sounds", f"{trial.session.token} {trial.position} {place}")
    return f"{trial.position}.{key.hexdigest()[:20]}"


@lru_cache(maxsize=4096)
def _file_bytes(path: Path) -> int:
    """Return the length in bytes; a stored file never changes."""
    return path.stat().st_size
