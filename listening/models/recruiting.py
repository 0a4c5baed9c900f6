"""How people come to a study: what their link carries, personal links, a pause, and whom to tell when it is full.

What a recruiter calls a person stands in a `Recruitment` of its own, beside the sitting: deleting it forgets the person
and touches no rating. A personal link is kept as a hash alone, so that the table lets nobody in.
"""

import re
from collections.abc import Mapping
from typing import Any, Self, cast
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.models.tokens import hash_of, new_token

DEFAULT_LINK_PARAMETERS = "PROLIFIC_PID STUDY_ID SESSION_ID workerId"
"""What Prolific adds to a link, and what Mechanical Turk calls a person; the first one given names the person."""
PARAMETER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", re.ASCII)
RESERVED_PARAMETERS = frozenset({"invitation", "new"})
"""What the study's own address already means something by."""
PERSON_PARAMETERS = ("PROLIFIC_PID", "workerId")
"""Parameters that are known to name a person; of others the first of the study's list does."""
MAX_PARAMETERS, MAX_PARAMETER_CHARACTERS = 12, 200
_GAP = re.compile(r"\{([^{}]*)\}")


class Recruiting(models.Model):
    """The part of a `Study` that says how people come to it, and where they go back to."""

    completion_code = models.CharField(_("completion code"), max_length=40, blank=True)
    return_url = models.URLField(
        _("return URL"), blank=True, help_text=_("after the last page; {PROLIFIC_PID} is filled in from the link")
    )
    quota_url = models.URLField(
        _("quota URL"), blank=True, help_text=_("where a recruiter wants those to go who come when it is full")
    )
    link_parameters = models.CharField(
        _("parameters of the link"), max_length=300, default=DEFAULT_LINK_PARAMETERS, blank=True,
        help_text=_("names, with spaces between; kept apart from the ratings; the same id twice is one person"),
    )  # fmt: skip
    invited_only = models.BooleanField(
        _("by personal link only"), default=False, help_text=_("the open address begins nothing")
    )
    paused = models.BooleanField(
        _("paused"), default=False, editable=False, help_text=_("nobody new begins, who is inside goes on")
    )
    close_at_quota = models.BooleanField(_("close when full"), default=False, help_text=_("once a quota has finished"))
    notify_email = models.EmailField(_("tell by e-mail when it is full"), blank=True)
    notify_webhook = models.URLField(
        _("tell by webhook when it is full"), blank=True, help_text=_("a signed POST of JSON; see docs/recruit.md")
    )
    told_quota = models.PositiveIntegerField(null=True, editable=False, help_text=_("the quota whose end was told"))
    told_cell_quota = models.PositiveSmallIntegerField(
        null=True, editable=False, help_text=_("the quota of ratings per cell whose end was told")
    )

    class Meta:
        abstract = True

    @property
    def parameter_names(self) -> list[str]:
        """Return the names of what is kept of a link, in their order."""
        return list(dict.fromkeys(self.link_parameters.replace(",", " ").split()))

    def clean(self) -> None:
        """Refuse names of parameters that a link cannot have, or that mean something else here."""
        super().clean()
        wrong = [name for name in self.parameter_names if not PARAMETER_NAME.fullmatch(name)]
        wrong += RESERVED_PARAMETERS.intersection(self.parameter_names)
        if wrong or len(self.parameter_names) > MAX_PARAMETERS:
            told = _(
                "Up to %(most)d names of letters, digits, _ and -, none of them “invitation” or “new”: not %(wrong)s"
            )
            words = {"most": MAX_PARAMETERS, "wrong": ", ".join(wrong) or len(self.parameter_names)}
            raise ValidationError({"link_parameters": told % words})

    def pause(self, *, paused: bool = True) -> bool:
        """Let nobody new begin, or with `paused` False let them begin again; False if nothing changed."""
        own = cast("Any", self).__class__.objects.filter(pk=self.pk, paused=not paused)
        moved = own.filter(status="open").update(paused=paused)
        self.refresh_from_db(fields=["paused"])
        return bool(moved)

    def given(self, query: Mapping[str, str]) -> dict[str, str]:
        """Return what a link carries of the parameters that this study keeps; what is too long is cut."""
        found = {name: query[name].strip()[:MAX_PARAMETER_CHARACTERS] for name in self.parameter_names if name in query}
        return {name: value for name, value in found.items() if value and value.isprintable()}

    def person(self, parameters: Mapping[str, str]) -> str:
        """Return by what a recruiter knows the person, as "name=value"; "" where the link does not say.

        >>> from listening.models import Study
        >>> Study().person({"STUDY_ID": "s1", "PROLIFIC_PID": "5f2"})
        'PROLIFIC_PID=5f2'
        """
        names = self.parameter_names
        naming = [name for name in PERSON_PARAMETERS if name in names] or names[:1]
        name = next((name for name in naming if name in parameters), None)
        return f"{name}={parameters[name]}" if name else ""


def filled(address: str, parameters: Mapping[str, str]) -> str:
    """Return `address` with each {NAME} replaced by the parameter of that name, quoted; by nothing for other names.

    >>> filled("https://r.example/?pid={PROLIFIC_PID}&s={OTHER}", {"PROLIFIC_PID": "a b&c"})
    'https://r.example/?pid=a%20b%26c&s='
    """
    return _GAP.sub(lambda gap: quote(parameters.get(gap[1], ""), safe=""), address)


class Recruitment(models.Model):
    """What the link of one sitting carried: by what a recruiter knows its person. Deletable without its sitting."""

    study = models.ForeignKey("Study", models.CASCADE, related_name="recruitments", verbose_name=_("study"))
    session = models.OneToOneField("Session", models.CASCADE, related_name="recruitment", verbose_name=_("session"))
    parameters = models.JSONField(_("parameters"), default=dict)
    person = models.CharField(_("person"), max_length=260, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name, verbose_name_plural = _("recruitment"), _("recruitments")
        ordering = ["study", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "person"], condition=~Q(person=""), name="recruited_person_once_per_study"
            )
        ]

    def __str__(self) -> str:
        return f"link of {self.session}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Personal links, many at once."""

    def by_token(self, token: str) -> "Invitation | None":
        """Return the personal link with this token; None where there is none."""
        return self.select_related("session").filter(token_hash=hash_of(token)).first() if token else None

    def make(self, study: models.Model, labels: list[str], *, user: Any = None) -> list[tuple["Invitation", str]]:
        """Return a new personal link for each of `labels` with its token, which is told this once and not kept."""
        tokens = [new_token() for _label in labels]
        rows = [
            Invitation(study_id=study.pk, label=label, token_hash=hash_of(token), made_by=user)
            for label, token in zip(labels, tokens, strict=True)
        ]
        return list(zip(self.bulk_create(rows), tokens, strict=True))

    def revoke(self) -> int:
        """Let nobody begin by these links any more; who has begun goes on. Return how many were still valid."""
        return self.filter(revoked_at=None, session=None).update(revoked_at=timezone.now())

    def unused(self) -> Self:
        """Return the links by which somebody may still begin."""
        return self.filter(revoked_at=None, session=None)


class Invitation(models.Model):
    """A personal link: begins one sitting, and leads back to it ever after."""

    study = models.ForeignKey("Study", models.CASCADE, related_name="invitations", verbose_name=_("study"))
    label = models.CharField(_("label"), max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    session = models.OneToOneField(
        "Session", models.SET_NULL, null=True, editable=False, related_name="invitation", verbose_name=_("session")
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("made by"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("personal link"), _("personal links")
        ordering = ["study", "pk"]

    def __str__(self) -> str:
        return self.label or f"personal link {self.pk}"
