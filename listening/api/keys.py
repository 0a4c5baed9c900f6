"""Who calls the API and what they may read: a token's user or a signed-in member of staff, by the rights of the admin.

A token narrows what its user may do to its scopes and, where it has one, to its study; it never widens it.
"""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer
from ninja.security.session import SessionAuthIsStaff

from listening.models import ApiToken, Right, Scope, Study
from listening.models.access import ACCESS, within_reach
from listening.models.team import has_right, studies


class ApiTokenKey(HttpBearer):
    """`Authorization: Bearer hearback_…`, a token made in the admin."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Return the token, where it is usable; its user is the request's from then on."""
        found = ApiToken.objects.behind(token)
        if found is not None:
            request.user = found.user
        return found


class StaffSession(SessionAuthIsStaff):
    """The session of a member of staff who is signed in to the admin."""


def needs(scope: Scope, summary: str) -> dict[str, Any]:
    """Return what OpenAPI tells of an operation: its summary, and the scope that a token needs for it."""
    return {"summary": f"{summary} ({scope.value})", "openapi_extra": {"x-scope": scope.value}}


def allow(request: HttpRequest, scope: Scope) -> None:
    """Raise 403 for a token without `scope`."""
    token = token_of(request)
    if token is not None and scope not in token.scopes:
        has = ", ".join(token.scopes) or "none"
        raise HttpError(403, f"the token {token.prefix}… lacks the scope {scope.value}, but {has}; make another")


def token_of(request: HttpRequest) -> ApiToken | None:
    """Return the token by which the request came; None for a session."""
    found = getattr(request, "auth", None)
    return found if isinstance(found, ApiToken) else None


def seen(request: HttpRequest) -> QuerySet[Study]:
    """Return the studies that the caller may see."""
    token, found = token_of(request), studies(request.user, Right.SEE)
    return found.filter(pk=token.study_id) if token is not None and token.study_id else found


def must_have(request: HttpRequest, right: Right, study: Study) -> None:
    """Raise 403 unless the caller has `right` in `study`."""
    if not has_right(request.user, right, study):
        raise HttpError(403, f"you may see {study}, but not its {right.value}; ask an owner of it for a role")


def reached(request: HttpRequest, action: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return those of `rows` on which the caller may do `action`."""
    token, found = token_of(request), within_reach(request.user, action, rows)
    if token is None or token.study_id is None:
        return found
    return ACCESS[rows.model].within(found, Study.objects.filter(pk=token.study_id))
