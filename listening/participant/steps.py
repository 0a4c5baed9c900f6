"""What requests under a personal link begin with: the sitting behind it, and steps that may come twice or late."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from listening.models import Session


def sitting_of(request: HttpRequest, token: str) -> Session:
    """Return the sitting behind a personal link, read once a request; raise `Session.DoesNotExist` for no link."""
    known: dict[str, Session] = vars(request).setdefault("sittings", {})
    if token not in known:
        known[token] = Session.every.by_token(token)
    return known[token]


def sitting_behind(request: HttpRequest, token: str) -> Session:
    """Return the sitting behind a personal link, which has just shown a sign of life; raise `Http404` for no link."""
    try:
        return sitting_of(request, token)
    except Session.DoesNotExist as unknown:
        raise Http404(str(unknown)) from None


def step(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let `view` take a POST under a personal link; show whoever comes otherwise the place where the sitting stands.

    A restored tab, a reload and the back button ask for a form's address by GET. The secret link is the right to act,
    so no cookie is asked for: one that has changed or expired since the page was made would turn the assessor away.
    """

    @never_cache
    @csrf_exempt
    @wraps(view)
    def stepped(request: HttpRequest, token: str, **place: object) -> HttpResponseBase:
        if request.method != "POST":
            return redirect("participant:session", token)
        return view(request, token, **place)

    return stepped
