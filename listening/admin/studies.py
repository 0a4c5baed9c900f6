"""Studies: designed, opened, watched, closed, frozen and exported from their list and page."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from listening import conformity, export, presets, results, stimuli
from listening.admin.card import clauses
from listening.admin.charts import charts
from listening.admin.inlines import AttributeInline, ConditionInline
from listening.admin.rules import RulesField
from listening.admin.show import (
    NOTHING,
    AnyAdmin,
    AnyForm,
    OwnLook,
    badge,
    lineage,
    link,
    list_of,
)
from listening.admin.sitting import STEPS, QuestionInline, SaidPages
from listening.download import csv_response
from listening.models import Item, Rating, Session, Study
from lossmodel.errors import BadInput

PLAN = (
    "rate", "loudness", "longest", "items_per_session", "replicates", "attention", "changed_rules", "seed",
)  # fmt: skip
"""What must not change once somebody has rated."""
TEXTS = (
    "language",
    "introduction",
    "consent",
    "consent_version",
    "instructions",
    "thanks",
    "completion_code",
    "return_url",
)


class StudyForm(AnyForm):
    """A new study is made from a test method, which gives it its attributes and texts."""

    preset = forms.ChoiceField(label=gettext_lazy("Test method"))
    return_url = forms.URLField(label=gettext_lazy("Return URL"), required=False, assume_scheme="https")
    changed_rules = RulesField(label=gettext_lazy("Changed rules"))
    screen_out_url = forms.URLField(label=gettext_lazy("Screen-out URL"), required=False, assume_scheme="https")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "preset" in self.fields:
            known = [(key, method.title) for key, method in presets.PRESETS.items()]
            self.fields["preset"].choices = known  # type: ignore[attr-defined]


@admin.register(Study)
class StudyAdmin(SaidPages, OwnLook, AnyAdmin):
    """Listening tests."""

    form = StudyForm
    inlines = (AttributeInline, QuestionInline, ConditionInline)
    list_display = ("slug", "title", "state", "people", "machines", "answers", "pages")
    list_filter = ("status", "preset")
    search_fields = ("slug", "title", "source")
    actions = ("open", "close", "archive", "freeze", "download")
    told = (
        "state",
        "seen_by_assessors",
        "people",
        "machines",
        "answers",
        "said",
        "done",
        "excerpts",
        "found",
        "frozen",
        "made_from",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Study]:
        """Count sessions in the same query."""
        people = Q(sessions__assessor__simulated=False)
        studies: QuerySet[Study] = super().get_queryset(request)
        return studies.annotate(
            begun=Count("sessions", filter=people & Q(sessions__declined_at=None)),
            ended=Count("sessions", filter=people & Q(sessions__finished_at__isnull=False)),
            machine=Count("sessions", filter=Q(sessions__assessor__simulated=True)),
        )

    def get_fieldsets(self, request: HttpRequest, obj: Study | None = None) -> Any:
        """Ask for the method first; then tell how the study stands, and let its texts be edited."""
        if obj is None:
            return [(None, {"fields": ("slug", "title", "preset", "language", "rate", "loudness")})]
        return [
            (None, {"fields": ("slug", "title", "preset", "source", *self.told)}),
            (_("Held against ITU-R BS.1534-3"), {"fields": ("conforms",), "classes": ["collapse"]}),
            (_("Texts"), {"fields": TEXTS, "classes": ["collapse"]}),
            (_("Steps around the trials"), {"fields": STEPS, "classes": ["collapse"]}),
            (_("Plan"), {"fields": (*PLAN, "quota"), "classes": ["collapse"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Study | None = None) -> Any:
        """Keep the plan of a study that has been opened."""
        if obj is None:
            return ()
        fixed = () if obj.status == Study.Status.DRAFT else (*PLAN, *STEPS, "slug", "consent", "consent_version")
        return ("preset", "source", "conforms", *self.told, *fixed)

    def get_inlines(self, request: HttpRequest, obj: Study | None = None) -> Any:
        """Show attributes and conditions once there are some."""
        return () if obj is None else self.inlines

    def save_model(self, request: HttpRequest, obj: Study, form: Any, change: bool) -> None:
        """Make a new study from its method; save the edited texts of an old one."""
        if change:
            Study.objects.filter(pk=obj.pk).update(**{name: getattr(obj, name) for name in form.changed_data})
        else:
            obj.pk = stimuli.new_study(**form.cleaned_data).pk
            obj.refresh_from_db()

    def get_urls(self) -> list[URLPattern]:
        """Add the page of results and the download of ratings."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/results/", view(self.show_results), name="listening_study_results"),
            path("<int:pk>/ratings.csv", view(self.send_ratings), name="listening_study_ratings"),
            *super().get_urls(),
        ]

    def show_results(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer with the mean rating of each condition."""
        study = self.visible(request, pk)
        title = _("Results of %s") % study
        own = {"title": title, "study": study, "charts": charts(results.means(study)), "opts": self.opts}
        return render(request, "admin/listening/study/results.html", self.admin_site.each_context(request) | own)

    def send_ratings(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Answer with ratings.csv, row by row."""
        study = self.visible(request, pk)
        return csv_response(export.rows(study), study.slug)

    @admin.action(description=gettext_lazy("Open to assessors"), permissions=["change"])
    def open(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Let assessors in, where there is something to rate."""
        ready = [study for study in queryset if self._is_ready(request, study)]
        count = sum(study.open() for study in ready)
        self._tell(request, count, len(ready), ngettext("%d study opened.", "%d studies opened.", count))

    @admin.action(description=gettext_lazy("Close"), permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Let nobody in any more."""
        count = sum(study.close() for study in queryset)
        self._tell(request, count, len(queryset), ngettext("%d study closed.", "%d studies closed.", count))

    @admin.action(description=gettext_lazy("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Put closed studies away."""
        count = sum(study.archive() for study in queryset)
        self._tell(request, count, len(queryset), ngettext("%d study archived.", "%d studies archived.", count))

    @admin.action(description=gettext_lazy("Freeze the ratings for a fit"), permissions=["change"])
    def freeze(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Make a rating set of each."""
        for study in queryset:
            try:
                frozen = export.freeze(study)
            except BadInput as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, format_html(_("{} is frozen."), link(frozen)), messages.SUCCESS)

    @admin.action(description=gettext_lazy("Download the ratings (CSV)"), permissions=["view"])
    def download(self, request: HttpRequest, queryset: QuerySet[Study]) -> StreamingHttpResponse:
        """Answer with the ratings of all of them, row by row."""
        rows = (row for study in queryset for row in export.rows(study))
        return csv_response(rows, "-".join(study.slug for study in queryset)[:80])

    def visible(self, request: HttpRequest, pk: int) -> Study:
        """Return the study, if this user may see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def _is_ready(self, request: HttpRequest, study: Study) -> bool:
        if study.design().items and study.attributes.exists():
            return True
        self.message_user(request, _("%s has nothing to rate yet.") % study, messages.ERROR)
        return False

    def _tell(self, request: HttpRequest, count: int, tried: int, done: str) -> None:
        if count:
            self.message_user(request, done % count, messages.SUCCESS)
        if other := tried - count:
            left = ngettext("%d study was not in a state for this.", "%d studies were not in a state for this.", other)
            self.message_user(request, left % other, messages.WARNING)

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

    @admin.display(description=gettext_lazy("participant link"))
    def seen_by_assessors(self, study: Study) -> str:
        """Return the link to give to assessors."""
        return format_html('<a href="{0}">{0}</a>', study.get_absolute_url())

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

    @admin.display(description=gettext_lazy("items"))
    def excerpts(self, study: Study) -> str:
        """Return the way to the items and their sounds."""
        count = study.items.count()
        return list_of(Item, ngettext("%d item", "%d items", count) % count, study__id__exact=study.pk)

    @admin.display(description=gettext_lazy("rating sets"))
    def frozen(self, study: Study) -> str:
        """Return the way to its frozen ratings."""
        return link(study.rating_sets.first())

    @admin.display(description=gettext_lazy("clauses"))
    def conforms(self, study: Study) -> str:
        """Return what the Recommendation says of the study, clause by clause."""
        return clauses(conformity.check(export.facts(study)))

    @admin.display(description=gettext_lazy("lineage"))
    def made_from(self, study: Study) -> str:
        """Return the rendering that drafted it, and everything before that."""
        return lineage(study)
