"""What workers do: claim a row, call the learning side, file the result.

The only place of the site that meets torch and pandas, and only inside functions. A message may come twice, late or
never (see `listening.models.run`); all are sent by `send`.
"""

import math
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from listening import export, stimuli
from listening.models import (
    Assessor,
    Checkpoint,
    Condition,
    Objective,
    Rating,
    RatingSet,
    Rendering,
    Run,
    Session,
    Slot,
    Study,
    TrainingRun,
    carried_out,
)  # fmt: skip
from listening.pulse import pulse
from lossmodel.errors import BadInput
from lossmodel.files import read_json, sha256, whole_folder
from lossmodel.manifest import Pair
from lossmodel.progress import Report, parts, silent

if TYPE_CHECKING:
    import pandas as pd

    from lossmodel.objective.simulate import Assessor as Listener
    from lossmodel.objective.simulate import Truth

PREDICTIONS = "predictions.csv"
"""Beside an objective: what fits that had not seen the song predicted for each rated stimulus."""

STAGES = (2, 4, 1)
"""What leaving songs out, the report, and the fit itself take of the time, about."""

UNSCREENED = "not screened: BS.1534-3's rules are for sliders beside an open reference"

AnyRun = TypeVar("AnyRun", bound=Run)


@shared_task
def fit(pk: int, report: Report = silent) -> None:
    """Fit an objective to its rating sets, cross-validated by song."""
    _carry_out(Objective.objects.get(pk=pk), _fit, report)


@shared_task
def train(pk: int, report: Report = silent) -> None:
    """Train a separator; goes on from the newest checkpoint where there is one."""
    _carry_out(TrainingRun.objects.get(pk=pk), _train, report)


@shared_task
def render(pk: int, report: Report = silent) -> None:
    """Make a new condition of a study with a checkpoint, in a new draft study."""
    _carry_out(Rendering.objects.get(pk=pk), _render, report)


def task_of(run: Run) -> Any:
    """Return the task that carries out this kind of run."""
    return {"objective": fit, "trainingrun": train, "rendering": render}[str(run._meta.model_name)]


def send(run: Run) -> None:
    """Wake a worker once the row is committed. A broker that is down is only logged: `sweep` sends again."""
    transaction.on_commit(lambda: task_of(run).delay(run.pk), robust=True)


def simulate(study: Study, assessors: int, seed: int, report: Report = silent) -> list[Session]:
    """Let simulated assessors rate every stimulus of their sessions; return the new sessions, each marked simulated.

    They hear through a known objective and have offsets, scales and noise like real panels, all drawn from `seed`.
    With the same seed, a second call goes on with further assessors. It asks neither for an open study nor a quota.
    """
    from lossmodel.objective import simulate as listeners

    pairs = export.pairs(study)
    if not pairs:
        raise BadInput(f"{study} has no stimuli to rate; import some first")
    heard = listeners.listener(list(study.attributes.values_list("key", flat=True)))
    right = listeners.truth(heard, pairs, report=lambda step, _: report(step, len(pairs) + assessors))
    panel, sat = f"simulated-{seed}-", []
    first = study.sessions.filter(assessor__code__startswith=panel).count()
    for number in range(first, first + assessors):
        row, _ = Assessor.objects.get_or_create(code=f"{panel}{number + 1:03d}", defaults={"simulated": True})
        sat.append(_sit(study, row, listeners.Assessor(seed, number), right))
        report(len(pairs) + len(sat), len(pairs) + assessors)
    return sat


@transaction.atomic
def _sit(study: Study, row: Assessor, listener: "Listener", right: "Truth") -> Session:
    """Return a finished session in which `listener` rated every slot."""
    session = Session.objects.begin(study, row)
    slots = Slot.objects.filter(trial__session=session).select_related(
        "trial__attribute", "trial__item", "stimulus__condition"
    )
    ratings: list[Rating] = []
    for _trial, page in groupby(slots, key=lambda slot: slot.trial_id):
        shown = list(page)
        given = study.rules.given([_heard(slot, listener, right) for slot in shown])
        ratings += [Rating(slot=slot, score=score) for slot, score in zip(shown, given, strict=True)]
    Rating.objects.bulk_create(ratings)
    now = timezone.now()
    session.trials.update(started_at=now, finished_at=now)
    Session.objects.filter(pk=session.pk).update(consented_at=now, instructed_at=now, finished_at=now)
    session.refresh_from_db()
    return session


def _heard(slot: Slot, listener: "Listener", right: "Truth") -> float:
    """Return the score (0–100) that `listener` would give the stimulus in `slot` on a scale."""
    key = (slot.trial.attribute.key, slot.trial.item.name, slot.stimulus.condition.name)
    return listener.score(right[key], "/".join(key), replicate=slot.trial.replicate)


def _carry_out(run: AnyRun, work: Callable[[AnyRun, Report], None], report: Report) -> None:
    with carried_out(run) as mine:
        if mine is not None:
            with pulse(run, report) as beat:
                work(run, beat)


