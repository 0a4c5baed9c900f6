"""Who sat when and how far they came, and what they answered: to look at, never to edit."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from listening.admin.show import Kept, KeptInline, badge, link, simulated
from listening.admin.sitting import HeadphoneCheckInline, ReplyInline
from listening.models import Assessor, Rating, Session, Trial


@admin.register(Assessor)
class AssessorAdmin(Kept):
    """People under their pseudonyms, and simulated listeners."""

    list_display = ("code", "mark", "created_at")
    list_filter = ("simulated", "sessions__study")
    search_fields = ("code",)

    @admin.display(description="", ordering="simulated")
    def mark(self, assessor: Assessor) -> str:
        """Mark those that are no people."""
        return simulated(assessor.simulated)


class TrialInline(KeptInline):
    """The pages of a session, in their order."""

    model = Trial
    fields = readonly_fields = (
        "position", "attribute", "item", "part", "replicate", "rated", "watchful", "seconds", "finished_at",
    )  # fmt: skip
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trial]:
        """Count the answers of each trial in the same query."""
        trials: QuerySet[Trial] = super().get_queryset(request)
        trials = trials.select_related("attribute__study", "item__study", "session__study")
        return trials.annotate(slots_all=Count("slots"), slots_rated=Count("slots__rating"))

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


@admin.register(Session)
class SessionAdmin(Kept):
    """Sessions with their state, and the personal link by which one is resumed."""

    list_display = ("__str__", "assessor", "mark", "state", "trials_done", "created_at")
    list_filter = ("study", "assessor__simulated")
    search_fields = ("study__slug", "assessor__code", "token")
    list_select_related = ("study", "assessor")
    date_hierarchy = "created_at"
    inlines = (HeadphoneCheckInline, ReplyInline, TrialInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """Count the trials in the same query."""
        done = Count("trials", filter=Q(trials__finished_at__isnull=False))
        sessions: QuerySet[Session] = super().get_queryset(request)
        return sessions.annotate(trials_all=Count("trials"), trials_finished=done)

    @admin.display(description="", ordering="assessor__simulated")
    def mark(self, session: Session) -> str:
        """Mark the sessions that no person sat."""
        return simulated(session.simulated)

    @admin.display(description=_("state"))
    def state(self, session: Session) -> str:
        """Return how far it came."""
        if session.declined_at:
            return badge("cancelled", _("declined"))
        if session.screened_at:
            return badge("cancelled", _("screened out"))
        if session.finished_at:
            return badge("done", _("finished"))
        return badge("running", _("rating")) if session.instructed_at else badge("queued", _("begun"))

    @admin.display(description=_("trials"))
    def trials_done(self, session: Any) -> str:
        """Return how many trials are finished."""
        return f"{session.trials_finished} / {session.trials_all}"


@admin.register(Rating)
class RatingAdmin(Kept):
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

    @admin.display(description="", ordering="slot__trial__session__assessor__simulated")
    def mark(self, rating: Rating) -> str:
        """Mark what no person said."""
        return simulated(rating.slot.trial.session.simulated)
