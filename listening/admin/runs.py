"""Fits, trainings and renderings: started by adding a row, watched on its page, cancelled and resumed from the list."""

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from listening import audit, tasks
from listening.admin import fits
from listening.admin.card import facts, figures
from listening.admin.evidence import EvidencePage, has_report
from listening.admin.progress import progress
from listening.admin.proof import ProvedOnlyPage
from listening.admin.reach import OfStudies
from listening.admin.recipe_keys import keys
from listening.admin.run_forms import ObjectiveForm, RenderingForm
from listening.admin.show import AnyAdmin, OwnLook, lineage, link, list_of, page_of
from listening.models import Objective, RatingSet, Rendering, Run, TrainingRun
from listening.models.access import within_reach
from listening.models.run import LIVE
from lossmodel.errors import BadInput
from lossmodel.objective import config as fit_recipes


class RunAdmin(OwnLook, OfStudies, AnyAdmin):
    """Adding a row starts the run; afterwards the row can be cancelled and resumed, but not edited."""

    change_form_template = "admin/listening/run/change_form.html"
    actions = ("cancel", "resume")
    list_filter = ("status",)
    asked: tuple[str, ...] = ()
    """What the researcher chooses when starting a run."""
    shown: tuple[str, ...] = ()
    """What the page tells besides."""

    def get_fieldsets(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """Ask when the run is started; tell when it stands."""
        if obj is None:
            return [(None, {"fields": self.asked})]
        times = ("created_at", "started_at", "ended_at", "attempts")
        return [
            (None, {"fields": self.told(obj)}),
            (_("Made from"), {"fields": (*self.asked, "made_from")}),
            (_("Times"), {"fields": times, "classes": ["collapse"]}),
        ]

    def told(self, run: Any) -> tuple[str, ...]:
        """Return what the page of this run tells besides."""
        return self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """Keep everything as it was when the run was started."""
        times = ("created_at", "started_at", "ended_at", "attempts")
        return () if obj is None else (*self.shown, *self.asked, "made_from", *times)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Name the new run after its number."""
        number = self.model.objects.count() + 1
        return {"name": f"{self.opts.verbose_name} {number}", **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Run, form: Any, change: bool) -> None:
        """Start a new run; on the page of an old one, only its buttons do something."""
        if not change:
            super().save_model(request, obj, form, change)
            tasks.send(obj)

    def response_add(self, request: HttpRequest, obj: Run, post_url_continue: str | None = None) -> HttpResponse:
        """Lead to the page of the run that was started."""
        return HttpResponseRedirect(page_of(obj))

    def response_change(self, request: HttpRequest, obj: Run) -> HttpResponse:
        """Cancel or resume, as the button says, and stay."""
        if "_cancel" in request.POST:
            self.cancel(request, self.model.objects.filter(pk=obj.pk))
        elif "_resume" in request.POST:
            self.resume(request, self.model.objects.filter(pk=obj.pk))
        return HttpResponseRedirect(request.path)

    def log_change(self, request: HttpRequest, obj: Run, message: Any) -> Any:
        """Leave the history to what was done: a page without fields has no other change."""

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Offer the buttons that can do something now."""
        run: Run | None = context.get("original")
        may = run is not None and self.has_change_permission(request, run)
        buttons = {
            "can_cancel": may and run is not None and run.status in LIVE,
            "can_resume": may and run is not None and (run.status in ("failed", "cancelled") or run.is_lost),
            "state": progress(run, reload=True) if run is not None else "",
        }
        return super().render_change_form(request, context | buttons, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """Add the piece of page that refreshes itself."""
        view, name = self.admin_site.admin_view, f"listening_{self.opts.model_name}"
        return [
            path("<int:pk>/progress/", view(self.show_progress), name=f"{name}_progress"),
            path("<int:pk>/cancel/", view(self.ask_cancel), name=f"{name}_cancel"),
            *super().get_urls(),
        ]

    def show_progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer with how far the run is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponse(progress(get_object_or_404(self.get_queryset(request), pk=pk), ask=True))

    def ask_cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether a run is to be cancelled, and say what is kept."""
        run = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, run):
            raise PermissionDenied
        own = {"title": _("Cancel %s?") % run, "run": run, "opts": self.opts, "back": page_of(run)}
        return render(request, "admin/listening/run/cancel.html", self.admin_site.each_context(request) | own)

    @admin.action(description=gettext_lazy("Cancel"), permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Cancel what waits or works."""
        cancelled = [run for run in queryset if run.cancel()]
        for run in cancelled:
            audit.record(request.user, run, "cancelled")  # type: ignore[arg-type]
        count = len(cancelled)
        self._tell(request, count, queryset, ngettext("%d run cancelled.", "%d runs cancelled.", count))

    @admin.action(description=gettext_lazy("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Queue again what failed, was cancelled or lost its worker."""
        resumed = [run for run in queryset if run.resume()]
        for run in resumed:
            audit.record(request.user, run, "resumed")  # type: ignore[arg-type]
            tasks.send(run)
        count = len(resumed)
        self._tell(request, count, queryset, ngettext("%d run resumed.", "%d runs resumed.", count))

    def _tell(self, request: HttpRequest, count: int, queryset: QuerySet[Any], done: str) -> None:
        if count:
            self.message_user(request, done % count, messages.SUCCESS)
        if other := queryset.count() - count:
            left = ngettext(
                "This was not possible for %d run in its current state.",
                "This was not possible for %d runs in their current state.",
                other,
            )
            self.message_user(request, left % other, messages.WARNING)

    @admin.display(description=gettext_lazy("progress"), ordering="status")
    def state(self, run: Run) -> str:
        """Return how far the run is, for the list."""
        return progress(run)

    @admin.display(description=gettext_lazy("lineage"))
    def made_from(self, run: Run) -> str:
        """Return everything the run was made from."""
        return lineage(run)


@admin.register(Objective)
class ObjectiveAdmin(ProvedOnlyPage, EvidencePage, RunAdmin):
    """Fits: ratings in, objective out, and a report of how well it does."""

    form = ObjectiveForm
    change_form_template = "admin/listening/objective/change_form.html"
    list_display = ("name", "state", "recipe", "sets")
    filter_horizontal = ("ratings",)
    asked = ("name", "ratings", "recipe", "seed")
    shown = ("agreement", "used_by", "all_facts")

    def get_urls(self) -> list[URLPattern]:
        """Add the pieces of the form: the keys of the chosen recipe, and what the fit takes."""
        view = self.admin_site.admin_view
        return [
            path("recipe/", view(self.recipe), name="listening_objective_recipe"),
            path("cost/", view(self.cost), name="listening_objective_cost"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the keys of the recipe: to be changed before a fit, as they were changed afterwards."""
        run: Objective | None = context.get("original")
        more = self._asked(request) if run is None else self._kept(request, run)
        return super().render_change_form(request, context | more, *args, **kwargs)

    def recipe(self, request: HttpRequest) -> HttpResponse:
        """Answer with the keys of the recipe that was chosen in the form."""
        return self._piece(request, "admin/listening/training/keys.html")

    def cost(self, request: HttpRequest) -> HttpResponse:
        """Answer with what the fit takes that is asked for in the form."""
        return self._piece(request, "admin/listening/objective/cost.html")

    def _piece(self, request: HttpRequest, template: str) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return render(request, template, self._asked(request))

    def _asked(self, request: HttpRequest) -> dict[str, Any]:
        sets = within_reach(request.user, "view", RatingSet.objects.all())
        return fits.asked(request, self.get_queryset(request), sets)

    def _kept(self, request: HttpRequest, run: Objective) -> dict[str, Any]:
        try:
            recipe = keys(fit_recipes.load(run.recipe, run.overrides), run.overrides)
        except BadInput:  # a recipe in a file that is gone: the page has the rest
            recipe = []
        clone = {"name": run.name, "recipe": run.recipe, "changes": json.dumps(run.overrides)}
        clone["ratings"] = ",".join(str(each.pk) for each in run.ratings.all())
        again = reverse("admin:listening_objective_add", query=clone)
        return {"recipe": recipe, "clone": again, "may_add": self.has_add_permission(request)}

    def told(self, run: Objective) -> tuple[str, ...]:
        """Leave to the report, where there is one, what it tells better."""
        return ("used_by",) if has_report(run) else self.shown

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Keep the rating sets of an objective as they were when it was started."""
        if not change:
            super().save_related(request, form, formsets, change)

    @admin.display(description=gettext_lazy("rating sets"))
    def sets(self, objective: Objective) -> str:
        """Return what it is fitted to."""
        return ", ".join(str(each) for each in objective.ratings.all())

    @admin.display(description=gettext_lazy("agreement with listeners"))
    def agreement(self, objective: Objective) -> str:
        """Return how well it predicts songs it has not seen."""
        return figures(objective.card)

    @admin.display(description=gettext_lazy("used by"))
    def used_by(self, objective: Objective) -> str:
        """Return the way to the trainings against it."""
        count = objective.trainings.count()
        return list_of(TrainingRun, ngettext("%d training", "%d trainings", count) % count, objective=objective.pk)

    @admin.display(description=gettext_lazy("card"))
    def all_facts(self, objective: Objective) -> str:
        """Return the whole card."""
        return facts(objective.card)


@admin.register(Rendering)
class RenderingAdmin(RunAdmin):
    """Renderings: a checkpoint's stimuli in a new draft study."""

    form = RenderingForm
    list_display = ("condition", "state", "study", "checkpoint", "draft")
    asked = ("checkpoint", "study", "condition", "slug")
    shown = ("draft",)

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        """Offer the studies that this user may change: a new draft is made from one."""
        found = super().get_field_queryset(db, db_field, request)
        return within_reach(request.user, "change", found) if db_field.name == "study" and found is not None else found

    @admin.display(description=gettext_lazy("new study"))
    def draft(self, rendering: Rendering) -> str:
        """Return the way to the study that it drafted."""
        return link(rendering.drafts.first())
