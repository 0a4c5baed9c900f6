"""Who sat when and how far they came, and what they answered: to look at, and to say which sittings were pilots."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Q, QuerySet
from django.forms import CheckboxInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from listening import privacy
from listening.admin import proof
from listening.admin.exclusion import ExclusionPages
from listening.admin.show import Kept, KeptInline, badge, link, simulated
from listening.admin.sitting import ComprehensionInline, HeadphoneCheckInline, ReplyInline
from listening.audit import record
from listening.models import Assessor, Rating, Right, Session, Trial
from listening.models.team import has_right, studies
from listening.proof import count_of, with_proof


class MarksSimulated(Kept):
    """A list whose column `mark` marks what no person did; without it where there is nothing to mark."""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Leave the column out where nobody is simulated."""
        any_simulated = Assessor.objects.filter(simulated=True).exists()
        return [name for name in super().get_list_display(request) if name != "mark" or any_simulated]


@admin.register(Assessor)
class AssessorAdmin(MarksSimulated):
    """People under their pseudonyms, and simulated listeners."""

    list_display = ("code", "mark", "created_at")
    list_filter = ("simulated", "sessions__study")
    search_fields = ("code",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assessor]:
        """Leave out who never sat: a researcher's previews."""
        assessors: QuerySet[Assessor] = super().get_queryset(request)
        return assessors.exclude(sessions__preview=True)

    @admin.display(description=_lazy("simulated"), ordering="simulated")
    def mark(self, assessor: Assessor) -> str:
        """Mark those that are no people."""
        return simulated(assessor.simulated)


