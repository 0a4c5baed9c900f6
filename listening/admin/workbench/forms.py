"""Tabs that are forms: Django's own form of a study, with the fields of one tab inside the workbench."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from listening.admin.workbench.frame import frame
from listening.models import Study


def form(request: HttpRequest, study: Study, tab: str, context: dict[str, Any] | None = None) -> HttpResponse:
    """Answer with the fields that `StudyAdmin` has for `tab`, or save them and stay; two saves take turns."""
    studies = admin.site.get_model_admin(Study)
    with transaction.atomic():
        if request.method == "POST":
            Study.objects.select_for_update().get(pk=study.pk)
        return studies.changeform_view(request, str(study.pk), "", frame(request, study, tab) | (context or {}))


def tab_of(request: HttpRequest) -> str:
    """Return which tab a request is for; nothing for other pages.

    >>> from types import SimpleNamespace
    >>> tab_of(SimpleNamespace(resolver_match=SimpleNamespace(url_name="listening_study_design")))
    'design'
    """
    name = (request.resolver_match.url_name if request.resolver_match else "") or ""
    return name.removeprefix("listening_study_") if name.startswith("listening_study_") else ""
