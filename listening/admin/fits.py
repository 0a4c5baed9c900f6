"""What a fit will do and take, while it is asked for: the keys of its recipe, and its time by what fits took here."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from listening.admin import recipe_keys
from listening.admin.progress import duration
from listening.models import Objective, RatingSet, Stimulus
from lossmodel.objective import config

DEFAULT_RECIPE = "compact"


@dataclass(frozen=True)
class Cost:
    """How many stimuli a fit listens to, its time in words, and the fit that it is taken from, if any."""

    stimuli: int
    time: str
    measured: Objective | None


def asked(request: HttpRequest, seen: "QuerySet[Objective]", sets: "QuerySet[RatingSet]") -> dict[str, Any]:
    """Return the keys of the recipe asked for, with its changes, and the cost on those of `sets` that are chosen."""
    given = request.POST or request.GET
    _recipe, context = recipe_keys.asked(given, config, DEFAULT_RECIPE)
    numbers = [int(each) for each in ",".join(given.getlist("ratings")).split(",") if each.isdecimal()]
    return context | {"cost": estimate(seen, sets.filter(pk__in=numbers))}


def estimate(seen: "QuerySet[Objective]", sets: "QuerySet[RatingSet]") -> Cost:
    """Return what a fit to `sets` takes, by the newest one of `seen` that ended: its seconds grow with its stimuli."""
    stimuli = _stimuli(sets)
    done = seen.filter(status="done").exclude(started_at=None).exclude(ended_at=None).order_by("-pk")
    for run in done[:1]:
        own = _stimuli(run.ratings.all())
        if own and run.started_at and run.ended_at:
            seconds = (run.ended_at - run.started_at).total_seconds() * stimuli / own
            return Cost(stimuli, duration(seconds), run)
    return Cost(stimuli, _("unknown"), None)


def _stimuli(sets: "QuerySet[RatingSet]") -> int:
    return Stimulus.objects.filter(item__study__rating_sets__in=sets, item__training=False).distinct().count()
