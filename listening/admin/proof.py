"""Whether assessors heard what is stored, as a researcher sees it: words, tables, a filter, and a choice for a fit."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from listening.admin.show import NOTHING, AnyAdmin, AnyForm, badge, table
from listening.exports import ratings as export
from listening.models import Event, RatingSet, Session, Slot, Trial, heard_seconds
from listening.proof import refusals, sound_verdict
from lossmodel.errors import BadInput

BREAK = SafeString("<br>")

if TYPE_CHECKING:
    Base = AnyAdmin
else:
    Base = object


class SoundFilter(admin.SimpleListFilter):
    """Sessions by how their sound stands."""

    title = gettext_lazy("sound")
    parameter_name = "sound"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what there is to choose."""
        return [("proved", _("sound proved")), ("unproved", _("sound not proved")), ("refused", _("sound refused"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the sessions that `listening.proof.with_proof` has counted so."""
        wanted = {"proved": {"proved__gt": 0, "unproved": 0}, "unproved": {"unproved__gt": 0}}
        wanted["refused"] = {"refused__gt": 0}
        return queryset.filter(**wanted.get(self.value() or "", {}))


def sound(session: Any) -> str:
    """Return how the sound of a counted session stands, as coloured words; nothing for what was not played here."""
    found = sound_verdict(session)
    words = [badge("done", _("sound proved"))] if found == "proved" else []
    if found == "not proved":
        words.append(badge("failed", _("sound not proved")))
    if session.refused:
        text = ngettext("%d sound refused", "%d sounds refused", session.refused) % session.refused
        words.append(badge("failed", text))
    return format_html_join(" ", "{}", ((word,) for word in words)) if words else NOTHING


def refused(session: Session) -> str:
    """Return which sounds were refused, of which condition and item, and when."""
    rows = [
        (
            date_format(each.at, "DATETIME_FORMAT"), each.trial + 1, each.attribute, each.item,
            each.condition or each.sound, _(each.reason),
        )
        for each in refusals(session)
    ]  # fmt: skip
    header = (_("at"), _("trial"), _("attribute"), _("item"), _("condition"), _("reason"))
    return table(header, rows) if rows else NOTHING


def with_heard(trials: QuerySet[Trial]) -> QuerySet[Trial]:
    """Return the trials with their slots `shown`: the `seconds` heard of each stimulus, and whether the `whole` was."""
    whole = Event.objects.filter(slot=OuterRef("pk"), kind=Event.Kind.WHOLE)
    slots = Slot.objects.select_related("stimulus__condition", "stimulus__audio").order_by("position")
    slots = slots.annotate(seconds=heard_seconds("pk", "trial"), whole=Exists(whole))
    return trials.prefetch_related(Prefetch("slots", queryset=slots, to_attr="shown"))


def heard(trial: Any) -> str:
    """Return for how many seconds each stimulus of a page was played, those marked that do not count as heard.

    Above them, whether the sound is proved; nothing where nothing was played here.
    """
    told = {True: badge("done", _("sound proved")), False: badge("failed", _("sound not proved"))}
    lines: list[str] = [told[trial.proved]] if trial.proved is not None else []
    lines += [_line(trial, slot) for slot in trial.shown if slot.seconds is not None]
    return format_html_join(BREAK, "{}", ((line,) for line in lines))


def _line(trial: Trial, slot: Any) -> str:
    rules = trial.session.study.rules
    counts = rules.heard(slot.seconds, whole=slot.whole, length=slot.stimulus.audio.seconds)
    seconds = _("%.1f s") % slot.seconds
    mark = "" if counts else badge("failed", _("not heard"))
    line = '<span class="hb-heard">{} · {}: {} {}</span>'
    return format_html(line, slot.position + 1, slot.stimulus.condition.name, seconds, mark)


class ProvedOnlyForm(AnyForm):
    """The part of a new fit's form that may leave out ratings whose sound was not proved."""

    proved_only = forms.BooleanField(label=gettext_lazy("Leave out ratings whose sound was not proved"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if {"proved_only", "ratings"} <= set(self.fields):
            sets: Any = self.fields["ratings"]
            self.fields["proved_only"].help_text = concerned(sets.queryset)

    def clean(self) -> dict[str, Any]:
        """Take, where that is asked for, the chosen sets without those ratings."""
        given = super().clean() or self.cleaned_data
        if given.get("proved_only") and "ratings" in given:
            try:
                given["ratings"] = [export.proved(each) for each in given["ratings"]]
            except BadInput as error:
                self.add_error("proved_only", str(error))
        return given


class ProvedOnlyPage(Base):
    """The part of the page of a new fit that offers that choice below the rating sets."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask when the fit is started, and only then."""
        found = super().get_fieldsets(request, obj)
        if obj is None:
            [(name, options)] = found
            before = options["fields"].index("ratings") + 1
            fields = (*options["fields"][:before], "proved_only", *options["fields"][before:])
            return [(name, options | {"fields": fields})]
        return found


def concerned(sets: QuerySet[RatingSet]) -> str:
    """Return how many ratings of each of the rating sets have a sound that was not proved."""
    found = sets.filter(unproved__gt=0).select_related("study")
    lines = [(_("%(number)d in %(set)s") % {"number": each.unproved, "set": each},) for each in found]
    return format_html_join(BREAK, "{}", lines) if lines else _("No rating of these sets is affected.")
