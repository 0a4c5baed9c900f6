"""Fit an objective to its rating sets, with songs left out, a report and a card."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import shared_task
from django.conf import settings

from listening.exports import ratings as export
from listening.models import Objective, RatingSet, Study
from listening.tasks import frozen
from listening.tasks.runs import carry_out, finite
from lossmodel.cells import write_csv
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.progress import Report, parts, silent

if TYPE_CHECKING:
    import pandas as pd

PREDICTIONS_FILE = "predictions.csv"
"""Beside an objective: what fits that had not seen the song predicted for each rated stimulus."""

STAGE_SHARES = (2, 4, 1)
"""What leaving songs out, the report, and the fit itself take of the time, about."""


@shared_task(name="listening.tasks.fit")
def fit(pk: int, report: Report = silent) -> None:
    """Fit an objective to its rating sets, cross-validated by song."""
    carry_out(Objective.objects.get(pk=pk), _fit, report)


def _fit(run: Objective, report: Report) -> None:
    from lossmodel.objective import config, store
    from lossmodel.objective.fitting import evaluate
    from lossmodel.objective.fitting.fit import fit as fitted
    from lossmodel.objective.report import evidence

    recipe = config.load(run.recipe, {**run.overrides, "seed": run.seed})
    sets = list(run.ratings.select_related("study").order_by("pk"))
    ratings, screened = _ratings(sets)
    pairs, cache = _pairs(sets), Path(settings.MEDIA_ROOT) / "cache" / "features"
    leaving, learning, fitting = parts(report, *STAGE_SHARES)
    evaluation = evaluate.cross_validate(ratings, pairs, recipe, by="song", cache=cache, report=leaving)
    found = evidence.gather(evaluation, ratings, pairs, recipe, cache=cache, report=learning)
    objective = fitted(ratings, pairs, recipe, cache=cache, report=fitting)
    found = evidence.rank_further(found, evaluation, objective, ratings, pairs, _unrated(run, pairs), cache=cache)
    inputs = {str(each): each.path for each in sets}
    card = finite(store.describe(recipe, ratings, inputs=inputs, evaluation=evaluation) | {"screening": screened})
    digest = store.save(objective, run.folder, card=card)
    write_csv(run.folder / PREDICTIONS_FILE, evaluation.predictions)
    evidence.publish(run.folder, found, pairs)
    run.finish(card=card, sha256=digest)


def _ratings(sets: list[RatingSet]) -> tuple["pd.DataFrame", dict[str, Any]]:
    """Return the ratings of all sets after post-screening, and who was dropped why, which also lands on each set."""
    import pandas as pd

    from lossmodel.ratings import screening

    if not sets:
        raise BadInput("no rating set was chosen; freeze a study's ratings and choose its set")
    if len({each.study_id for each in sets}) < len(sets):
        raise BadInput("two rating sets of one study: the same ratings would count twice; choose one of them")
    kept, dropped = [], {}
    for each in sets:
        ratings = frozen.read(each)
        screened = screening.screen(ratings)
        dropped[str(each)] = each.screening = screened.to_json()
        each.save(update_fields=["screening"])
        own = screened.keep(ratings)
        kept.append(own.assign(item=Objective.prefix(each, sets) + own["item"]))
    return pd.concat(kept, ignore_index=True), dropped


def _pairs(sets: list[RatingSet]) -> list[Pair]:
    return [
        replace(pair, item=Objective.prefix(each, sets) + pair.item)
        for each in sets
        for pair in export.pairs(each.study)
    ]


def _unrated(run: Objective, pairs: list[Pair]) -> list[Pair]:
    """Return the new systems of studies that were drafted from the fitted ones, as DRAFT/item."""
    known = {pair.estimate for pair in pairs}
    drafts = run.drafted.filter(status=Study.Status.DRAFT)
    named = [replace(pair, item=f"{draft.slug}/{pair.item}") for draft in drafts for pair in export.pairs(draft)]
    return [pair for pair in named if pair.role == "system" and pair.estimate not in known]
