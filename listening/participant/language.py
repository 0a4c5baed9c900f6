"""In which language the site speaks: to assessors the study's, or where it has none the browser's; else English."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from listening.models import Session, Study
from listening.participant.steps import sitting_of


class StudyLanguage:
    """Middleware behind Django's `LocaleMiddleware`, which has read the browser's wish before."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, kwargs: Mapping[str, Any]) -> None:
        """Choose the language, now that the address has told which study it is about."""
        place = request.resolver_match
        spoken = _of_study(request, kwargs) if place and place.app_name == "participant" else settings.LANGUAGE_CODE
        if spoken:
            translation.activate(spoken)
            request.LANGUAGE_CODE = translation.get_language()


def _of_study(request: HttpRequest, place: Mapping[str, Any]) -> str | None:
    """Return the language of the study that an address leads to; "" or None leaves it to the browser."""
    if "token" in place:
        with suppress(Session.DoesNotExist):
            return sitting_of(request, place["token"]).study.language
        return None
    return Study.objects.filter(slug=place.get("slug", "")).values_list("language", flat=True).first()
