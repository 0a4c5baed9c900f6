"""Two or more trainings side by side: figures, what differs in their recipes, their curves over each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from listening.admin.recipe_keys import keys
from listening.admin.training import metrics
from listening.admin.training.drawing import drawings
from listening.admin.training.forms import recipe_of
from listening.admin.training.watch import curves
from listening.models import TrainingRun
from lossmodel.errors import BadInput

MAX_COMPARED = 6
"""Lines that can be told apart in one drawing."""


@dataclass(frozen=True)
class Row:
    """One line of a table with a column for each training."""

    name: str
    values: Sequence[Any]


def compared(runs: Sequence[TrainingRun]) -> dict[str, Any]:
    """Return the figures, the differences and the curves of trainings."""
    own = {str(run): curves(run) for run in runs}
    return {"runs": runs, "figures": figures(runs), "differences": differences(runs), "drawings": drawings(own)}


def figures(runs: Sequence[TrainingRun]) -> list[Row]:
    """Return what each training reached; no row for what is known of none."""
    paces = [metrics.pace(run.folder) for run in runs]
    rows: dict[str, Callable[[TrainingRun], Any]] = {
        _("state"): lambda run: run.get_status_display(),
        _("objective"): lambda run: run.objective or "",
        _("steps"): lambda run: run.step,
        _("best validation"): _best,
        _("checkpoints"): lambda run: run.checkpoints.count(),
        _("device"): lambda run: run.device or "",
    }
    found = [Row(name, [value(run) for run in runs]) for name, value in rows.items()]
    found.append(Row(_("seconds a step"), [f"{pace.seconds:.3g}" if pace else "" for pace in paces]))
    return [row for row in found if any(value != "" for value in row.values)]


def differences(runs: Sequence[TrainingRun]) -> list[Row]:
    """Return the keys of the recipes in which the trainings differ; a recipe that is gone has no values."""
    values = [_values(run) for run in runs]
    names = dict.fromkeys(name for own in values for name in own)
    rows = [Row(name, [own.get(name, "") for own in values]) for name in names]
    return [row for row in rows if any(value != row.values[0] for value in row.values)]


def _values(run: TrainingRun) -> dict[str, Any]:
    try:
        return {"data": run.data, **{key.name: key.value for key in keys(recipe_of(run))}}
    except BadInput:
        return {"data": run.data}


def _best(run: TrainingRun) -> str:
    cards = run.checkpoints.values_list("card", flat=True)
    held_out = [card["validation"] for card in cards if isinstance(card.get("validation"), float)]
    return f"{min(held_out):.4g}" if held_out else ""
