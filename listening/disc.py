"""A full disc is told to a researcher in words: what was sent is not stored, and why."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render

from lossmodel.errors import FULL_DISC, is_disc_full

STATUS = 507
"""Insufficient storage (RFC 4918)."""
TOLD_OF = ("/admin/", "/api/")
"""Where researchers are; an assessor's page keeps the answer and sends it again, whatever is wrong here."""


class FullDisc:
    """Middleware that answers 507 with words where a researcher's request meets a full disc."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Return the page, or JSON to a script that sent no form; None for any other error."""
        if not (is_disc_full(error) and request.path.startswith(TOLD_OF)):
            return None
        if request.path.startswith("/api/") or request.content_type in {"application/json", "application/octet-stream"}:
            return JsonResponse({"error": FULL_DISC}, status=STATUS)
        return render(request, "admin/507.html", status=STATUS)
