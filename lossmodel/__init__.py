"""Ratings in, objective out: what listeners said, what predicts it, and what a separator can learn from it.

from lossmodel import PerceptualLoss, load_objective, metrics
loss = PerceptualLoss(load_objective())
metrics.measured(estimate, reference, 44100, only=("si_sdr",))
"""

from typing import TYPE_CHECKING, Any

from lossmodel import metrics

if TYPE_CHECKING:
    from pathlib import Path

    from lossmodel.objective.loss import PerceptualLoss as PerceptualLoss
    from lossmodel.objective.network import Objective as Objective

__all__ = ["Objective", "PerceptualLoss", "load_objective", "metrics"]


def load_objective(folder: "Path | str | None" = None) -> "Objective":
    """Return a fitted objective, the package's own unless a folder is given; `BadInput` for one that is none."""
    from pathlib import Path

    from lossmodel.objective import store

    return store.load(Path(folder) if folder is not None else store.default())


def __getattr__(name: str) -> Any:
    """Load torch only for those who judge sounds: tables and manifests are read without it."""
    if name == "Objective":
        from lossmodel.objective.network import Objective

        return Objective
    if name == "PerceptualLoss":
        from lossmodel.objective.loss import PerceptualLoss

        return PerceptualLoss
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
