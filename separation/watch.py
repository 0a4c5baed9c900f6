"""When to stop before the last step: no progress any more, or an objective that is pleased while others are not."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from separation.recipe import Perceptual, Recipe

SI_SDR = "si_sdr"


@dataclass(frozen=True)
class Look:
    """What the held-out songs said at a checkpoint: the validated loss, the perceptual one, and the auditors' values.

    Losses are better lower. Auditors were not trained against and are better higher: `si_sdr` in dB, other objectives'
    predicted ratings.
    """

    step: int
    validation: float
    perceptual: float | None
    auditors: Mapping[str, float]

    def facts(self) -> dict[str, Any]:
        """Return this as JSON."""
        return asdict(self)


def verdict(looks: Sequence[Look], recipe: Recipe) -> str | None:
    """Return why the training should stop now, or None."""
    if stale := _stale(looks, recipe.patience):
        return stale
    return _exploited(looks, recipe.perceptual)


def _stale(looks: Sequence[Look], patience: int) -> str | None:
    if not patience or len(looks) <= patience:
        return None
    best = min(looks, key=lambda look: look.validation)
    if looks.index(best) >= len(looks) - patience:
        return None
    return f"no better validation than {best.validation:.4g} of step {best.step} in {patience} checkpoints"


def _exploited(looks: Sequence[Look], config: Perceptual) -> str | None:
    """Stop after `patience` looks in a row that are better than all before for the objective, worse for an auditor."""
    patience = config.patience
    since = [look for look in looks if look.perceptual is not None]
    if not patience or len(since) <= patience:
        return None
    before, recent = since[:-patience], since[-patience:]
    pleased = min(look.perceptual or 0.0 for look in before)
    for name in since[-1].auditors:
        best = max(look.auditors[name] for look in before)
        tolerance = config.tolerance_db if name == SI_SDR else config.tolerance
        worse = [look.auditors[name] < best - tolerance for look in recent]
        better = [(look.perceptual or 0.0) < pleased for look in recent]
        if all(worse) and all(better):
            return (
                f"the objective is pleased (loss {recent[-1].perceptual:.3f}, before {pleased:.3f}) and {name} is not"
                f" ({recent[-1].auditors[name]:.2f}, before {best:.2f})"
            )
    return None
