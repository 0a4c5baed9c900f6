"""Personal data deleted while the ratings stay: what people wrote, and the ids by which a recruiter knows them.

`ERASERS` lists what there is to delete, one function a kind; a new kind of personal data is a new line there.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from listening.models import Invitation, Question, Recruitment, Reply, Session, Study

Sessions = QuerySet[Session]


def free_texts(sessions: Sessions) -> int:
    """Empty the free replies of `sessions`, so that they count as left open; return how many were not empty."""
    written = Reply.objects.filter(session__in=sessions, question__kind=Question.Kind.TEXT).exclude(value="")
    return written.update(value="")


def comments(sessions: Sessions) -> int:
    """Empty the comments of `sessions`; return how many were not empty."""
    emptied: int = Session.objects.filter(pk__in=sessions.values("pk")).exclude(comment="").update(comment="")
    return emptied


def link_parameters(sessions: Sessions) -> int:
    """Delete what the links of `sessions` carried, and the labels of personal links; return how many there were."""
    labelled = Invitation.objects.filter(session__in=sessions).exclude(label="").update(label="")
    parameters, _each = Recruitment.objects.filter(session__in=sessions).delete()
    return labelled + parameters


ERASERS: Mapping[str, Callable[[Sessions], int]] = MappingProxyType(
    {"free replies": free_texts, "comments": comments, "recruiters' ids": link_parameters}
)
"""What is personal, by its name, each with what deletes it and returns how much there was."""


def amounts(sessions: Sessions) -> dict[str, int]:
    """Return how much personal data of each kind `sessions` have."""
    written = Reply.objects.filter(session__in=sessions, question__kind=Question.Kind.TEXT).exclude(value="")
    links = Recruitment.objects.filter(session__in=sessions).count()
    labels = Invitation.objects.filter(session__in=sessions).exclude(label="").count()
    written_at_end = sessions.exclude(comment="").count()
    return {"free replies": written.count(), "comments": written_at_end, "recruiters' ids": links + labels}


def forget(sessions: Sessions) -> dict[str, int]:
    """Delete the personal data of `sessions`; return how much there was of each kind. No rating is touched."""
    with transaction.atomic():
        return {name: erase(sessions) for name, erase in ERASERS.items()}


def said(forgotten: Mapping[str, int]) -> str:
    """Return in words what was deleted.

    >>> said({"free replies": 3, "comments": 0})
    '3 free replies, 0 comments'
    """
    return ", ".join(f"{count} {name}" for name, count in forgotten.items())


def overdue() -> list[Study]:
    """Return the studies whose personal data have been kept for long enough since they were closed."""
    kept = Q(forgotten_at=None) | Q(forgotten_at__lt=F("closed_at"))
    closed = Study.objects.filter(kept, status__in=[Study.Status.CLOSED, Study.Status.ARCHIVED]).exclude(closed_at=None)
    return [study for study in closed if (due := forgotten_on(study)) is not None and due <= timezone.now()]


def forgotten_on(study: Study) -> dt.datetime | None:
    """Return when the personal data of a closed study are deleted; None where they are kept or it is not closed."""
    days = study.retention_days or settings.RETENTION_DAYS
    if not days or study.closed_at is None:
        return None
    return study.closed_at + dt.timedelta(days=days)


def sweep() -> list[tuple[Study, dict[str, int]]]:
    """Delete the personal data that are overdue; return each study with what there was."""
    found = [(study, forget(study.sessions.all())) for study in overdue()]
    for study, _forgotten in found:
        Study.objects.filter(pk=study.pk).update(forgotten_at=timezone.now())
    return found
