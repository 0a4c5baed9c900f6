"""Opening studies: who answers for one is asked first, and what it breaks of BS.1534-3 is said."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from listening import conformity
from listening.admin.show import AnyAdmin, AnyForm
from listening.admin.workbench.forecast import panel, warnings
from listening.exports.facts import facts
from listening.models import Study
from listening.models.quota import sittings_needed
from listening.remaining_time import expected

ASKED = ("responsible", "institution", "contact", "ethics")
"""What is asked of a study, and shown to assessors where it is set."""

NEEDED = ASKED[:3]
"""Without these a study is not opened before somebody has said so."""

if TYPE_CHECKING:
    Base = AnyAdmin
else:
    Base = object


class AnswerableForm(AnyForm):
    """Who answers for one study."""

    class Meta:
        model = Study
        fields = ASKED

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.required = name in NEEDED
            field.widget.attrs["class"] = "vTextField"


@dataclass(frozen=True)
class Review:
    """What a researcher should know of a study before its first sitting."""

    study: Study
    broken: list[conformity.Finding]
    open_points: list[conformity.Finding]
    """What a server cannot check."""
    warnings: list[str]
    minutes: int
    sittings: int | None
    language: str


def review(study: Study) -> Review:
    """Return what is to be known of `study` before it opens: clauses, warnings, and how long a sitting takes."""
    findings = conformity.check(facts(study))
    return Review(
        study, [each for each in findings if each.met is False], [each for each in findings if each.met is None],
        warnings(panel(study)), expected(study).minutes, sittings_needed(study), study.get_language_display(),
    )  # fmt: skip


class OpeningPages(Base):
    """The part of the studies' list that opens them."""

    @admin.action(description=gettext_lazy("Open to assessors"), permissions=["change"])
    def open(self, request: HttpRequest, queryset: QuerySet[Study]) -> HttpResponse | None:
        """Let assessors in, where there is something to rate, and what is missing is known or accepted."""
        ready = [study for study in queryset if self._is_ready(request, study)]
        asked = {study: _form(study, request) for study in ready if _lacks(study)}
        reviews = [review(study) for study in ready if study.status == Study.Status.DRAFT]
        told = asked or any(each.broken for each in reviews)
        if "_answered" in request.POST and all(form.is_valid() for form in asked.values()):
            for study, form in asked.items():
                Study.objects.filter(pk=study.pk).update(**form.cleaned_data)
        elif told and "_without" not in request.POST:
            return self._ask(request, ready, asked, reviews)
        count = sum(study.open() for study in ready)
        self.tell(request, count, len(ready), ngettext("%d study opened.", "%d studies opened.", count))
        return None

    def pause(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Let nobody new begin; whoever is inside goes on."""
        count = sum(study.pause() for study in queryset)
        self.tell(request, count, len(queryset), ngettext("%d study paused.", "%d studies paused.", count))

    def go_on(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Let people begin again."""
        count = sum(study.pause(paused=False) for study in queryset)
        self.tell(request, count, len(queryset), ngettext("%d study resumed.", "%d studies resumed.", count))

    def tell(self, request: HttpRequest, count: int, tried: int, done: str) -> None:
        """Say how many of the studies that were `tried` moved, and how many could not."""
        if count:
            self.message_user(request, done % count, messages.SUCCESS)
        if other := tried - count:
            left = ngettext(
                "This was not possible for %d study in its current state.",
                "This was not possible for %d studies in their current state.",
                other,
            )
            self.message_user(request, left % other, messages.WARNING)

    def _ask(
        self, request: HttpRequest, ready: list[Study], asked: dict[Study, AnswerableForm], reviews: "list[Review]"
    ) -> HttpResponse:
        title = _("Who answers for it?") if asked else _("Before it opens")
        own = {"title": title, "opts": self.opts, "ready": ready, "asked": asked, "reviews": reviews}
        context = self.admin_site.each_context(request) | own
        return render(request, "admin/listening/study/opening.html", context)

    def _is_ready(self, request: HttpRequest, study: Study) -> bool:
        if study.design().items and study.attributes.exists():
            return True
        self.message_user(request, _("%s has nothing to rate yet.") % study, messages.ERROR)
        return False


def _lacks(study: Study) -> bool:
    """Tell whether a study that can be opened does not say who answers for it."""
    return study.status in {Study.Status.DRAFT, Study.Status.CLOSED} and not study.answered_for


def _form(study: Study, request: HttpRequest) -> AnswerableForm:
    """Return the form of one study, bound where it was sent."""
    return AnswerableForm(
        request.POST if "_answered" in request.POST else None, instance=study, prefix=f"study-{study.pk}"
    )
