"""The forecast of a study before it is opened: who rates what, how long it takes, and what it will be able to tell."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listening.admin.workbench import pictures
from listening.admin.workbench.frame import page
from listening.admin.workbench.simulation import simulated
from listening.design.incomplete import CELLS_OF_A_ROUND
from listening.exports.components import components
from listening.models import Right, Role, Study
from listening.models.quota import sittings_needed
from listening.models.team import has_right
from listening.remaining_time import expected
from lossmodel.errors import BadInput
from lossmodel.ratings import forecast
from lossmodel.ratings.components import PUBLISHED, Components
from lossmodel.ratings.forecast import Panel

DEFAULT_ASSESSORS, MAX_ASSESSORS = 24, 2000
DEFAULT_DIFFERENCE = 10
"""Points between two systems: half an interval of the five of BS.1534."""
MAX_OFFERED_STUDIES = 50
MIN_RATINGS_PER_CELL = 8
"""Fewer ratings of a stimulus are warned of."""


class ForecastForm(forms.Form):
    """What is tried: nothing of it is stored."""

    assessors = forms.IntegerField(label=gettext_lazy("assessors"), min_value=2, max_value=MAX_ASSESSORS)
    items_each = forms.IntegerField(label=gettext_lazy("items each"), min_value=1)
    replicates = forms.IntegerField(label=gettext_lazy("replicated trials per attribute"), min_value=0)
    attention = forms.IntegerField(label=gettext_lazy("attention trials per attribute"), min_value=0)
    cell_quota = forms.IntegerField(
        label=gettext_lazy("quota of ratings per cell"), min_value=1, max_value=MAX_ASSESSORS, required=False
    )
    difference = forms.FloatField(label=gettext_lazy("difference to find (points)"), min_value=0.5, max_value=100)
    variance = forms.ChoiceField(label=gettext_lazy("variances from"), required=False)

    def __init__(self, data: Any, *, items: int, studies: list[tuple[str, str]]) -> None:
        """Offer as many items as there are, and the studies whose ratings tell how people differ."""
        super().__init__(data, label_suffix="")
        self.fields["items_each"].max_value = items  # type: ignore[attr-defined]
        self.fields["items_each"].widget.attrs["max"] = items
        self.fields["variance"].choices = [("", PUBLISHED.source), *studies]  # type: ignore[attr-defined]


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the forecast of what the address asks for; at first, of the study as it is."""
    items = len(study.design().items)
    form = ForecastForm(as_it_is(study, items) | request.GET.dict(), items=items, studies=_studies(request))
    context: dict[str, Any] = {"form": form, "items": items}
    try:
        if items and study.attributes.exists() and form.is_valid():
            context |= foreseen(study, form.cleaned_data, _components(form.cleaned_data["variance"]))
            if "simulate" in request.GET:
                told = context["parts"], form.cleaned_data["difference"]
                context["simulation"] = simulated(context["panel"], context["systems"], *told)
    except BadInput as error:
        form.add_error("variance", str(error))
    return page(request, study, "design", "admin/listening/workbench/forecast.html", context)


def panel(study: Study) -> Panel:
    """Return who is to rate what of the study as it is."""
    items = len(study.design().items)
    own = as_it_is(study, items)
    return Panel(own["assessors"], items, own["items_each"], own["replicates"])


def as_it_is(study: Study, items: int) -> dict[str, Any]:
    """Return what the form begins with: the study's own design."""
    return {
        "assessors": max(2, sittings_needed(study) or DEFAULT_ASSESSORS), "difference": DEFAULT_DIFFERENCE,
        "items_each": min(study.items_per_session or items, items), "replicates": study.replicates,
        "attention": study.attention, "variance": "", "cell_quota": study.cell_quota or "",
    }  # fmt: skip


def foreseen(study: Study, asked: dict[str, Any], parts: Components) -> dict[str, Any]:
    """Return what the page shows of a design; `study` is changed in memory only."""
    study.items_per_session = asked["items_each"]
    study.replicates, study.attention = asked["replicates"], asked["attention"]
    design, quota = study.design(), asked["cell_quota"]
    own = Panel(asked["assessors"], len(design.items), asked["items_each"], asked["replicates"])
    systems = study.conditions.filter(role=Role.SYSTEM).count()
    return {
        "panel": own, "parts": parts, "systems": systems, "minutes": expected(study).minutes,
        "quota": quota, "sittings": design.sittings_for(quota) if quota else None,
        "mean_half_width": forecast.mean_half_width(own, parts),
        "difference_half_width": forecast.difference_half_width(own, parts),
        "power": 100 * forecast.power(own, parts, asked["difference"]),
        "power_items": 100 * forecast.power_for_other_items(own, parts, asked["difference"]),
        "difference": asked["difference"], "warnings": warnings(own),
        "plan": pictures.plan_picture(design, names=dict(study.items.values_list("pk", "name"))),
        "curve": pictures.curve(own, parts),
    }  # fmt: skip


def warnings(own: Panel) -> list[str]:
    """Return what should be thought of before such a study is opened."""
    found = [_few_items(own.items_each)] if forecast.excluding_misses(own.items_each) == 1 else []
    if own.replicates == 0:
        found.append(_("Nothing is rated twice, so the reliability of each assessor cannot be measured."))
    if own.assessors % CELLS_OF_A_ROUND:
        even = _("The plan is balanced after every %(round)d sessions: %(next)d would balance it fully.")
        found.append(
            even % {"round": CELLS_OF_A_ROUND, "next": -(-own.assessors // CELLS_OF_A_ROUND) * CELLS_OF_A_ROUND}
        )
    if own.ratings_per_cell < MIN_RATINGS_PER_CELL:
        few = _("Each stimulus is rated by %.1f people: each of them influences a mean strongly.")
        found.append(few % own.ratings_per_cell)
    return found


def _few_items(items: int) -> str:
    told = _(
        "With %(items)d items each, one missed hidden reference already excludes an assessor: 1 of %(items)d is "
        "%(share).0f %%, and BS.1534-3 allows 15 %%. With 7 items or more, one miss is allowed."
    )
    return told % {"items": items, "share": 100 / items}


def _studies(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the studies that somebody has finished and whose ratings this user may read."""
    finished = Study.objects.filter(sessions__finished_at__isnull=False, sessions__assessor__simulated=False)
    newest = finished.distinct().order_by("-pk")[:MAX_OFFERED_STUDIES]
    return [(str(each.pk), each.title) for each in newest if has_right(request.user, Right.RESULTS, each)]


def _components(chosen: str) -> Components:
    """Return how people differed in the study that was chosen from those offered."""
    return components(Study.objects.get(pk=int(chosen))) if chosen else PUBLISHED
