"""The studio: Django's admin with a home of its own, and its tables in groups.

It stands outside `listening.admin`, whose modules register with it as they are imported.
"""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from listening.login import TOO_MANY, LoginForm

GROUPS = {
    "tests": (_("Tests"), ("Study", "RatingSet")),
    "listeners": (_("Listeners"), ("Session", "Rating", "Assessor")),
    "learning": (_("Learning"), ("Objective", "TrainingRun", "Checkpoint", "Rendering")),
    "lyrics": (_("Lyrics"), ("LyricsAlignment",)),
    "people": (_("People"), ("User", "Group")),
    "material": (_("Material"), ()),
}
"""The lists of the home page, by the names of their models; every other table of ours is material."""
NAVIGATION = ("Study", "Session", "Objective", "TrainingRun", "Rendering")
"""Which lists are a click away on every page."""


class Studio(admin.AdminSite):
    """What a researcher sees and starts."""

    site_header = site_title = "Hearback"
    index_title = _("Studio")
    enable_nav_sidebar = False
    empty_value_display = ""
    login_form = LoginForm

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the few lists that every page leads to."""
        context = super().each_context(request)
        found = {model["object_name"]: model for app in context["available_apps"] for model in app["models"]}
        context["navigation"] = [found[name] for name in NAVIGATION if name in found]
        return context

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Let a researcher sign in; 429 for whoever has tried too often."""
        answer = super().login(request, extra_context)
        form = (getattr(answer, "context_data", None) or {}).get("form")
        if request.method == "POST" and request.user.is_authenticated:
            request.session.set_expiry(settings.ADMIN_SESSION_AGE)
        if form is not None and form.has_error(NON_FIELD_ERRORS, TOO_MANY):
            answer.status_code = 429
        return answer

    def get_urls(self) -> list[Any]:
        """Add the piece of the home page that asks the workers, and the page of the system."""
        from listening.admin import system, workers

        own = [
            path("workers/", self.admin_view(workers.show), name="workers"),
            path("system/", self.admin_view(system.show), name="system"),
            path(
                "align/", RedirectView.as_view(pattern_name="admin:listening_lyricsalignment_changelist"), name="align"
            ),
        ]
        return [*own, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the ring, what runs, and what to do next."""
        from listening.admin import home

        return super().index(request, home.contents(request) | (extra_context or {}))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the tables in the groups of the home page; those of one application as Django lists them."""
        apps: list[Any] = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        grouped: dict[str, list[Any]] = {key: [] for key in GROUPS}
        for model in (model for app in apps for model in app["models"]):
            grouped[_group(model["object_name"])].append(model)
        return [_listed(key, models) for key, models in grouped.items() if models]


def _group(name: str) -> str:
    return next((key for key, (_title, names) in GROUPS.items() if name in names), "material")


def _listed(key: str, models: list[Any]) -> dict[str, Any]:
    """Return a group as the admin's templates take an application, in the order of `GROUPS`."""
    title, names = GROUPS[key]
    models.sort(key=lambda model: names.index(model["object_name"]) if model["object_name"] in names else len(names))
    return {"name": title, "app_label": key, "app_url": "", "models": models, "folded": key == "material"}
