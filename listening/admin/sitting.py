"""What a study asks besides ratings: its questionnaire, its steps, and what came of them."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from listening import audit
from listening.admin.merging import MergingRowForm
from listening.admin.reach import InlineOfStudies, study_for
from listening.admin.show import NOTHING, AnyAdmin, AnyInline, KeptInline
from listening.exports import codebook, replies
from listening.exports import events as event_export
from listening.exports.download import csv_response
from listening.models import Comprehension, Event, HeadphoneCheck, Question, Reply, Right, Study

STEPS = (
    "volume_step", "headphones", "headphone_rule", "antiphase_threshold", "huggins_threshold",
    "familiarisation", "break_every", "comprehension",
)  # fmt: skip
"""Which steps a study asks for; they stay as they are once it is open."""

if TYPE_CHECKING:
    Base = AnyAdmin
else:
    Base = object


class QuestionForm(MergingRowForm):
    """One row of the builder, with room for a sentence and for a few choices."""

    class Meta:
        widgets = {name: forms.Textarea(attrs={"rows": 3, "cols": 28}) for name in ("text", "choices")}


class QuestionInline(InlineOfStudies, AnyInline):
    """The questionnaire, built row by row while the study is a draft."""

    model = Question
    form = QuestionForm
    extra = 0
    fields = ("made_with", "position", "place", "kind", "text", "key", "choices", "minimum", "maximum", "required")
    prepopulated_fields = {"key": ("text",)}

    def has_change_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        """Questions stay as they are once somebody may have replied."""
        draft = obj is None or obj.status == Study.Status.DRAFT
        return draft and super().has_change_permission(request, obj)

    has_add_permission = has_delete_permission = has_change_permission


class ReplyInline(KeptInline):
    """What an assessor replied."""

    model = Reply
    fields = readonly_fields = ("question", "value")
    show_change_link = False


class HeadphoneCheckInline(KeptInline):
    """How the headphone checks went."""

    model = HeadphoneCheck
    fields = readonly_fields = ("kind", "correct", "answered", "passed")
    show_change_link = False


class ComprehensionInline(KeptInline):
    """How the mixture was rated in the practice trials."""

    model = Comprehension
    fields = readonly_fields = ("attribute", "score", "understood", "told_at")
    show_change_link = False


class SaidPages(Base):
    """The part of a study's pages that shows what assessors said besides their ratings."""

    def get_urls(self) -> list[URLPattern]:
        """Add the downloads of replies, of events and of what their columns mean."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/replies.csv", view(self.send_replies), name="listening_study_replies"),
            path("<int:pk>/events.csv", view(self.send_events), name="listening_study_events"),
            path("<int:pk>/codebook.csv", view(self.send_codebook), name="listening_study_codebook"),
            *super().get_urls(),
        ]

    def send_replies(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Answer with replies.csv."""
        study = study_for(request, pk, Right.RESULTS)
        audit.record(request.user, study, "exported", "replies")  # type: ignore[arg-type]
        return csv_response(replies.rows(study), f"{study.slug}-replies", replies.COLUMNS)

    def send_events(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Answer with events.csv, row by row."""
        study = study_for(request, pk, Right.RESULTS)
        audit.record(request.user, study, "exported", "events")  # type: ignore[arg-type]
        return csv_response(event_export.rows(study), f"{study.slug}-events", tuple(event_export.FIELDS))

    def send_codebook(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Answer with codebook.csv: what the columns of every table of the study mean."""
        study = study_for(request, pk, Right.RESULTS)
        return csv_response(codebook.rows(study), f"{study.slug}-codebook", codebook.COLUMNS)

    @admin.display(description=_("replies"))
    def said(self, study: Study) -> str:
        """Return how many sessions said something besides ratings, and the way to the file of it."""
        own = (kind.objects.filter(session__in=study.sessions.sat()) for kind in (Reply, HeadphoneCheck, Comprehension))
        count = max(rows.values("session").distinct().count() for rows in own)
        if not count:
            return NOTHING
        sessions = ngettext("%d session", "%d sessions", count) % count
        address: Any = reverse("admin:listening_study_replies", args=[study.pk])
        return format_html('{} · <a href="{}">CSV</a>', sessions, address)

    @admin.display(description=_("events"))
    def done(self, study: Study) -> str:
        """Return how much of what assessors did is known, and the way to the file of it."""
        count = Event.objects.filter(trial__session__in=study.sessions.sat()).count()
        if not count:
            return NOTHING
        address: Any = reverse("admin:listening_study_events", args=[study.pk])
        return format_html('{} · <a href="{}">CSV</a>', count, address)
