"""What a browser sends when an assessor moves a slider, checked before it touches a row."""

import time
import uuid
from typing import Annotated, Any, NamedTuple, TypeVar

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from listening.models import Rating, Session, Slot
from listening.participant import hearing

MAX_BODY_BYTES = 4096
"""Bytes of a body: an answer takes about 150."""
MAX_AHEAD_MS = 86_400_000
"""By how much a browser's clock may run ahead (a day), as after a change of its time zone."""
Body = TypeVar("Body", bound=BaseModel)


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


class StoredAnswer(NamedTuple):
    """What a slot holds after an answer: `newest` tells whether it is that answer, or one given later elsewhere."""

    newest: bool
    score: float
    order: int


def read_body(request: HttpRequest) -> bytes:
    """Return the body of a request, or raise `Refused` (413) before reading one that is too long to be an answer."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        raise Refused(_("answer: longer than {} bytes").format(MAX_BODY_BYTES), 413)
    return request.body


def store(session: Session, body: bytes) -> StoredAnswer:
    """Store the answer in `body` (JSON) unless one given later stands; return what stands now, or raise `Refused`.

    What has not been heard yet is refused as too early (425): the answer is to come again.
    """
    answer = parse(Answer, body, name="answer")
    if session.finished_at or session.declined_at:
        raise Refused(_("this session has ended; its ratings stand as they are"), 409)
    slot = _slots(session).filter(token=answer.slot).first()
    if slot is None:
        raise Refused(_("slot: there is no such sound in this session; reload the page"), 404)
    if not session.instructed_at or slot.ahead:
        raise Refused(_("slot: this session has not reached this sound yet; reload the page"), 409)
    rules = session.study.rules
    if not rules.offers(answer.score):
        raise Refused(_("score: none of the answers to choose from; reload the page"), 400)
    if not slot.rated and (unheard := hearing.refusal(slot, rules)):
        raise Refused(unheard, 425)
    order = min(answer.order, _newest_possible_order())
    if slot.answer(answer.score, order=order, key=answer.key):
        return StoredAnswer(newest=True, score=answer.score, order=order)
    rating = Rating.objects.get(slot=slot)
    return StoredAnswer(rating.key == answer.key, rating.score, rating.order)


def _slots(session: Session) -> models.QuerySet[Any]:
    """Return the slots of `session`, each with whether it is `rated`, and whether it is `ahead` of an open trial."""
    before = session.trials.open().order_by().filter(position__lt=models.OuterRef("trial__position"))
    slots = Slot.objects.order_by().filter(trial__session=session).select_related("trial", "stimulus__audio")
    return slots.annotate(rated=models.Q(rating__isnull=False), ahead=models.Exists(before))


def _newest_possible_order() -> int:
    """Return the largest order that an answer may have now: no clock, however wrong, closes a slot to later answers."""
    return int(time.time() * 1000) + MAX_AHEAD_MS


def parse(kind: type[Body], body: bytes, *, name: str) -> Body:
    """Return what `body` (JSON) holds, or raise `Refused` (400): the field, or `name` for the whole, and its fault."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or name
        raise Refused(f"{field}: {first['msg'].lower()}", 400) from None
