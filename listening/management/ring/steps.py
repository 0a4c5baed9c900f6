"""The steps of the ring, each a function that returns its row and finds what an earlier try left behind."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from listening import presets, stimuli, tasks
from listening.exports import ratings as export
from listening.management.ring import music
from listening.management.ring.plan import Plan
from listening.models import Checkpoint, Condition, Item, Objective, RatingSet, Rendering, Run, Study, TrainingRun
from listening.models.run import Status
from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from lossmodel.progress import Report

PRESET = "ward-2"
RETRAINED_CONDITION = "wave-u-net (perceptual)"

AnyRun = TypeVar("AnyRun", bound=Run)


def regression(plan: Plan, report: Report) -> TrainingRun:
    """Train a separator on the waveform's error alone."""
    start = {"recipe": "tiny", "data": str(plan.stems), "limit": plan.steps, "seed": plan.seed}
    run, _ = TrainingRun.objects.get_or_create(name=f"{plan.slug} regression", defaults=start)
    return carry_out(run, report)


def study(plan: Plan, separator: Checkpoint, report: Report) -> Study:
    """Make the listening test: every excerpt under real conditions, the hidden reference and the anchors."""
    found = Study.objects.filter(slug=plan.slug).first()
    if found is not None:
        return found
    with stimuli.together(), TemporaryDirectory() as folder:
        made = stimuli.new_study(
            plan.slug, "The demonstration", PRESET, seed=plan.seed, introduction=INTRODUCTION, consent=CONSENT
        )
        conditions = _conditions(made, separator)
        for number, (name, stems) in enumerate(music.excerpts(plan)):
            report(number, plan.items)
            _add_item(made, name, stems, conditions, Path(folder) / name)
        stimuli.add_hidden_reference(made)
        stimuli.add_anchors(made, presets.preset(PRESET).anchors)
        made.open()
    return made


def panel(plan: Plan, rated: Study, report: Report) -> Study:
    """Let simulated assessors rate the study."""
    missing = plan.assessors - rated.sessions.count()
    if missing > 0:
        tasks.simulate(rated, missing, plan.seed, report)
    return rated


def freeze(rated: Study) -> RatingSet:
    """Freeze the ratings."""
    earlier = rated.rating_sets.order_by("pk").first()
    return earlier or export.freeze(rated)


def objective(plan: Plan, ratings: RatingSet, report: Report) -> Objective:
    """Fit an objective to the frozen ratings."""
    start = {"recipe": "compact", "seed": plan.seed}
    run, made = Objective.objects.get_or_create(name=f"{plan.slug} objective", defaults=start)
    if made:
        run.ratings.set([ratings])
    return carry_out(run, report)


def retrained(plan: Plan, heard: Objective, start: Checkpoint, report: Report) -> TrainingRun:
    """Train the separator on against the objective."""
    own = {
        "recipe": "tiny-perceptual", "data": str(plan.stems), "limit": max(1, plan.steps // 2), "seed": plan.seed,
        "objective": heard, "start": start,
    }  # fmt: skip
    run, _ = TrainingRun.objects.get_or_create(name=f"{plan.slug} perceptual", defaults=own)
    return carry_out(run, report)


def next_study(plan: Plan, rated: Study, separator: Checkpoint, report: Report) -> Study:
    """Render the study's items with the retrained separator: a new draft study holds old and new."""
    own = {"study": rated, "slug": f"{plan.slug}-2", "condition": RETRAINED_CONDITION}
    run, _ = Rendering.objects.get_or_create(checkpoint=separator, defaults=own)
    return carry_out(run, report).drafts.get()


def newest(run: TrainingRun) -> Checkpoint:
    """Return the state in which a training ended."""
    found = run.checkpoints.order_by("-step").first()
    if found is None:
        raise BadInput(f"{run}: wrote no checkpoint; delete its row and run the demonstration again")
    return found


def carry_out(run: AnyRun, report: Report) -> AnyRun:
    """Carry out the run here and now, going on where an earlier try stopped; a failure is raised."""
    if run.status == Status.DONE:
        return run
    if run.status != Status.QUEUED:
        run.cancel()  # nobody works on it any more: the demonstration is one process
        run.resume()
    tasks.task_of(run)(run.pk, report)
    run.refresh_from_db()
    return run


def _conditions(made: Study, separator: Checkpoint) -> dict[str, tuple[Condition, Any]]:
    """Return the conditions under test: name → (row, the vocals of an excerpt)."""
    from separation.inference.separator import Separator

    unet = Separator(separator.folder)
    makers = music.baselines() | {
        "wave-u-net (regression)": ("trained on L1", lambda stems: unet(stems["mixture"])["vocals"])
    }
    rows = {
        name: Condition.objects.create(study=made, name=name, description=text) for name, (text, _) in makers.items()
    }
    Condition.objects.filter(study=made, name="wave-u-net (regression)").update(checkpoint=separator)
    return {name: (rows[name], maker) for name, (_, maker) in makers.items()}


def _add_item(
    made: Study, name: str, stems: music.Stems, conditions: dict[str, tuple[Condition, Any]], folder: Path
) -> None:
    paths = music.write(folder, stems)
    item = Item.objects.create(study=made, name=name)
    stimuli.admit_reference(item, "vocals", paths["vocals"])
    stimuli.admit_mixture(item, paths["mixture"])
    stimuli.admit_accompaniment(item, paths["accompaniment"])
    for condition, maker in conditions.values():
        made_sound: Audio = maker(stems)
        stimuli.admit(item, condition, stimuli.Take(made_sound, f"{condition.name} of {name}"))


INTRODUCTION = (
    "You will hear short excerpts of songs from which the singing voice was taken out of the mix in different ways, "
    "and say how good each one sounds."
)
CONSENT = (
    "This is a demonstration on your own machine. Your ratings are kept in its database under a random pseudonym; you "
    "may stop at any time."
)
