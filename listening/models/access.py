"""Which rows a user may see, change, add and delete: the rights in a study (`listening.models.team`), for every table.

A row is within reach by the Django permission for its table (`listening.view_item` …), which holds for all rows, or by
the right in the study that it belongs to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from listening.models.analysis import Analysis
from listening.models.audio import Audio
from listening.models.events import Event
from listening.models.intake import Preparation
from listening.models.learning import Checkpoint, Objective, RatingSet, Rendering, TrainingRun
from listening.models.lyrics import LyricsAlignment
from listening.models.session import Assessor, Session
from listening.models.sitting import Comprehension, HeadphoneCheck, Question, Reply
from listening.models.study import Attribute, Condition, Item, Reference, Stimulus, Study
from listening.models.team import Right, StudyRole, has_right, studies
from listening.models.trial import Rating, Slot, Trial

Rows = models.QuerySet[Any]
Studies = models.QuerySet[Study]


@dataclass(frozen=True)
class Access:
    """How the rows of a table belong to studies, and by which right they are viewed, changed, added and deleted."""

    within: Callable[[Rows, Studies], Rows]
    """The rows that belong to studies alone that are among some."""
    view: Right
    change: Right | None = None
    add: Right | None = None
    delete: Right | None = None

    def right(self, action: str) -> Right | None:
        """Return the right that `action` needs; None where no role gives it."""
        found: Right | None = getattr(self, action)
        return found


def within_reach(user: Any, action: str, rows: Rows) -> Rows:
    """Return those of `rows` on which `user` may do `action`: view, change or delete."""
    if user.has_perm(permission(action, rows.model)):
        return rows
    access = ACCESS.get(rows.model)
    right = access.right(action) if access else None
    return rows.none() if access is None or right is None else access.within(rows, studies(user, right))


def may(user: Any, action: str, model: type[models.Model], row: models.Model | None = None) -> bool:
    """Tell whether `user` may do `action` on `row`; without one, on any row of `model`."""
    if user.has_perm(permission(action, model)):
        return True
    access = ACCESS.get(model)
    right = access.right(action) if access else None
    if right is None or not has_right(user, right):
        return False
    return row is None or within_reach(user, action, models.QuerySet(model)).filter(pk=row.pk).exists()


def may_below(user: Any, action: str, model: type[models.Model], parent: models.Model | None) -> bool:
    """Tell whether `user` may do `action` on the rows of `model` that stand below `parent` on its page."""
    if user.has_perm(permission(action, model)):
        return True
    access = ACCESS.get(model)
    right = access.right(action) if access else None
    if right is None or parent is None:
        return right is not None and has_right(user, right)
    above = ACCESS[type(parent)]
    return above.within(models.QuerySet(type(parent)).filter(pk=parent.pk), studies(user, right)).exists()


def permission(action: str, model: type[models.Model]) -> str:
    """Return the name of Django's permission."""
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def _by(way: str) -> Callable[[Rows, Studies], Rows]:
    """Return what keeps the rows whose study, `way` away, is among some."""
    return lambda every, allowed: every.filter(**{f"{way}__in": allowed})


def _audio(every: Rows, allowed: Studies) -> Rows:
    """Keep the sounds that an item of the studies has: as mixture, accompaniment, reference or stimulus."""
    items = Item.objects.filter(study__in=allowed)
    used = (
        items.filter(mixture=OuterRef("pk")),
        items.filter(accompaniment=OuterRef("pk")),
        Reference.objects.filter(item__study__in=allowed, audio=OuterRef("pk")),
        Stimulus.objects.filter(item__study__in=allowed, audio=OuterRef("pk")),
    )
    anywhere = Q()
    for each in used:
        anywhere |= Q(Exists(each))
    return every.filter(anywhere)


def _assessors(every: Rows, allowed: Studies) -> Rows:
    return every.filter(Exists(Session.objects.filter(assessor=OuterRef("pk"), study__in=allowed)))


def _objectives(every: Rows, allowed: Studies) -> Rows:
    """Keep the objectives all of whose rating sets are of the studies: a report tells of each of them."""
    sets = Objective.ratings.through.objects.filter(objective=OuterRef("pk"))
    return every.filter(Exists(sets)).exclude(Exists(sets.exclude(ratingset__study__in=allowed)))


def _trainings(every: Rows, allowed: Studies) -> Rows:
    return every.filter(objective__in=_objectives(Objective.objects.all(), allowed))


def _checkpoints(every: Rows, allowed: Studies) -> Rows:
    return every.filter(run__in=_trainings(TrainingRun.objects.all(), allowed))


def _renderings(every: Rows, allowed: Studies) -> Rows:
    return every.filter(study__in=allowed)


def _study(every: Rows, allowed: Studies) -> Rows:
    return every.filter(pk__in=allowed)


_SEE, _LISTENERS, _SITTINGS, _RESULTS, _DESIGN, _MANAGE = Right
ACCESS: Mapping[type[models.Model], Access] = MappingProxyType(
    {
        Study: Access(_study, _SEE, change=_DESIGN, delete=_MANAGE),
        StudyRole: Access(_by("study"), _MANAGE, _MANAGE, _MANAGE, _MANAGE),
        Attribute: Access(_by("study"), _SEE, _DESIGN, _DESIGN, _DESIGN),
        Question: Access(_by("study"), _SEE, _DESIGN, _DESIGN, _DESIGN),
        Condition: Access(_by("study"), _SEE, _DESIGN, _DESIGN, _DESIGN),
        Item: Access(_by("study"), _SEE, _DESIGN, _DESIGN, _DESIGN),
        Reference: Access(_by("item__study"), _SEE, _DESIGN, _DESIGN, _DESIGN),
        Stimulus: Access(_by("item__study"), _SEE, _DESIGN, _DESIGN, _DESIGN),
        Audio: Access(_audio, _SEE),
        Analysis: Access(_by("study"), _RESULTS, _RESULTS, _RESULTS),
        Preparation: Access(_by("intake__study"), _SEE, _DESIGN, _DESIGN),
        Session: Access(_by("study"), _LISTENERS, change=_SITTINGS, delete=_MANAGE),
        Assessor: Access(_assessors, _LISTENERS),
        Trial: Access(_by("session__study"), _LISTENERS),
        HeadphoneCheck: Access(_by("session__study"), _LISTENERS),
        Comprehension: Access(_by("session__study"), _RESULTS),
        Reply: Access(_by("session__study"), _RESULTS),
        Slot: Access(_by("trial__session__study"), _RESULTS),
        Event: Access(_by("trial__session__study"), _RESULTS),
        Rating: Access(_by("slot__trial__session__study"), _RESULTS),
        RatingSet: Access(_by("study"), _RESULTS),
        Objective: Access(_objectives, _RESULTS, _DESIGN, _DESIGN),
        TrainingRun: Access(_trainings, _RESULTS, _DESIGN, _DESIGN),
        Checkpoint: Access(_checkpoints, _RESULTS),
        Rendering: Access(_renderings, _RESULTS, _DESIGN, _DESIGN),
        LyricsAlignment: Access(_by("study"), _SEE, _DESIGN, _DESIGN, _DESIGN),
    }
)
"""Who may what in each table, by their role in a study."""
