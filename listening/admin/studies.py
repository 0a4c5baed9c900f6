"""Studies: designed, opened, watched, closed, frozen and exported from their list and page."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from listening import audit, presets, stimuli
from listening.admin.inlines import AttributeInline
from listening.admin.merging import MergingForm, tell_merged
from listening.admin.opening import ASKED, OpeningPages
from listening.admin.reach import OfStudies, study_for
from listening.admin.rules import RulesField
from listening.admin.show import NOTHING, AnyAdmin, OwnLook, badge, link, list_of
from listening.admin.sitting import STEPS, QuestionInline, SaidPages
from listening.admin.sounds import SoundsPages
from listening.admin.workbench.forms import tab_of
from listening.admin.workbench.pages import WorkbenchPages
from listening.audit import record
from listening.exports import ratings as export
from listening.exports import results
from listening.exports.download import csv_response
from listening.models import Rating, Right, Session, Study, StudyRole
from listening.models.team import has_right, studies
from lossmodel.errors import BadInput

PLAN = (
    "rate", "loudness", "longest", "items_per_session", "replicates", "attention", "changed_rules", "seed",
)  # fmt: skip
"""What must not change once somebody has rated."""
FIELDS: dict[str, tuple[tuple[Any, tuple[str, ...]], ...]] = {
    "questions": (
        (gettext_lazy("Name"), ("title", "slug", "language", "source")),
        (gettext_lazy("What assessors read"), ("introduction", "consent", "consent_version", "instructions", "thanks")),
        (gettext_lazy("Who answers for it"), ASKED),
    ),
    "design": (
        (
            gettext_lazy("How much each assessor rates"),
            ("items_per_session", "replicates", "attention", "quota", "cell_quota", "hold_minutes"),
        ),
        (gettext_lazy("Rules of a page"), ("changed_rules",)),
        (gettext_lazy("Steps around the trials"), STEPS),
        (gettext_lazy("Sound"), ("rate", "loudness", "longest")),
        (gettext_lazy("Randomness"), ("seed",)),
    ),
}  # fmt: skip
"""What the tabs of the workbench ask."""


class StudyForm(MergingForm):
    """A new study is made from a test method, which gives it its attributes and texts."""

    preset = forms.ChoiceField(label=gettext_lazy("Test method"))
    changed_rules = RulesField(label=gettext_lazy("Changed rules"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "preset" in self.fields:
            known = [(key, method.title) for key, method in presets.PRESETS.items()]
            self.fields["preset"].choices = known  # type: ignore[attr-defined]


@admin.register(Study)
class StudyAdmin(SoundsPages, WorkbenchPages, OpeningPages, SaidPages, OwnLook, OfStudies, AnyAdmin):
    """Listening tests."""

    form = StudyForm
    change_form_template = "admin/listening/workbench/form.html"
    list_display = ("slug", "title", "state", "people", "machines", "answers", "pages")
    list_filter = ("status", "preset")
    search_fields = ("slug", "title", "source")
    actions = ("open", "close", "archive", "freeze", "download")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Study]:
        """Count sessions in the same query."""
        people = Q(sessions__assessor__simulated=False, sessions__preview=False)
        studies: QuerySet[Study] = super().get_queryset(request)
        return studies.annotate(
            begun=Count("sessions", filter=people & Q(sessions__declined_at=None)),
            ended=Count("sessions", filter=people & Q(sessions__finished_at__isnull=False)),
            machine=Count("sessions", filter=Q(sessions__assessor__simulated=True)),
        )

    def get_fieldsets(self, request: HttpRequest, obj: Study | None = None) -> Any:
        """Ask for the method first; then each tab of the workbench has its own."""
        if obj is None:
            return [(None, {"fields": ("slug", "title", "preset", "language", "rate", "loudness")})]
        tab, fixed = tab_of(request), self.get_readonly_fields(request, obj)
        untold = {name for name in fixed if tab == "design" or not getattr(obj, name, None)}
        asked = [(title, [name for name in names if name not in untold]) for title, names in FIELDS.get(tab, ())]
        return [
            (None, {"fields": ("made_with",), "classes": ["hb-unseen"]}),
            *((title, {"fields": names}) for title, names in asked if names),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form of a tab in that tab's own template, where it has one."""
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        if tab_of(request) == "design" and isinstance(answer, TemplateResponse):
            answer.template_name = "admin/listening/workbench/design.html"
        return answer

    def get_readonly_fields(self, request: HttpRequest, obj: Study | None = None) -> Any:
        """Keep the plan of a study that has been opened, and what other tabs ask."""
        if obj is None:
            return ()
        asked = {name for _title, names in FIELDS.get(tab_of(request), ()) for name in names}
        elsewhere = [name for name in StudyForm.declared_fields if name not in asked | {"made_with"}]
        fixed = () if obj.status == Study.Status.DRAFT else (*PLAN, *STEPS, "slug", "consent", "consent_version")
        return ("source", *fixed, *elsewhere)

    def get_inlines(self, request: HttpRequest, obj: Study | None = None) -> Any:
        """Show attributes and questions where they are worked on."""
        return (AttributeInline, QuestionInline) if tab_of(request) == "questions" else ()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the rows below the study, and say what others had changed meanwhile."""
        super().save_related(request, form, formsets, change)
        tell_merged(request, [form, *(each for rows in formsets for each in rows.forms)])

    def response_post_save_change(self, request: HttpRequest, obj: Study) -> HttpResponseRedirect:
        """Stay on the tab that was saved."""
        return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Study, form: Any, change: bool) -> None:
        """Make a new study from its method; save the edited texts of an old one."""
        if change:
            mine = {name: getattr(obj, name) for name in form.changed_data}
            if mine:
                Study.objects.filter(pk=obj.pk).update(**mine)
        else:
            given = {name: value for name, value in form.cleaned_data.items() if name != "made_with"}
            obj.pk = stimuli.new_study(**given).pk
            obj.refresh_from_db()
            StudyRole.objects.own(obj, request.user)

    def has_results_permission(self, request: HttpRequest) -> bool:
        """Tell whether this user may read the results of any study."""
        return has_right(request.user, Right.RESULTS)

    def permitted(self, request: HttpRequest, needed: str, rows: QuerySet[Study]) -> QuerySet[Study]:
        """Return those of the studies whose results this user may read, where that is needed."""
        if needed == "results":
            return rows.filter(pk__in=studies(request.user, Right.RESULTS).values("pk"))
        return super().permitted(request, needed, rows)

    def get_urls(self) -> list[URLPattern]:
        """Add the download of ratings."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/ratings.csv", view(self.send_ratings), name="listening_study_ratings"),
            *super().get_urls(),
        ]

    def send_ratings(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Answer with ratings.csv, row by row; with `?excluded` also those of excluded sessions, marked."""
        study = study_for(request, pk, Right.RESULTS)
        with_excluded = "excluded" in request.GET
        audit.record(request.user, study, "exported", "ratings")  # type: ignore[arg-type]
        rows = export.rows(study, with_excluded=with_excluded)
        return csv_response(rows, study.slug, tuple(export.columns(with_excluded=with_excluded)))

    @admin.action(description=gettext_lazy("Close"), permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Let nobody in any more."""
        count = sum(study.close() for study in queryset)
        self.tell(request, count, len(queryset), ngettext("%d study closed.", "%d studies closed.", count))

    @admin.action(description=gettext_lazy("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Put closed studies away."""
        count = sum(study.archive() for study in queryset)
        self.tell(request, count, len(queryset), ngettext("%d study archived.", "%d studies archived.", count))

    @admin.action(description=gettext_lazy("Freeze the ratings for a fit"), permissions=["results"])
    def freeze(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Make a rating set of each."""
        for study in queryset:
            try:
                frozen = export.freeze(study)
            except BadInput as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, format_html(_("{} is frozen."), link(frozen)), messages.SUCCESS)

    @admin.action(description=gettext_lazy("Download the ratings (CSV)"), permissions=["results"])
    def download(self, request: HttpRequest, queryset: QuerySet[Study]) -> StreamingHttpResponse:
        """Answer with the ratings of all of them, row by row."""
        for study in queryset:
            record(request.user, study, "exported", "ratings.csv")  # type: ignore[arg-type]
        rows = (row for study in queryset for row in export.rows(study))
        return csv_response(rows, "-".join(study.slug for study in queryset)[:80])

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, study: Study) -> str:
        """Return the status as a coloured word."""
        return badge(study.status, study.get_status_display())

    @admin.display(description=gettext_lazy("assessors"))
    def people(self, study: Any) -> str:
        """Return how many people finished, of those who began and of the quota."""
        of = _("%(ended)d finished of %(begun)d") % {"ended": study.ended, "begun": study.begun}
        text = of + (_(" (quota %d)") % study.quota if study.quota else "")
        return (
            list_of(Session, text, study__id__exact=study.pk, assessor__simulated__exact=0) if study.begun else NOTHING
        )

    @admin.display(description=gettext_lazy("simulated"))
    def machines(self, study: Any) -> str:
        """Return how many sessions no person sat."""
        return badge("simulated", _("%d simulated") % study.machine) if study.machine else NOTHING

    @admin.display(description=gettext_lazy("ratings"))
    def answers(self, study: Study) -> str:
        """Return how many ratings there are, and the way to the file of them."""
        count = results.ratings(study).count()
        if not count:
            return NOTHING
        every = list_of(Rating, str(count), slot__trial__session__study__id__exact=study.pk)
        return format_html(
            '{} · <a href="{}">CSV</a>', every, reverse("admin:listening_study_ratings", args=[study.pk])
        )

    @admin.display(description=gettext_lazy("results"))
    def found(self, study: Study) -> str:
        """Return the way to the results."""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:listening_study_results", args=[study.pk]), _("Results")
        )

    @admin.display(description=gettext_lazy("pages"))
    def pages(self, study: Study) -> str:
        """Return the ways to what assessors see and to what they said."""
        return format_html('<a href="{}">{}</a> · {}', study.get_absolute_url(), _("Participant"), self.found(study))
