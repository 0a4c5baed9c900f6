"""What a browser tells of a trial's page: events in batches, and how it plays; checked before it touches a row."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from listening.models import Event, Session, Trial
from listening.participant.answers import Refused
from listening.participant.sounds import open_sounds

LARGEST = 65536
"""Bytes of a body: what a browser sends for a page that is going away."""
MOST = 20_000
"""Events of a trial: an hour of a switch every fifth of a second."""
LONGEST_AGENT = 300

Number = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


class Happening(BaseModel):
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
    events: Annotated[list[Happening], Field(max_length=500)]


def log(session: Session, request: HttpRequest) -> int:
    """Store the batch in the body of `request`, safe to repeat; return how many events it held, or raise `Refused`.

    Events may come after the trial, or the session, has ended: they are of what happened before.
    """
    batch = parse(_body(request))
    trial = session.trials.filter(position=batch.trial).select_related("session__study", "item__mixture").first()
    if trial is None or session.declined_at:
        raise Refused(_("trial: there is no such trial in this session"), 404)
    if trial.events.count() + len(batch.events) > MOST:
        raise Refused(_("events: this trial has all the events it can hold"), 409)
    Event.objects.keep(_rows(trial, batch))
    session.describe(
        **batch.client.model_dump(mode="json"),
        browser=request.headers.get("User-Agent", "")[:LONGEST_AGENT],
        glitches=Event.objects.glitches(session),
    )
    return len(batch.events)


def parse(body: bytes) -> Batch:
    """Return the batch in `body`, or raise `Refused` (400) naming the field and what is wrong with it."""
    try:
        return Batch.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "events"
        raise Refused(f"{field}: {first['msg'].lower()}", 400) from None


def _body(request: HttpRequest) -> bytes:
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        raise Refused(_("events: longer than {} bytes").format(LARGEST), 413)
    return request.body


def _rows(trial: Trial, batch: Batch) -> list[Event]:
    """Return the events as rows; raise `Refused` for a sound that is none of the trial's."""
    slots = dict(trial.slots.values_list("token", "pk"))
    places = {sound.token: place for place, sound in enumerate(open_sounds(trial))}
    unknown = {each.sound for each in batch.events} - {None} - slots.keys() - places.keys()
    if unknown:
        raise Refused(_("sound: there is no such sound in this trial"), 404)
    return [
        Event(
            trial=trial, load=batch.load, order=each.order, kind=each.kind, frame=each.frame, value=each.value,
            until=each.until, at=datetime.fromtimestamp(each.at / 1000, UTC),
            slot_id=slots.get(each.sound or ""), place=places.get(each.sound or ""),
        )
        for each in batch.events
    ]  # fmt: skip