def _fit(run: Objective, report: Report) -> None:
    from lossmodel.objective import config, evaluate, store
    from lossmodel.objective.fit import fit as fitted
    from lossmodel.objective.report import evidence

    recipe = config.load(run.recipe).model_copy(update={"seed": run.seed})
    sets = list(run.ratings.select_related("study").order_by("pk"))
    ratings, screened = _ratings(sets)
    pairs, cache = _pairs(sets), Path(settings.MEDIA_ROOT) / "cache" / "features"
    leaving, learning, fitting = parts(report, *STAGES)
    evaluation = evaluate.cross_validate(ratings, pairs, recipe, by="song", cache=cache, report=leaving)
    found = evidence.gather(evaluation, ratings, pairs, recipe, cache=cache, report=learning)
    objective = fitted(ratings, pairs, recipe, cache=cache, report=fitting)
    found = evidence.rank_further(found, evaluation, objective, ratings, pairs, _unrated(run, pairs), cache=cache)
    inputs = {str(each): each.path for each in sets}
    card = _finite(store.describe(recipe, ratings, inputs=inputs, evaluation=evaluation) | {"screening": screened})
    digest = store.save(objective, run.folder, card=card)
    evaluation.predictions.to_csv(run.folder / PREDICTIONS, index=False)
    evidence.publish(run.folder, found, pairs)
    run.finish(card=card, sha256=digest)


def _train(run: TrainingRun, report: Report) -> None:
    from separation import config
    from separation.train import train as trained

    start = {"init": str(run.start.folder)} if run.start else {}
    recipe = config.load(run.recipe, {"seed": run.seed, **start})

    def reported(step: int, steps: int) -> None:
        if step % recipe.checkpoint_every == 0:
            _file_checkpoint(run)
        report(step, steps)

    try:
        best = trained(
            recipe, Path(run.data), run.folder, objective=_fitted(run.objective), steps=run.limit,
            device=settings.TRAINING_DEVICE, resume=True, report=reported,
        )  # fmt: skip
    finally:
        _file_checkpoint(run)
    run.finish(card=_finite(read_json(best / "card.json")), sha256=sha256(best / "card.json"))


def _render(run: Rendering, report: Report) -> None:
    from separation.render import separate

    items = list(run.study.items.exclude(mixture=None).select_related("mixture"))
    if not items:
        raise BadInput(f"{run.study}: no item has a mixture to separate; import the study with its mixtures")
    with TemporaryDirectory() as folder:
        mixtures = [item.mixture.path for item in items if item.mixture]
        device = settings.TRAINING_DEVICE
        written = separate(run.checkpoint.folder, mixtures, Path(folder), device=device, report=report)
        with stimuli.together():
            _draft(run, dict(zip((item.name for item in items), written[::2], strict=True)))
            run.finish()


def _ratings(sets: list[RatingSet]) -> tuple["pd.DataFrame", dict[str, Any]]:
    """Return the ratings of all sets after post-screening, and who was dropped why, which also lands on each set."""
    import pandas as pd

    from lossmodel.ratings import screening, table

    if not sets:
        raise BadInput("no rating set was chosen; freeze a study's ratings and choose its set")
    if len({each.study_id for each in sets}) < len(sets):
        raise BadInput("two rating sets of one study: the same ratings would count twice; choose one of them")
    kept, dropped = [], {}
    for each in sets:
        _check_hash(each)
        ratings = table.read(each.path)
        found = screening.screen(ratings)
        # BS.1534's rules need a reference beside the sliders: whoever grades it 4 of 5 without one has missed nothing
        screened = found if each.study.rules.against_reference else replace(found, exclusions=(), notes=(UNSCREENED,))
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


def _check_hash(ratings: RatingSet) -> None:
    if sha256(ratings.path) != ratings.sha256:
        raise BadInput(f"{ratings.path}: changed since it was frozen; freeze the study again and choose the new set")


def _fitted(objective: Objective | None) -> Path | None:
    if objective is not None and objective.status != "done":
        raise BadInput(f"{objective} is {objective.status}; wait until it is fitted, or choose another")
    return objective.folder if objective else None


def _file_checkpoint(run: TrainingRun) -> None:
    """Keep the training's newest saved state under its own name, with its row; nothing if it is kept already.

    The files are linked, not copied: a saved state is replaced as a whole and never changed.
    """
    last = run.folder / "last"
    if not (last / "card.json").is_file():
        return
    step = int(read_json(last / "card.json")["step"])
    if run.checkpoints.filter(step=step).exists():
        return
    path = run.folder / "checkpoints" / f"{step:08d}"
    with whole_folder(path) as part:
        shutil.copytree(last, part, copy_function=os.link, dirs_exist_ok=True)
    place, card = str(path.relative_to(settings.MEDIA_ROOT)), path / "card.json"
    own = {"path": place, "sha256": sha256(card), "card": _finite(read_json(card))}
    Checkpoint.objects.get_or_create(run=run, step=step, defaults=own)


def _draft(run: Rendering, vocals: dict[str, Path]) -> None:
    """Copy the study as a draft and add the condition that was rendered: `vocals` by item."""
    draft = stimuli.redraft(run.study, run.slug, rendering=run)
    text = f"{run.checkpoint} ({run.checkpoint.sha256[:12]})"
    condition = Condition.objects.create(study=draft, name=run.condition, checkpoint=run.checkpoint, description=text)
    for item in draft.items.filter(name__in=vocals):
        stimuli.admit(item, condition, vocals[item.name])


def _finite(value: Any) -> Any:
    """Return `value` as databases take JSON: what is not a finite number becomes null."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
