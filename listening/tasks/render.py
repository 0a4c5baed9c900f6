"""Render a study's mixtures with a checkpoint: a new condition in a new draft study."""

from pathlib import Path
from tempfile import TemporaryDirectory

from celery import shared_task
from django.conf import settings

from listening import stimuli
from listening.models import Condition, Rendering, Study
from listening.tasks.forecast import forecast
from listening.tasks.runs import carry_out
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent


@shared_task(name="listening.tasks.render")
def render(pk: int, report: Report = silent) -> None:
    """Make a new condition of a study with a checkpoint, in a new draft study."""
    carry_out(Rendering.objects.get(pk=pk), _render, report)


def _render(run: Rendering, report: Report) -> None:
    from separation.inference.separate import separate

    items = list(run.study.items.exclude(mixture=None).select_related("mixture"))
    if not items:
        raise BadInput(f"{run.study}: no item has a mixture to separate; import the study with its mixtures")
    with TemporaryDirectory() as folder:
        mixtures = [item.mixture.path for item in items if item.mixture]
        device = settings.TRAINING_DEVICE
        written = separate(run.checkpoint.folder, mixtures, Path(folder), device=device, report=report)
        with stimuli.together():
            draft = _draft(run, dict(zip((item.name for item in items), written[::2], strict=True)))
            run.finish()
    foreseen = forecast(run.checkpoint.run.objective, draft)  # takes its time: beside the transaction
    Rendering.objects.filter(pk=run.pk).update(forecast=foreseen)


def _draft(run: Rendering, vocals: dict[str, Path]) -> Study:
    """Return a copy of the study as a draft, with the condition that was rendered: `vocals` by item."""
    draft = stimuli.redraft(run.study, run.slug, rendering=run)
    text = f"{run.checkpoint} ({run.checkpoint.sha256[:12]})"
    condition = Condition.objects.create(study=draft, name=run.condition, checkpoint=run.checkpoint, description=text)
    for item in draft.items.filter(name__in=vocals):
        stimuli.admit(item, condition, vocals[item.name])
    return draft
