"""What assessors said besides the ratings that count, as a tidy table: replies, checks, attention trials, comments."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import IO, Any

from listening.headphones import TRIALS
from listening.models import HeadphoneCheck, Reply, Session, Study, Trial
from listening.models.trial import RECOGNISED

COLUMNS = ("study", "session", "assessor", "place", "question", "kind", "text", "value", "simulated")
"""The tidy columns in their order."""

Row = dict[str, Any]


def rows(study: Study) -> Iterator[Row]:
    """Yield one dict a reply with the keys of `COLUMNS`, by session; sessions that were declined are left out.

    A headphone check is a row whose `value` is the number of right answers of 6, at `place` "headphones"; a comment
    one at `place` "end"; an attention trial one at `place` "trial", right or wrong. A question that was left open has
    the value "".
    """
    for session in study.sessions.filter(declined_at=None).select_related("assessor").order_by("number"):
        yield from (_row(study, session, **own) for own in _said(session))


def write_csv(study: Study, file: IO[str]) -> int:
    """Write the table as CSV; returns the number of rows."""
    table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    table.writeheader()
    found = list(rows(study))
    table.writerows(found)
    return len(found)


def write_json(study: Study, file: IO[str]) -> int:
    """Write the table as a JSON list of objects; returns the number of rows."""
    found = list(rows(study))
    file.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    return len(found)


WRITERS: Mapping[str, Callable[[Study, IO[str]], int]] = MappingProxyType({"csv": write_csv, "json": write_json})


def _said(session: Session) -> Iterator[Row]:
    for check in session.checks.exclude(passed=None):
        yield _check(check)
    for reply in session.replies.select_related("question").order_by("question__position", "question"):
        yield _reply(reply)
    for trial in session.trials.filter(attention=True).select_related("attribute", "item"):
        yield from _attention(trial)
    if session.comment:
        yield {"place": "end", "question": "comment", "kind": "text", "text": "", "value": session.comment}


def _reply(reply: Reply) -> Row:
    question = reply.question
    own = {"place": question.place, "question": question.key, "kind": question.kind}
    return own | {"text": question.text, "value": reply.value}


def _check(check: HeadphoneCheck) -> Row:
    text = f"{TRIALS} trials, {'passed' if check.passed else 'not passed'}"
    return {"place": "headphones", "question": check.kind, "kind": "check", "text": text, "value": str(check.correct)}


def _attention(trial: Trial) -> Iterator[Row]:
    if (score := trial.recognised) is not None:
        text = f"{trial.attribute.key}, {trial.item.name}: hidden reference rated {score:g}, right from {RECOGNISED:g}"
        value = "right" if trial.right else "wrong"
        yield {"place": "trial", "question": "attention", "kind": "check", "text": text, "value": value}


def _row(study: Study, session: Session, **own: Any) -> Row:
    whose = {"study": study.slug, "session": session.number, "assessor": session.assessor.code}
    return whose | own | {"simulated": session.simulated}
