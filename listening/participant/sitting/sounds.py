"""Sounds outside the trials: the loudest reference, labelled examples, headphone checks. Each is behind a token that is
good in one session, and only while the sitting stands where it is needed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from django.db.models import F
from django.utils.crypto import salted_hmac

from listening import headphones
from listening.models import Attribute, Audio, HeadphoneCheck, Item, Reference, Role, Session, Stage
from listening.participant import parcel
from listening.participant.sounds import NoSuchSound
from listening.stimuli.proof import Proof, crc32, measured
from lossmodel import audio

EXAMPLES_BY_LOW_END: Mapping[str, str] = MappingProxyType(
    {
        "basic-audio-quality": "lowpass-3500",
        "quality": "quality-anchor",
        "interference": "interference-anchor",
        "target-preservation": "distorted-target",
        "other-sources": "interference-anchor",
        "artificial-noise": "musical-noise",
    }
)
"""The anchor that stands at the low end of an attribute; for others, the item's first anchor."""


@dataclass(frozen=True)
class StepSound:
    """A sound of a step: the token by which this session fetches it, its rate in Hz, its peak, and how it is had.

    `found` returns the FLAC file and the checksum of its samples.
    """

    token: str
    rate: int
    peak: float
    found: Callable[[], tuple[bytes, int]]


@dataclass(frozen=True)
class Example:
    """What the two ends of an attribute's scale sound like."""

    attribute: Attribute
    high: StepSound
    low: StepSound


def loudest(session: Session) -> StepSound | None:
    """Return the loudest reference that the session will hear (ITU-R BS.1770), None if there is no reference."""
    own = Reference.objects.filter(item__trials__session=session).select_related("audio")
    loud = own.order_by(F("audio__loudness").desc(nulls_last=True), "-audio__peak", "pk").first()
    return _stored(session, "volume", loud.audio) if loud else None


def interval_trial(session: Session, check: HeadphoneCheck) -> StepSound:
    """Return the sound of the trial at which a headphone check stands."""
    file, proof = _rendered(check.kind, check.seed, check.answered)
    token = _token(session, f"headphones {check.pk} {check.answered}")
    return StepSound(token, headphones.SAMPLE_RATE, proof.peak, lambda: (file, proof.crc32))


def examples(session: Session) -> list[Example]:
    """Return the examples of every attribute that has an anchor for its low end, all of one training item."""
    for item in session.study.items.filter(training=True):
        if found := list(_examples(session, item)):
            return found
    return []


def parcel_of(session: Session, token: str) -> bytes:
    """Return the parcel of the sound behind `token`.

    Raises `NoSuchSound` if the sitting does not stand where it is heard, and `BadInput` for a sound without a
    checksum whose file is no longer the one that was let in.
    """
    for sound in _present(session):
        if sound.token == token:
            file, checksum = sound.found()
            return parcel.sealed(file, token=token, crc32=checksum, size=parcel.size_for(len(file)))
    raise NoSuchSound(token)


def _present(session: Session) -> list[StepSound]:
    """Return the sounds of the step at which the sitting stands."""
    stage = session.stage
    if stage == Stage.VOLUME:
        return [sound] if (sound := loudest(session)) else []
    if stage == Stage.HEADPHONES:
        return [interval_trial(session, check)] if (check := session.headphone_check()) else []
    if stage == Stage.EXAMPLES:
        return [sound for example in examples(session) for sound in (example.high, example.low)]
    return []


def _examples(session: Session, item: Item) -> Iterator[Example]:
    reference = item.references.select_related("audio").first()
    anchors = list(item.stimuli.filter(condition__role=Role.ANCHOR).select_related("condition", "audio"))
    anchors.sort(key=lambda each: each.condition.name)
    if reference is None or not anchors:
        return
    for attribute in session.study.attributes.all():
        low = next((one for one in anchors if one.condition.name == EXAMPLES_BY_LOW_END.get(attribute.key)), anchors[0])
        ends = {"high": reference.audio, "low": low.audio}
        sounds = {end: _stored(session, f"{attribute.pk} {end}", row) for end, row in ends.items()}
        yield Example(attribute, **sounds)


def _stored(session: Session, what: str, row: Audio) -> StepSound:
    return StepSound(_token(session, what), row.rate, row.peak, lambda: (row.path.read_bytes(), crc32(row)))


def _token(session: Session, what: str) -> str:
    return salted_hmac("listening.participant.sitting.sounds", f"{session.token} {what}").hexdigest()[:24]


@lru_cache(maxsize=32)
def _rendered(kind: str, seed: int, number: int) -> tuple[bytes, Proof]:
    """Return a headphone trial as a FLAC file, 16 bits, and its proof: the channels' relation is kept exactly."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trial.flac"
        audio.write(path, headphones.trial(kind, seed, number).sound, subtype="PCM_16")
        return path.read_bytes(), measured(path)