class TrialInline(KeptInline):
    """The pages of a session, in their order."""

    model = Trial
    readonly_fields = (
        "position", "attribute", "item", "part", "replicate", "rated", "watchful", "heard", "spent", "finished_at",
    )  # fmt: skip
    show_change_link = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Leave out the columns that would be empty, or the same for every page of the session."""
        own = Trial.objects.filter(session=obj)
        filled = {"part": Q(part__gt=0), "replicate": Q(replicate__gt=0), "watchful": Q(attention=True)}
        empty = {name for name, where in filled.items() if not own.filter(where).exists()}
        return tuple(name for name in self.readonly_fields if name not in empty)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trial]:
        """Count the answers of each trial in the same query."""
        trials: QuerySet[Trial] = super().get_queryset(request)
        trials = trials.select_related("attribute__study", "item__study", "session__study")
        return proof.with_heard(trials.annotate(slots_all=Count("slots"), slots_rated=Count("slots__rating")))

    @admin.display(description=_("rated"))
    def rated(self, trial: Any) -> str:
        """Return how many of the stimuli are rated."""
        return f"{trial.slots_rated} / {trial.slots_all}"

    @admin.display(description=_("attention"))
    def watchful(self, trial: Trial) -> str:
        """Return whether an attention trial was answered right; nothing for other trials."""
        if trial.right is None:
            return "…" if trial.attention else ""
        return badge("done", _("right")) if trial.right else badge("failed", _("wrong"))

    @admin.display(description=_("heard"))
    def heard(self, trial: Trial) -> str:
        """Return for how many seconds each stimulus was played, and whether that was what is stored."""
        return proof.heard(trial)

    @admin.display(description=_("seconds"))
    def spent(self, trial: Trial) -> str:
        """Return the time spent on the page, to a tenth of a second."""
        return "" if trial.seconds is None else number_format(round(trial.seconds, 1), 1)


@admin.register(Session)
class SessionAdmin(ExclusionPages, MarksSimulated):
    """Sessions with their state, and the personal link by which one is resumed."""

    list_display = ("__str__", "assessor", "mark", "state", "sound", "trials_done", "created_at", "pilot")
    list_editable = ("pilot",)
    list_filter = ("study", "assessor__simulated", proof.SoundFilter, "pilot")
    search_fields = ("study__slug", "assessor__code", "token")
    list_select_related = ("study", "assessor")
    date_hierarchy = "created_at"
    actions = ("forget",)
    inlines = (HeadphoneCheckInline, ComprehensionInline, ReplyInline, TrialInline)

    def has_change_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        """Who may change sessions may say whether one was a pilot, and nothing else."""
        return super(Kept, self).has_change_permission(request, obj)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Say to whoever does not see the column what its boxes mean."""
        named = {"pilot": CheckboxInput(attrs={"aria-label": _("pilot")})}
        return super().get_changelist_form(request, widgets=named, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Session | None = None) -> list[str]:
        """Keep all that was noted during the sitting."""
        noted = [each.name for each in Session._meta.fields if each.editable and each.name not in {"id", "pilot"}]
        if obj and obj.excluded_at:
            noted += ["excluded_at", "excluded_by", "excluded_reason"]
        empty: tuple[object, ...] = (None, "", {})
        found = [name for name in noted if obj is None or getattr(obj, name) not in empty]
        return [*found, *(name for name in ("sound", "refused") if obj is None or getattr(self, name)(obj))]

    def get_fieldsets(self, request: HttpRequest, obj: Session | None = None) -> Any:
        """Show what was noted; what did not happen has no row."""
        noted = {"fields": self.get_readonly_fields(request, obj), "classes": ["hb-noted"]}
        return [(None, {"fields": ["pilot"]}), (None, noted)]

    def get_inlines(self, request: HttpRequest, obj: Session | None) -> list[Any]:
        """Show the tables that have rows."""
        return [each for each in self.inlines if obj is None or each.model.objects.filter(session=obj).exists()]

    def save_model(self, request: HttpRequest, obj: Session, form: Any, change: bool) -> None:
        """Store the mark alone: the sitting may be going on."""
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        Session.objects.filter(pk=obj.pk).update(pilot=obj.pilot)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """Count the trials in the same query."""
        sessions: QuerySet[Session] = super().get_queryset(request)
        own = Trial.objects.filter(session=OuterRef("pk")).order_by()
        every, done = (count_of(rows.values("session")) for rows in (own, own.exclude(finished_at=None)))
        return with_proof(sessions.annotate(trials_all=every, trials_finished=done))

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Tell whether this user may delete personal data of any study."""
        return has_right(request.user, Right.MANAGE)

    def permitted(self, request: HttpRequest, needed: str, rows: QuerySet[Session]) -> QuerySet[Session]:
        """Return those of the sessions whose study this user manages, where that is needed."""
        if needed == "manage":
            return rows.filter(study__in=studies(request.user, Right.MANAGE))
        return super().permitted(request, needed, rows)

    @admin.action(description=_lazy("Delete external ids and free texts"), permissions=["manage"])
    def forget(self, request: HttpRequest, queryset: QuerySet[Session]) -> HttpResponse | None:
        """Ask whether that is meant; then delete the personal data of these sittings."""
        chosen = Session.objects.filter(pk__in=[session.pk for session in queryset])
        if "confirmed" not in request.POST:
            own = {"title": _("Delete external ids and free texts"), "opts": self.opts, "chosen": chosen}
            own["personal"] = privacy.amounts(chosen)
            return render(request, "admin/listening/session/forget.html", self.admin_site.each_context(request) | own)
        done = privacy.said(privacy.forget(chosen))
        for session in chosen.select_related("study"):
            record(request.user, session.study, "deleted", f"personal data of {session}")  # type: ignore[arg-type]
        self.message_user(request, _("Deleted: %s. No rating was changed.") % done)
        return None

    @admin.display(description=_lazy("simulated"), ordering="assessor__simulated")
    def mark(self, session: Session) -> str:
        """Mark the sessions that no person sat."""
        return simulated(session.simulated)

    @admin.display(description=_("state"))
    def state(self, session: Session) -> str:
        """Return how far it came, and whether it counts."""
        if session.withdrawn_at:
            return badge("cancelled", _("withdrawn"))
        if session.excluded_at:
            return badge("lost", _("excluded"))
        if session.declined_at:
            return badge("cancelled", _("declined"))
        if session.screened_at:
            return badge("cancelled", _("screened out"))
        if session.finished_at:
            return badge("done", _("finished"))
        return badge("running", _("rating")) if session.instructed_at else badge("queued", _("begun"))

    @admin.display(description=_("sound"))
    def sound(self, session: Session) -> str:
        """Return whether the sound of what was rated is proved, and how often one was refused."""
        return proof.sound(session)

    @admin.display(description=_("refused sounds"))
    def refused(self, session: Session) -> str:
        """Return which sounds were refused, and when."""
        return proof.refused(session)

    @admin.display(description=_("trials"))
    def trials_done(self, session: Any) -> str:
        """Return how many trials are finished."""
        return f"{session.trials_finished} / {session.trials_all}"


@admin.register(Rating)
class RatingAdmin(MarksSimulated):
    """Every score as it was given."""

    list_display = ("score", "attribute", "item", "condition", "replicate", "session", "mark")
    list_filter = ("slot__trial__session__study", "slot__trial__session__assessor__simulated")
    search_fields = ("slot__trial__session__assessor__code", "slot__stimulus__condition__name")
    list_select_related = (
        "slot__trial__attribute",
        "slot__trial__item",
        "slot__trial__session__study",
        "slot__trial__session__assessor",
        "slot__stimulus__condition",
    )
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rating]:
        """Leave out what was rated in a preview."""
        ratings: QuerySet[Rating] = super().get_queryset(request)
        return ratings.filter(slot__trial__session__preview=False)

    @admin.display(description=_("attribute"), ordering="slot__trial__attribute__position")
    def attribute(self, rating: Rating) -> str:
        """Return what was judged."""
        return rating.slot.trial.attribute.name

    @admin.display(description=_("item"), ordering="slot__trial__item__name")
    def item(self, rating: Rating) -> str:
        """Return the excerpt."""
        return rating.slot.trial.item.name

    @admin.display(description=_("condition"), ordering="slot__stimulus__condition__name")
    def condition(self, rating: Rating) -> str:
        """Return what the assessor did not know."""
        return rating.slot.stimulus.condition.name

    @admin.display(description=_("session"), ordering="slot__trial__session")
    def session(self, rating: Rating) -> str:
        """Return the way to the session."""
        return link(rating.slot.trial.session)

    @admin.display(description=_("replicate"), ordering="slot__trial__replicate")
    def replicate(self, rating: Rating) -> int:
        """Return which rating of the same stimulus it is."""
        return rating.slot.trial.replicate

    @admin.display(description=_lazy("simulated"), ordering="slot__trial__session__assessor__simulated")
    def mark(self, rating: Rating) -> str:
        """Mark what no person said."""
        return simulated(rating.slot.trial.session.simulated)
