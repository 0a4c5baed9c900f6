"""Fits, trainings and renderings: started by adding a row, watched on its page, cancelled and resumed from the list."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from listening import tasks
from listening.admin.card import facts, figures
from listening.admin.evidence import EvidencePage, has_report
from listening.admin.progress import progress
from listening.admin.show import NOTHING, AnyAdmin, AnyForm, OwnLook, lineage, link, list_of
from listening.models import Checkpoint, Objective, Rendering, Run, Study, TrainingRun
from listening.models.run import LIVE


class RunAdmin(OwnLook, AnyAdmin):
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
            (None, {"fields": ("how_far", *self.told(obj))}),
            (_("Made from"), {"fields": (*self.asked, "made_from")}),
            (_("Times"), {"fields": times, "classes": ["collapse"]}),
        ]

    def told(self, run: Any) -> tuple[str, ...]:
        """Return what the page of this run tells besides."""
        return self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """Keep everything as it was when the run was started."""
        times = ("created_at", "started_at", "ended_at", "attempts")
        return () if obj is None else ("how_far", *self.shown, *self.asked, "made_from", *times)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Name the new run after its number."""
        number = self.model.objects.count() + 1
        return {"name": f"{self.opts.verbose_name} {number}", **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Run, form: Any, change: bool) -> None:
        """Start a new run; on the page of an old one, only its buttons do something."""
        if not change:
            super().save_model(request, obj, form, change)
            tasks.send(obj)

    def response_change(self, request: HttpRequest, obj: Run) -> HttpResponse:
        """Cancel or resume, as the button says, and stay."""
        if "_cancel" in request.POST:
            self.cancel(request, self.model.objects.filter(pk=obj.pk))
        elif "_resume" in request.POST:
            self.resume(request, self.model.objects.filter(pk=obj.pk))
        return HttpResponseRedirect(request.path)

    def log_change(self, request: HttpRequest, obj: Run, message: Any) -> Any:
        """Say in the history which button was pressed."""
        pressed = next((name.strip("_") for name in ("_cancel", "_resume") if name in request.POST), None)
        return super().log_change(request, obj, pressed or message)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Offer the buttons that can do something now."""
        run: Run | None = context.get("original")
        may = run is not None and self.has_change_permission(request, run)
        buttons = {
            "can_cancel": may and run is not None and run.status in LIVE,
            "can_resume": may and run is not None and (run.status in ("failed", "cancelled") or run.is_lost),
        }
        return super().render_change_form(request, context | buttons, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """Add the piece of page that refreshes itself."""
        view = self.admin_site.admin_view(self.show_progress)
        return [
            path("<int:pk>/progress/", view, name=f"listening_{self.opts.model_name}_progress"),
            *super().get_urls(),
        ]

    def show_progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer with how far the run is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponse(progress(get_object_or_404(self.get_queryset(request), pk=pk)))

    @admin.action(description=gettext_lazy("Cancel"), permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Cancel what waits or works."""
        count = sum(run.cancel() for run in queryset)
        self._tell(request, count, queryset, ngettext("%d run cancelled.", "%d runs cancelled.", count))

    @admin.action(description=gettext_lazy("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Queue again what failed, was cancelled or lost its worker."""
        resumed = [run for run in queryset if run.resume()]
        for run in resumed:
            tasks.send(run)
        count = len(resumed)
        self._tell(request, count, queryset, ngettext("%d run resumed.", "%d runs resumed.", count))

    def _tell(self, request: HttpRequest, count: int, queryset: QuerySet[Any], done: str) -> None:
        if count:
            self.message_user(request, done % count, messages.SUCCESS)
        if other := queryset.count() - count:
            left = ngettext("%d run was not in a state for this.", "%d runs were not in a state for this.", other)
            self.message_user(request, left % other, messages.WARNING)

    @admin.display(description=gettext_lazy("progress"), ordering="status")
    def state(self, run: Run) -> str:
        """Return how far the run is, for the list."""
        return progress(run)

    @admin.display(description=gettext_lazy("progress"))
    def how_far(self, run: Run) -> str:
        """Return how far the run is, for its page."""
        return progress(run, reload=True)

    @admin.display(description=gettext_lazy("lineage"))
    def made_from(self, run: Run) -> str:
        """Return everything the run was made from."""
        return lineage(run)


class RecipeForm(AnyForm):
    """A run by a recipe that comes with the software; recipes in files are for the shell."""

    recipe = forms.ChoiceField(label=gettext_lazy("Recipe"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "recipe" in self.fields:
            self.fields["recipe"].choices = [(name, name) for name in self.names()]  # type: ignore[attr-defined]

    def names(self) -> list[str]:
        """Return the recipes to choose from."""
        raise NotImplementedError


class ObjectiveForm(RecipeForm):
    """Which ratings, and how to fit."""

    def names(self) -> list[str]:
        """Return the recipes of fits."""
        from lossmodel.objective.config import recipes

        return recipes()

    def clean_ratings(self) -> Any:
        """Refuse two frozen states of one study: the same ratings would count twice."""
        chosen = self.cleaned_data["ratings"]
        studies = [each.study for each in chosen]
        if twice := next((study for study in studies if studies.count(study) > 1), None):
            raise forms.ValidationError(_("Choose one rating set of %s: the same ratings would count twice.") % twice)
        return chosen


class TrainingForm(RecipeForm):
    """What to train, on which songs, against which objective."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "objective" in self.fields:
            self.fields["objective"].queryset = Objective.objects.filter(status="done")  # type: ignore[attr-defined]

    def names(self) -> list[str]:
        """Return the recipes of trainings."""
        from separation.config import recipes

        return recipes()


class RenderingForm(AnyForm):
    """Whose items to render with which checkpoint, and what the result is called."""

    def clean_slug(self) -> str:
        """Refuse the name of a study that stands already."""
        slug: str = self.cleaned_data["slug"]
        if Study.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_("A study of this name exists already; choose another."))
        return slug

    def clean(self) -> dict[str, Any]:
        """Refuse the name of a condition that the study has already."""
        given = super().clean() or self.cleaned_data
        study, name = given.get("study"), given.get("condition")
        if study and name and study.conditions.filter(name=name).exists():
            self.add_error("condition", _("%s has a condition of this name already; choose another.") % study)
        return given


@admin.register(Objective)
class ObjectiveAdmin(EvidencePage, RunAdmin):
    """Fits: ratings in, objective out, and a report of how well it does."""

    form = ObjectiveForm
    change_form_template = "admin/listening/objective/change_form.html"
    list_display = ("name", "state", "recipe", "sets")
    filter_horizontal = ("ratings",)
    asked = ("name", "ratings", "recipe", "seed")
    shown = ("agreement", "used_by", "all_facts")

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


@admin.register(TrainingRun)
class TrainingRunAdmin(RunAdmin):
    """Trainings of separators."""

    form = TrainingForm
    list_display = ("name", "state", "recipe", "against", "checkpoint_count")
    asked = ("name", "recipe", "data", "objective", "start", "limit", "seed")
    shown = ("saved", "all_facts")

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


@admin.register(Rendering)
class RenderingAdmin(RunAdmin):
    """Renderings: a checkpoint's stimuli in a new draft study."""

    form = RenderingForm
    list_display = ("condition", "state", "study", "checkpoint", "draft")
    asked = ("checkpoint", "study", "condition", "slug")
    shown = ("draft",)

    @admin.display(description=gettext_lazy("new study"))
    def draft(self, rendering: Rendering) -> str:
        """Return the way to the study that it drafted."""
        return link(rendering.drafts.first())
