"""Trainings in the admin: started from a form, watched and heard on their page, compared, begun again with changes."""

import json
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listening.admin.card import facts
from listening.admin.recipe_keys import keys
from listening.admin.runs import RunAdmin
from listening.admin.show import NOTHING, OwnLook, link, list_of
from listening.admin.training import examples
from listening.admin.training.compare import MAX_COMPARED, compared
from listening.admin.training.forms import TrainingForm, asked, recipe_of
from listening.admin.training.watch import watched
from listening.models import Checkpoint, TrainingRun
from listening.models.run import LIVE
from lossmodel.errors import BadInput


@admin.register(TrainingRun)
class TrainingRunAdmin(RunAdmin):
    """Trainings of separators."""

    form = TrainingForm
    change_form_template = "admin/listening/training/change_form.html"
    list_display = ("name", "state", "recipe", "against", "checkpoint_count")
    asked = ("name", "recipe", "data", "objective", "start", "limit", "seed")
    shown = ("saved", "all_facts")

    class Media(OwnLook.Media):
        js = [Script("admin/hearback/live-part.js", type="module")]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Ask whoever starts a training by their role in a study for an objective of it: else it is of no study."""
        if db_field.name == "objective" and not request.user.has_perm("listening.add_trainingrun"):
            kwargs["required"] = True
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """Add the piece that refreshes itself, and the sounds of the checkpoints."""
        view = self.admin_site.admin_view
        return [
            path("compare/", view(self.compare), name="listening_trainingrun_compare"),
            path("recipe/", view(self.recipe), name="listening_trainingrun_recipe"),
            path("cost/", view(self.cost), name="listening_trainingrun_cost"),
            path("<int:pk>/watch/", view(self.watch), name="listening_trainingrun_watch"),
            path("<int:pk>/examples/<int:step>/<str:name>", view(self.example), name="listening_trainingrun_example"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show how a training goes and what it sounds like."""
        run: TrainingRun | None = context.get("original")
        more = self._shown(request, run) if run is not None else asked(request, self.get_queryset(request))
        return super().render_change_form(request, context | more, *args, **kwargs)

    def _shown(self, request: HttpRequest, run: TrainingRun) -> dict[str, Any]:
        try:
            recipe = keys(recipe_of(run), run.overrides)
        except BadInput:  # a recipe in a file that is gone: the page has the rest
            recipe = []
        clone = {"name": run.name, "recipe": run.recipe, "data": run.data, "limit": run.limit or "", "seed": run.seed}
        clone |= {"objective": run.objective_id or "", "start": run.start_id or ""}
        return watched(run) | {
            "examples": examples.example_songs(run), "live": run.status in LIVE, "recipe": recipe,
            "newest": run.checkpoints.first(), "may_add": self.has_add_permission(request),
            "clone": reverse("admin:listening_trainingrun_add", query=clone | {"changes": json.dumps(run.overrides)}),
        }  # fmt: skip

    def recipe(self, request: HttpRequest) -> HttpResponse:
        """Answer with the keys of the recipe that was chosen in the form."""
        return self._piece(request, "admin/listening/training/keys.html")

    def cost(self, request: HttpRequest) -> HttpResponse:
        """Answer with what the training takes that is asked for in the form."""
        return self._piece(request, "admin/listening/training/cost.html")

    def _piece(self, request: HttpRequest, template: str) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return render(request, template, asked(request, self.get_queryset(request)))

    def compare(self, request: HttpRequest) -> HttpResponse:
        """Answer with the chosen trainings side by side."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        numbers = [int(each) for each in request.GET.getlist("run") if each.isdecimal()][:MAX_COMPARED]
        own = self.get_queryset(request).order_by("-pk")
        context = self.admin_site.each_context(request) | compared(list(own.filter(pk__in=numbers)))
        more = {"title": _("Compare trainings"), "opts": self.opts, "choices": own[:50]}
        return render(request, "admin/listening/training/compare.html", context | more)

    def watch(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer with what changes while a training goes on."""
        return render(request, "admin/listening/training/watch.html", watched(self._visible(request, pk)))

    def example(self, request: HttpRequest, pk: int, step: int, name: str) -> FileResponse:
        """Answer with a sound, or its picture, that a checkpoint made."""
        return examples.send(self._visible(request, pk), step, name)

    def _visible(self, request: HttpRequest, pk: int) -> TrainingRun:
        run: TrainingRun = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        return run

    @admin.display(description=gettext_lazy("objective"), ordering="objective")
    def against(self, run: TrainingRun) -> str:
        """Return what it is trained against."""
        return link(run.objective)

    @admin.display(description=gettext_lazy("checkpoints"))
    def checkpoint_count(self, run: TrainingRun) -> str:
        """Return the way to its saved states."""
        return list_of(Checkpoint, str(run.checkpoints.count()), run=run.pk)

    @admin.display(description=gettext_lazy("checkpoints"))
    def saved(self, run: TrainingRun) -> str:
        """Return the way to its saved states."""
        newest = run.checkpoints.first()
        if newest is None:
            return NOTHING
        every = list_of(Checkpoint, _("all %d") % run.checkpoints.count(), run=run.pk)
        return format_html("{} ({})", link(newest), every)

    @admin.display(description=gettext_lazy("card"))
    def all_facts(self, run: TrainingRun) -> str:
        """Return the whole card."""
        return facts(run.card)
