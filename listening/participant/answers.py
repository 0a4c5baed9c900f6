"""What a browser sends when an assessor moves a slider, checked before it touches a row."""

import uuid
from typing import Annotated, NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from listening.models import Session, Slot

LARGEST = 4096
"""Bytes of a body: an answer takes about 150."""


class Refused(Exception):
    """The answer cannot be stored; `status` is the HTTP status, the message one clear line."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Answer(BaseModel):
    """One move of one slider: `order` is when it was given (ms since 1970), `key` makes it safe to send twice."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    slot: Annotated[str, Field(pattern=r"^[\w-]{1,40}$")]
    score: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
    order: Annotated[int, Field(ge=0, lt=2**53)]
    key: uuid.UUID


class Standing(NamedTuple):
    """What a slot holds after an answer: `newest` tells whether it is that answer, or one given later elsewhere."""

    newest: bool
    score: float
    order: int


def received(request: HttpRequest) -> bytes:
    """Return the body of a request, or raise `Refused` (413) before reading one that is too long to be an answer."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        raise Refused(_("answer: longer than {} bytes").format(LARGEST), 413)
    return request.body


def store(session: Session, body: bytes) -> Standing:
    """Store the answer in `body` (JSON) unless one given later stands; return what stands now, or raise `Refused`."""
    answer = parse(body)
    if session.finished_at or session.declined_at:
        raise Refused(_("this session has ended; its ratings stand as they are"), 409)
    slot = Slot.objects.filter(trial__session=session, token=answer.slot).select_related("trial").first()
    if slot is None:
        raise Refused(_("slot: there is no such sound in this session; reload the page"), 404)
    if not session.instructed_at or session.trials.open().filter(position__lt=slot.trial.position).exists():
        raise Refused(_("slot: this session has not come to this sound yet; reload the page"), 409)
    if not session.study.rules.offers(answer.score):
        raise Refused(_("score: none of the answers to choose from; reload the page"), 400)
    slot.answer(answer.score, order=answer.order, key=answer.key)
    rating = slot.rating
    return Standing(rating.key == answer.key, rating.score, rating.order)


def parse(body: bytes) -> Answer:
    """Return the answer in `body`, or raise `Refused` (400) naming the field and what is wrong with it."""
    try:
        return Answer.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "answer"
        raise Refused(f"{field}: {first['msg'].lower()}", 400) from None
