"""Who did what to which row: Django's own log of the admin, which outlives the rows it speaks of."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from listening.models import Session, Study

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

FLAGS = {"made": ADDITION, "deleted": DELETION}
"""Verbs that Django's log marks; every other one is a change."""


@dataclass(frozen=True)
class Line:
    """One line of a study's history; `who` is "" for an assessor, whom no line names."""

    at: datetime
    who: str
    what: str


def record(user: "AbstractUser", row: Model, verb: str, detail: str = "") -> None:
    """Note that `user` did `verb` (opened, closed, exported, deleted …) to `row`; call it before the row goes."""
    LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=str(row)[:200],
        action_flag=FLAGS.get(verb, CHANGE),
        change_message=f"{verb}: {detail}" if detail else verb,
    )


def of(row: Model) -> "QuerySet[LogEntry]":
    """Return what was done to `row`, newest first."""
    own = ContentType.objects.get_for_model(row)
    return LogEntry.objects.filter(content_type=own, object_id=str(row.pk)).select_related("user")


def history(study: Study) -> list[Line]:
    """Return what was done to `study`, newest first: what users did, and which sittings their assessors withdrew."""
    done = [
        Line(each.action_time, str(each.user), each.get_change_message() or each.get_action_flag_display())
        for each in of(study)
    ]
    told = _("withdrawn by its assessor: %s")
    left = [Line(each.withdrawn_at, "", told % each) for each in _withdrawn_by_assessors(study) if each.withdrawn_at]
    return sorted(done + left, key=lambda line: line.at, reverse=True)


def _withdrawn_by_assessors(study: Study) -> "QuerySet[Session]":
    """Return the sittings that were withdrawn by their links: the log names no user who did it."""
    kind = ContentType.objects.get_for_model(Session)
    by_users = LogEntry.objects.filter(content_type=kind, change_message__startswith="withdrawn")
    own: QuerySet[Session] = study.sessions.exclude(withdrawn_at=None).select_related("study")
    return own.exclude(pk__in=[int(pk) for pk in by_users.values_list("object_id", flat=True) if pk])
