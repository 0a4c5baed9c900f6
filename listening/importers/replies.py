"""What assessors said besides their ratings: the questions of an imported test, and who replied what."""

from collections.abc import Mapping, Sequence

from django.utils.text import slugify

from listening.importers.published import COMMENT, Asked, Published
from listening.models import Question, Reply, Session, Study

Key = tuple[str, str]
"""A sitting and its assessor."""

LONGEST_KEY = 40
LONGEST_QUESTION = 300
"""Characters that the table of questions holds; a longer question is cut, a reply never."""


def write_replies(study: Study, test: Published, sessions: Mapping[Key, Session]) -> None:
    """Write the questions that got a reply, and the replies; comments on sounds and pages go to their sessions."""
    values: dict[tuple[Key, str], list[str]] = {}
    for said in test.said:
        if said.value.strip() and (said.sitting, said.assessor) in sessions:
            values.setdefault(((said.sitting, said.assessor), said.question), []).append(said.value.strip())
    asked = [key for key in test.questions if any(key == question for _, question in values)]
    rows = dict(zip(asked, _questions(study, [test.questions[key] for key in asked], asked), strict=True))
    Reply.objects.bulk_create(
        Reply(session=sessions[key], question=rows[question], value="\n".join(lines))
        for (key, question), lines in values.items()
        if question != COMMENT
    )
    for (key, question), lines in values.items():
        if question == COMMENT:
            Session.objects.filter(pk=sessions[key].pk).update(comment="\n".join(lines))


def _questions(study: Study, asked: Sequence[Asked], names: Sequence[str]) -> list[Question]:
    keys = _keys(names)
    return Question.objects.bulk_create(
        Question(
            study=study, key=key, text=one.text[:LONGEST_QUESTION], place=one.place, kind=one.kind, required=False,
            choices="\n".join(one.choices), position=position,
        )
        for position, (key, one) in enumerate(zip(keys, asked, strict=True))
    )  # fmt: skip


def _keys(names: Sequence[str]) -> list[str]:
    """Return a key for each name, no two alike.

    >>> _keys(["E-mail", "e mail", "年齢"])
    ['e-mail', 'e-mail-2', 'question']
    """
    keys: list[str] = []
    for name in names:
        plain = slugify(name)[:LONGEST_KEY].strip("-") or "question"
        key, number = plain, 1
        while key in keys:
            number += 1
            key = f"{plain[: LONGEST_KEY - len(str(number)) - 1]}-{number}"
        keys.append(key)
    return keys
