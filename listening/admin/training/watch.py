"""What the page of a training shows: figures, curves, log, recipe."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from listening.admin.training import metrics
from listening.admin.training.drawing import drawings
from listening.models import TrainingRun
from listening.models.learning import LOG_FILE

LOG_LINES = 60


@dataclass(frozen=True)
class Figure:
    """A number with its name."""

    name: str
    value: str
    unit: str = ""


def watched(run: TrainingRun) -> dict[str, Any]:
    """Return what changes while a training goes on: its figures, its curves, the end of its log."""
    return {"run": run, "figures": figures(run), "drawings": drawings({run.name: curves(run)}), "log": log(run)}


def curves(run: TrainingRun) -> dict[str, metrics.Points]:
    """Return the losses of each step, and what the held-out songs gave at each checkpoint."""
    found = metrics.curves(run.folder)
    saved = run.checkpoints.order_by("step").values_list("step", "card")
    held_out = [(step, card["validation"]) for step, card in saved if isinstance(card.get("validation"), float)]
    return found | ({"validation": held_out} if held_out else {})


def figures(run: TrainingRun) -> list[Figure]:
    """Return how far a training is and how fast it goes."""
    pace = metrics.pace(run.folder)
    found = [Figure(_("steps"), f"{run.step:,}", f"/ {run.total:,}" if run.total else "")]
    if pace is not None:
        found.append(Figure(_("seconds a step"), f"{pace.seconds:.3g}"))
    found.append(Figure(_("checkpoints"), str(run.checkpoints.count())))
    return found


def log(run: TrainingRun) -> str:
    """Return the last lines that a run wrote; "" before there are any."""
    path = run.folder / LOG_FILE
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as lines:
        return "".join(deque(lines, LOG_LINES))
