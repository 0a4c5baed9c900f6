"""Early stopping: the validation loss no longer improves, or the objective improves while its auditors get worse."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from separation.recipe import Perceptual, Recipe

SI_SDR = "si_sdr"


@dataclass(frozen=True)
class Validation:
    """What the held-out songs gave at a checkpoint: the validation loss, the perceptual loss, the auditors' values.

    Losses are better lower. Auditors are not trained against and are better higher: `si_sdr` in dB, other objectives'
    predicted ratings (0–100).
    """

    step: int
    loss: float
    perceptual: float | None
    auditors: Mapping[str, float]

    def facts(self) -> dict[str, Any]:
        """Return this as JSON."""
        return asdict(self)


def stop_reason(validations: Sequence[Validation], recipe: Recipe) -> str | None:
    """Return why the training should stop now, or None."""
    return _stale(validations, recipe.patience) or _exploited(validations, recipe.perceptual)


def _stale(validations: Sequence[Validation], patience: int) -> str | None:
    """Return a reason after `patience` checkpoints in a row without a lower validation loss."""
    if not patience or len(validations) <= patience:
        return None
    best = min(validations, key=lambda each: each.loss)
    if validations.index(best) >= len(validations) - patience:
        return None
    return f"the validation loss has not fallen below {best.loss:.4g} (step {best.step}) for {patience} checkpoints"


def _exploited(validations: Sequence[Validation], config: Perceptual) -> str | None:
    """Return a reason after `patience` validations that beat all before for the objective, but not for an auditor."""
    patience = config.patience
    judged = [each for each in validations if each.perceptual is not None]
    if not patience or len(judged) <= patience:
        return None
    before, recent = judged[:-patience], judged[-patience:]
    lowest = min(each.perceptual or 0.0 for each in before)
    if not all((each.perceptual or 0.0) < lowest for each in recent):
        return None
    for name in judged[-1].auditors:
        best = max(each.auditors[name] for each in before)
        tolerance = config.tolerance_db if name == SI_SDR else config.tolerance
        if all(each.auditors[name] < best - tolerance for each in recent):
            return (
                f"the perceptual loss falls ({lowest:.3f} to {recent[-1].perceptual:.3f}) while {name} gets worse"
                f" ({best:.2f} to {recent[-1].auditors[name]:.2f})"
            )
    return None
