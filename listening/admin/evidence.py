"""The page of an objective: what its fit wrote about it, its sounds to click at, and the next test made of some."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from listening import stimuli
from listening.admin.reach import OfStudies
from listening.admin.show import AnyAdmin, OwnLook, link, page_of
from listening.models import Objective, RatingSet, Right, Run, Stimulus, Study, StudyRole
from listening.models.team import has_right
from lossmodel.errors import BadInput
from lossmodel.objective.report import contents as report
from lossmodel.objective.report import page
from lossmodel.objective.report.cardpage import card_section
from lossmodel.objective.report.contents import Report

CHOSEN = "chosen"
"""The boxes of the list of what to rate next."""

Key = tuple[str, str]
"""(item, condition) as the report names them."""


class EvidencePage(OwnLook, OfStudies, AnyAdmin):
    """Shows the report below an objective's row, and drafts a study of the stimuli that are ticked in it."""

    class Media(OwnLook.Media):
        css = {"all": ["objective/report.css"]}
        js = [Script("admin/hearback/stimulus-player.js", type="module")]

    def get_urls(self) -> list[URLPattern]:
        """Add where ticked stimuli are sent."""
        view = self.admin_site.admin_view(self.draft)
        return [path("<int:pk>/draft/", view, name="listening_objective_draft"), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """Fold what it was made from where there is more to tell."""
        found: Any = super().get_fieldsets(request, obj)
        if isinstance(obj, Objective) and has_report(obj):
            found[1][1]["classes"] = ["collapse"]
        return found

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what is known of the objective, once it is fitted."""
        objective: Objective | None = context.get("original")
        more = shown(objective) if objective is not None else {}
        more["may_draft"] = may_draft(request.user)
        return super().render_change_form(request, context | more, *args, **kwargs)

    @method_decorator(require_POST)
    def draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether the ticked stimuli are meant; then draft a study of them."""
        if not (self.has_view_permission(request) and may_draft(request.user)):
            raise PermissionDenied
        objective = get_object_or_404(self.get_queryset(request), pk=pk)
        try:
            chosen = ticked(objective, request.POST.getlist(CHOSEN))
            if not may_draft(request.user, chosen[0].item.study):
                raise PermissionDenied
            if "confirmed" in request.POST:
                return self._drafted(request, chosen, request.POST.get("slug", ""))
        except BadInput as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(page_of(objective))
        own = {
            "title": _("Draft the next test"), "opts": self.opts, "objective": objective, "chosen": chosen,
            "boxes": request.POST.getlist(CHOSEN), "slug": free_slug(chosen[0].item.study),
        }  # fmt: skip
        context = self.admin_site.each_context(request) | own
        return render(request, "admin/listening/objective/draft.html", context)

    def _drafted(self, request: HttpRequest, chosen: list[Stimulus], slug: str) -> HttpResponse:
        draft = stimuli.select(chosen[0].item.study, slug, chosen)
        StudyRole.objects.own(draft, request.user)
        said = _("{} is drafted with {} stimuli; check its texts, then open it.")
        self.message_user(request, format_html(said, link(draft), len(chosen)), messages.SUCCESS)
        return HttpResponseRedirect(page_of(draft))


def may_draft(user: Any, study: Study | None = None) -> bool:
    """Tell whether `user` may draft a new study from `study`; without one, from any."""
    return user.has_perm("listening.add_study") or has_right(user, Right.DESIGN, study)


def has_report(objective: Objective) -> bool:
    """Tell whether the fit of an objective has left a report."""
    return (objective.folder / report.REPORT_FILE).is_file()


def shown(objective: Objective) -> dict[str, Any]:
    """Return the pieces of an objective's report for its page; none before there is one."""
    try:
        found = report.read(objective.folder)
    except BadInput as error:
        return {"report_error": str(error)}
    if found is None:
        return {}
    sounds = {key: each.audio_id for key, each in known(objective).items()}

    def heard(item: str, condition: str) -> str:
        audio = sounds.get((item, condition))
        return reverse("admin:listening_audio_play", args=[audio]) if audio else ""

    return {
        "report_sections": SafeString(page.sections(found, heard)),
        "report_next": SafeString(page.suggestions(found, heard, pick=CHOSEN)),
        "report_card": SafeString(card_section(objective.card)),
    }


def known(objective: Objective) -> Mapping[Key, Stimulus]:
    """Return the stimuli of the studies that an objective was fitted to, and of those drafted from them since.

    By the names that its report uses.
    """
    sets: list[RatingSet] = list(objective.ratings.select_related("study"))
    prefixes = {each.pk: f"{each.slug}/" for each in objective.drafted}
    prefixes |= {each.study_id: Objective.prefix(each, sets) for each in sets}
    rows = Stimulus.objects.filter(item__study__in=prefixes).select_related("item__study", "condition__study")
    return {(prefixes[row.item.study_id] + row.item.name, row.condition.name): row for row in rows}


def ticked(objective: Objective, boxes: list[str]) -> list[Stimulus]:
    """Return the stimuli of the ticked rows; `BadInput` for none, for rows that are not there, for several studies."""
    found: Report | None = report.read(objective.folder)
    rows = dict(enumerate(found.suggestions)) if found else {}
    numbers = [int(box) for box in boxes if box.isdecimal()]
    stimuli_by_name = known(objective)
    keys = [(rows[at].item, rows[at].condition) for at in numbers if at in rows]
    chosen = [stimuli_by_name[key] for key in keys if key in stimuli_by_name]
    if not chosen or len(chosen) < len(boxes):
        raise BadInput(_("no stimulus was chosen, or one that no longer exists; tick some and try again"))
    if len({each.item.study_id for each in chosen}) > 1:
        raise BadInput(_("the chosen stimuli belong to several studies; choose those of one study"))
    return chosen


def free_slug(study: Study) -> str:
    """Return a name for the next study that none has: NAME-next, NAME-next-2 …"""
    base = f"{study.slug[:68]}-next"
    taken = set(Study.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    names = (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)
