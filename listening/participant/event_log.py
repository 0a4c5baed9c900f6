"""What a browser tells of a trial's page: events in batches, and how it plays; checked before it touches a row."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field

from listening.models import Event, Session, Trial
from listening.participant.answers import Refused, parse
from listening.participant.sounds import open_sounds
from listening.presets.method import HEARD_TOLERANCE_SECONDS

MAX_BODY_BYTES = 65536
"""Bytes of a body: what a browser sends for a page that is going away."""
MAX_EVENTS_OF_A_TRIAL = 20_000
"""Events of a trial: an hour of a switch every fifth of a second."""
MAX_USER_AGENT_CHARACTERS = 300
FAULT_REASONS = (1, 2)
"""Why a sound was refused: its samples are not those stored, even fetched anew; or one was beyond the trial's peak."""

Number = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


class EventPayload(BaseModel):
    """One event: `sound` is the token of its sound, `at` the browser's time in ms since 1970."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Event.Kind
    order: Annotated[int, Field(ge=0, lt=2**31)]
    at: Annotated[int, Field(ge=0, lt=2**42)]
    sound: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")] | None = None
    frame: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    value: Number | None = None
    until: Number | None = None


class Client(BaseModel):
    """How the browser plays: by which engine, at which rate (Hz), how late (s), and who counts its glitches.

    `exact` tells whether it renders a known passage as it must, without which nothing is played.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Literal["worklet", "chunks"] | None = None
    exact: bool
    rate: Annotated[float, Field(gt=0, le=1e6)] | None = None
    latency: Annotated[float, Field(ge=0, le=60)] | None = None
    counted: Literal["browser", "clock"] | None = None


class Batch(BaseModel):
    """Events of one loading of the page of one trial."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    load: uuid.UUID
    trial: Annotated[int, Field(ge=0, lt=2**15)]
    client: Client
    events: Annotated[list[EventPayload], Field(max_length=500)]


def store_batch(session: Session, request: HttpRequest) -> int:
    """Store the batch in the body of `request`, safe to repeat; return how many events it held, or raise `Refused`.

    Events may come after the trial, or the session, has ended: they are of what happened before.
    """
    batch = parse(Batch, _body(request), name="events")
    trial = session.trials.filter(position=batch.trial).select_related("session__study", "item__mixture").first()
    if trial is None or session.declined_at:
        raise Refused(_("trial: there is no such trial in this session"), 404)
    if trial.events.count() + len(batch.events) > MAX_EVENTS_OF_A_TRIAL:
        raise Refused(_("events: this trial has all the events it can hold"), 409)
    sounds = _sounds(trial)
    Event.objects.store(_rows(trial, batch, sounds))
    if any(each.kind == Event.Kind.PROVED and each.value == len(sounds) for each in batch.events):
        trial.prove()
    session.describe(
        **batch.client.model_dump(mode="json"),
        browser=request.headers.get("User-Agent", "")[:MAX_USER_AGENT_CHARACTERS],
        glitches=Event.objects.glitches(session),
    )
    return len(batch.events)


def _body(request: HttpRequest) -> bytes:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        raise Refused(_("events: longer than {} bytes").format(MAX_BODY_BYTES), 413)
    return request.body


class _TrialSound(NamedTuple):
    """A sound of the trial: its slot, or its place among the open sounds, and its length in seconds."""

    slot: int | None
    place: int | None
    seconds: float


def _sounds(trial: Trial) -> dict[str, _TrialSound]:
    """Return the sounds of `trial` by their tokens."""
    slots = trial.slots.values_list("token", "pk", "stimulus__audio__frames", "stimulus__audio__rate")
    hidden = {token: _TrialSound(pk, None, frames / rate) for token, pk, frames, rate in slots}
    return hidden | {s.token: _TrialSound(None, place, s.audio.seconds) for place, s in enumerate(open_sounds(trial))}


def _rows(trial: Trial, batch: Batch, sounds: Mapping[str, _TrialSound]) -> list[Event]:
    """Return the events as rows; raise `Refused` for a sound that is none of the trial's, and for what cannot be."""
    if {each.sound for each in batch.events} - {None} - sounds.keys():
        raise Refused(_("sound: there is no such sound in this trial"), 404)
    nothing = _TrialSound(None, None, 0.0)
    rows = []
    for each in batch.events:
        played = sounds.get(each.sound or "", nothing)
        _check_event(each, played)
        rows.append(
            Event(
                trial=trial, load=batch.load, order=each.order, kind=each.kind, frame=each.frame, value=each.value,
                until=each.until, at=datetime.fromtimestamp(each.at / 1000, UTC),
                slot_id=played.slot, place=played.place,
            )
        )  # fmt: skip
    return rows


def _check_event(each: EventPayload, played: _TrialSound) -> None:
    """Raise `Refused` for a stretch that a sound of this length does not have, and for a fault of no kind."""
    start, end = each.value, each.until
    if each.kind == Event.Kind.HEARD:
        if start is None or end is None or not 0 <= start < end <= played.seconds + HEARD_TOLERANCE_SECONDS:
            known = _("heard: from {} to {} s is no stretch of a sound of {:.3f} s")
            raise Refused(known.format(start, end, played.seconds), 400)
    elif each.kind == Event.Kind.FAULT and (each.sound is None or start not in FAULT_REASONS):
        raise Refused(_("fault: a sound is refused for reason 1 or 2, not {}").format(start), 400)
