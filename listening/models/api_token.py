"""Keys for scripts: an `ApiToken` stands for its user in the API, within its scopes, until it expires or is revoked.

Its secret is 256 random bits that only the maker sees, once; the row keeps their SHA-256. A secret of that length needs
no slow hash: nobody can try 2**256 of them.
"""

import datetime as dt
import secrets
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listening.models.study import Study
from listening.models.tokens import hash_of

MARK = "hearback_"
"""What every secret begins with, so that scanners of code and logs recognise one."""

PREFIX_LENGTH = len(MARK) + 6
"""How much of a secret its row shows, to tell tokens apart."""

USED_EVERY = dt.timedelta(minutes=1)
"""How often the time of last use is renewed, at most."""


class Scope(models.TextChoices):
    """What a token may be used for; never more than its user may do."""

    STUDIES = "studies:read", _("read studies")
    RATINGS = "ratings:read", _("read ratings")
    SESSIONS = "sessions:read", _("read sessions")
    RESULTS = "results:read", _("read results")
    RUNS = "runs:read", _("read runs")
    RUN = "runs:write", _("cancel and resume runs")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Tokens, many at once."""

    def usable(self) -> Self:
        """Return the tokens that work now: neither revoked nor expired, of a user who may enter the admin."""
        now = timezone.now()
        fresh = self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)
        return fresh.filter(user__is_active=True, user__is_staff=True)

    def behind(self, secret: str) -> "ApiToken | None":
        """Return the usable token of `secret`, its time of last use renewed; None where there is none."""
        token = self.usable().select_related("user", "study").filter(sha256=hash_of(secret)).first()
        if token is not None:
            now = timezone.now()
            unused = Q(used_at=None) | Q(used_at__lte=now - USED_EVERY)
            self.filter(unused, pk=token.pk).update(used_at=now)
        return token

    def issue(self, **fields: Any) -> tuple["ApiToken", str]:
        """Return a new token and its secret, which is kept nowhere."""
        token = self.model(**fields)
        secret = token.seal()
        token.save()
        return token, secret


class ApiToken(models.Model):
    """A key by which scripts read the API for its user."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("user"), editable=False
    )
    name = models.CharField(_("name"), max_length=120, help_text=_("what it is for: a notebook, a dashboard …"))
    prefix = models.CharField(_("begins with"), max_length=20, editable=False)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("may"), default=list)
    study = models.ForeignKey(
        Study, models.CASCADE, null=True, blank=True, related_name="api_tokens", verbose_name=_("only this study"),
        help_text=_("empty: every study that its user may see"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, help_text=_("empty: never"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("API token"), _("API tokens")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_usable(self) -> bool:
        """Tell whether it works now."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    def seal(self) -> str:
        """Return a new secret, of which the row takes the hash and the beginning alone."""
        secret = MARK + secrets.token_urlsafe(32)
        self.prefix, self.sha256 = secret[:PREFIX_LENGTH], hash_of(secret)
        return secret

    def revoke(self) -> bool:
        """Make it useless from now on. False if it was revoked before."""
        return bool(ApiToken.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now()))
