"""Who may do what in which study: each `StudyRole` lets one user do what its role allows, in one study.

A user has a `Right` in a study by a role there, or in every study by the Django permission in `EVERYWHERE`
(docs/roles.md). Superusers have them all. `listening.models.access` carries the rights over to all other rows.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from listening.models.study import Study

AnyUser = AbstractBaseUser | AnonymousUser


class Right(StrEnum):
    """What a user may do in a study."""

    SEE = "see"
    """Read the study, its design, items and sounds."""
    LISTENERS = "listeners"
    """See who sat when and how far they came."""
    SITTINGS = "sittings"
    """Run sessions: give out links, mark pilots, withdraw and exclude."""
    RESULTS = "results"
    """Read and export ratings, replies and results, freeze them, and read what was learned from them."""
    DESIGN = "design"
    """Change, open and close the study; start fits, trainings and renderings on it."""
    MANAGE = "manage"
    """Hand out roles, publish, delete personal data and the study."""


EVERYWHERE: Mapping[Right, str] = MappingProxyType(
    {
        Right.SEE: "listening.view_study",
        Right.LISTENERS: "listening.view_session",
        Right.SITTINGS: "listening.change_session",
        Right.RESULTS: "listening.view_rating",
        Right.DESIGN: "listening.change_study",
        Right.MANAGE: "listening.delete_study",
    }
)
"""The Django permission that gives a right in every study."""


class StudyRoleQuerySet(models.QuerySet["StudyRole"]):
    """Roles, many at once."""

    def own(self, study: Study, user: Any) -> None:
        """Make `user` an owner of `study`."""
        self.update_or_create(study=study, user_id=user.pk, defaults={"role": StudyRole.Role.OWNER})
        if hasattr(user, "held_roles"):
            del user.held_roles

    def hand_on(self, old: Study, new: Study) -> None:
        """Give everybody the role in `new` that they have in `old`, where they have none yet."""
        self.bulk_create(
            [StudyRole(study=new, user_id=user, role=role) for user, role in old.roles.values_list("user", "role")],
            ignore_conflicts=True,
        )


class StudyRole(models.Model):
    """What one user is in one study."""

    class Role(models.TextChoices):
        """The ready roles, the most powerful first."""

        OWNER = "owner", _("owner")
        ANALYST = "analyst", _("analyst")
        ASSISTANT = "assistant", _("assistant")

    study = models.ForeignKey(Study, models.CASCADE, related_name="roles", verbose_name=_("study"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="study_roles", verbose_name=_("user")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = StudyRoleQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("role"), _("roles")
        ordering = ["study", "user"]
        constraints = [
            models.UniqueConstraint(fields=["study", "user"], name="study_role_once"),
            models.CheckConstraint(name="study_role_known", condition=Q(role__in=["owner", "analyst", "assistant"])),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} of {self.study}"


RIGHTS: Mapping[str, frozenset[Right]] = MappingProxyType(
    {
        StudyRole.Role.OWNER: frozenset(Right),
        StudyRole.Role.ANALYST: frozenset({Right.SEE, Right.LISTENERS, Right.RESULTS}),
        StudyRole.Role.ASSISTANT: frozenset({Right.SEE, Right.LISTENERS, Right.SITTINGS}),
    }
)
"""What each role may do."""


def studies(user: Any, right: Right) -> models.QuerySet[Study]:
    """Return the studies in which `user` has `right`: all by its Django permission, else those of fitting roles."""
    if user.has_perm(EVERYWHERE[right]):
        return Study.objects.all()
    return Study.objects.filter(pk__in=[pk for pk, role in held(user).items() if right in RIGHTS[role]])


def has_right(user: Any, right: Right, study: Study | None = None) -> bool:
    """Tell whether `user` has `right` in `study`; without one, whether in any."""
    if user.has_perm(EVERYWHERE[right]):
        return True
    roles = held(user)
    asked = roles.values() if study is None else [roles[study.pk]] if study.pk in roles else []
    return any(right in RIGHTS[role] for role in asked)


def held(user: Any) -> dict[int, str]:
    """Return the role of `user` in each study by its number, read once for each user that is fetched."""
    if not (user.is_active and user.pk):
        return {}
    if not hasattr(user, "held_roles"):
        user.held_roles = dict(StudyRole.objects.filter(user=user.pk).values_list("study", "role"))
    roles: dict[int, str] = user.held_roles
    return roles
