"""Headers that Django does not set."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


class PermissionsPolicy:
    """Middleware: which of a browser's powers a page has. Sounds may play; nothing listens, watches or locates."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.policy = ", ".join(f"{name}=({whose})" for name, whose in settings.PERMISSIONS_POLICY.items())

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the header."""
        answer = self.get_response(request)
        answer.headers.setdefault("Permissions-Policy", self.policy)
        return answer
