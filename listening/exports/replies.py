"""What assessors said besides the ratings that count, as a tidy table: replies, checks, attention trials, comments."""

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import IO, Any

from listening.exports import tables
from listening.headphones import TRIALS_OF_A_CHECK
from listening.models import Comprehension, HeadphoneCheck, Reply, Session, Study, Trial
from listening.models.trial import MIN_RECOGNISED_SCORE
from listening.presets.comprehension import DESERVED_SCORES
from listening.proof import refusals, sound_verdict, with_proof

COLUMNS = ("study", "session", "assessor", "place", "question", "kind", "text", "value", "simulated")
"""The tidy columns in their order."""

Row = dict[str, Any]


def rows(study: Study) -> Iterator[Row]:
    """Yield one dict a reply with the keys of `COLUMNS`, by session; none of those declined, withdrawn or excluded.

    A headphone check is a row whose `value` is the number of right answers of 6, at `place` "headphones"; a comment
    one at `place` "end"; an attention trial one at `place` "trial", right or wrong; a comprehension check one at
    `place` "practice", understood or misunderstood. Whether the sound is "proved" or "not proved", and each sound that
    was refused, with its condition, stand at `place` "sound". A question that was left open has the value "".
    """
    sat = study.sessions.sat().select_related("assessor").order_by("number")
    for session in with_proof(sat):
        yield from (_row(study, session, **own) for own in _session_rows(session))


def write_csv(study: Study, file: IO[str]) -> int:
    """Write the table as CSV; returns the number of rows."""
    return tables.write_csv(file, COLUMNS, rows(study))


def write_json(study: Study, file: IO[str]) -> int:
    """Write the table as a JSON list of objects; returns the number of rows."""
    found = list(rows(study))
    file.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    return len(found)


WRITERS: Mapping[str, Callable[[Study, IO[str]], int]] = MappingProxyType({"csv": write_csv, "json": write_json})


def _session_rows(session: Any) -> Iterator[Row]:
    for check in session.checks.exclude(passed=None):
        yield _check(check)
    for reply in session.replies.select_related("question").order_by("question__position", "question"):
        yield _reply(reply)
    for checked in session.comprehensions.select_related("attribute"):
        yield _comprehension(checked)
    for trial in session.trials.filter(attention=True).select_related("attribute", "item"):
        yield from _attention(trial)
    yield from _sound_rows(session)
    if session.comment:
        yield {"place": "end", "question": "comment", "kind": "text", "text": "", "value": session.comment}


def _reply(reply: Reply) -> Row:
    question = reply.question
    own = {"place": question.place, "question": question.key, "kind": question.kind}
    return own | {"text": question.text, "value": reply.value}


def _check(check: HeadphoneCheck) -> Row:
    text = f"{TRIALS_OF_A_CHECK} trials, {'passed' if check.passed else 'not passed'}"
    return {"place": "headphones", "question": check.kind, "kind": "check", "text": text, "value": str(check.correct)}


def _comprehension(checked: Comprehension) -> Row:
    key, deserved = checked.attribute.key, DESERVED_SCORES[checked.attribute.key]
    text = f"mixture rated {checked.score:g}, {deserved.least:g} to {deserved.most:g} expected"
    value = "understood" if checked.understood else "misunderstood"
    return {"place": "practice", "question": key, "kind": "check", "text": text, "value": value}


def _attention(trial: Trial) -> Iterator[Row]:
    if (score := trial.recognised) is not None:
        rated = f"hidden reference rated {score:g}, right from {MIN_RECOGNISED_SCORE:g}"
        text = f"{trial.attribute.key}, {trial.item.name}: {rated}"
        value = "right" if trial.right else "wrong"
        yield {"place": "trial", "question": "attention", "kind": "check", "text": text, "value": value}


def _sound_rows(session: Any) -> Iterator[Row]:
    own = {"place": "sound", "kind": "check"}
    if found := sound_verdict(session):
        text = f"{session.proved} of {session.proved + session.unproved} rated pages have their sound proved"
        yield own | {"question": "proved", "text": text, "value": found}
    for each in refusals(session) if session.refused else ():
        text = f"{each.attribute}, {each.item}, {each.at.isoformat(timespec='milliseconds')}: {each.reason}"
        yield own | {"question": "refused", "text": text, "value": each.condition or each.sound}


def _row(study: Study, session: Session, **own: Any) -> Row:
    whose = {"study": study.slug, "session": session.number, "assessor": session.assessor.code}
    return whose | own | {"simulated": session.simulated}
