"""By what a recruiter knows who sat here, and whom to pay: made on demand only, in no other export."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from listening.models import Invitation, Recruitment, Session, Study

PAYMENT_COLUMNS = ("session", "assessor", "state", "begun", "ended", "minutes", "completion_code", "personal_link")
"""Columns of the payment list, before the study's own parameters."""

Row = dict[str, Any]


def payment_columns(study: Study) -> list[str]:
    """Return the columns of the payment list: those that every study has, and the parameters of its links."""
    return [*PAYMENT_COLUMNS, *_parameter_columns(study)]


def payments(study: Study) -> Iterator[Row]:
    """Yield one dict a sitting of a person: how it ended, how long it took, and by what the recruiter knows them.

    `state` is finished, screened out, declined, withdrawn or under way; `minutes` are those from consent to the end or
    the last sign of life, breaks included. The completion code stands only with those who finished.
    """
    known = dict(Recruitment.objects.filter(study=study).values_list("session", "parameters"))
    labels = dict(Invitation.objects.filter(study=study).exclude(session=None).values_list("session", "label"))
    people = study.sessions.filter(assessor__simulated=False).select_related("assessor").order_by("number")
    for session in people:
        own = {f"link_{name}": value for name, value in known.get(session.pk, {}).items()}
        blank = dict.fromkeys(_parameter_columns(study), "")
        yield _payment(study, session, labels.get(session.pk, "")) | {n: own.get(n, blank[n]) for n in blank}


def state(session: Session) -> str:
    """Return how a sitting stands, as the payment list says it."""
    if session.withdrawn_at:
        return "withdrawn"
    if session.declined_at:
        return "declined"
    if session.screened_at:
        return "screened out"
    return "finished" if session.finished_at else "under way"


def _payment(study: Study, session: Session, label: str) -> Row:
    ended = session.finished_at or session.screened_at or session.declined_at
    begun = session.consented_at or session.created_at
    return {
        "session": session.number, "assessor": session.assessor.code, "state": state(session),
        "begun": _time(begun), "ended": _time(ended),
        "minutes": round(((ended or session.seen_at) - begun).total_seconds() / 60, 1),
        "completion_code": study.completion_code if session.finished_at else "", "personal_link": label,
    }  # fmt: skip


def _parameter_columns(study: Study) -> list[str]:
    return [f"link_{name}" for name in study.parameter_names]


def _time(at: dt.datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
