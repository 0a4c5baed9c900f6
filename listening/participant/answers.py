"""What a browser sends when an assessor moves a slider, checked before it touches a row."""

import uuid
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from listening.models import Session, Slot, Stage


class Refused(Exception):
    """The answer cannot be stored; `status` is the HTTP status, the message one clear line."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Answer(BaseModel):
    """One move of one slider: `order` is the browser's own count, `key` makes it safe to send twice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slot: Annotated[str, Field(pattern=r"^[\w-]{1,40}$")]
    score: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
    order: Annotated[int, Field(ge=0, lt=2**31)]
    key: uuid.UUID


def store(session: Session, body: bytes) -> bool:
    """Store the answer in `body` (JSON) and return True; False if a later one stands already; or raise `Refused`."""
    answer = parse(body)
    if session.stage in {Stage.DONE, Stage.DECLINED}:
        raise Refused(_("this session has ended; its ratings stand as they are"), 409)
    slot = Slot.objects.filter(trial__session=session, token=answer.slot).first()
    if slot is None:
        raise Refused(_("slot: there is no such sound in this session; reload the page"), 404)
    return slot.answer(answer.score, order=answer.order, key=answer.key)


def parse(body: bytes) -> Answer:
    """Return the answer in `body`, or raise `Refused` (400) naming the field and what is wrong with it."""
    try:
        return Answer.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "answer"
        raise Refused(f"{field}: {first['msg'].lower()}", 400) from None
