"""The perceptual term: an objective that was fitted to listeners' ratings, as a loss."""

from pathlib import Path

from torch import Tensor, nn

from lossmodel.errors import BadInput
from separation.losses import across_processes
from separation.losses.resample import resample
from separation.recipe import Perceptual


class PerceptualTerm(nn.Module):
    """Wraps a `lossmodel.objective.loss.PerceptualLoss`, frozen, for excerpts at any rate. Lower is better."""

    def __init__(self, judge: nn.Module, *, rate: int, needs: int) -> None:
        super().__init__()
        self.judge = judge.eval().requires_grad_(requires_grad=False)
        self.rate = rate
        self.needs = needs

    def forward(self, vocals: Tensor, references: Tensor, mixture: Tensor, before: Tensor | None = None) -> Tensor:
        """Return the loss, given `before` that of what was gained over these vocals; gradients reach `vocals` alone.

        Shape: (batch, channels, time), (batch, references, channels, time), (batch, channels, time) twice to ().
        """
        fixed = [each.detach() for each in (references, mixture, before) if each is not None]
        heard = [resample(each.float(), self.rate, self.needs) for each in (vocals, *fixed)]
        loss: Tensor = self.judge(*heard)
        return loss * _share_of_audible(*heard[1:3])


def _share_of_audible(references: Tensor, mixture: Tensor) -> Tensor:
    """Return how many of this process's excerpts the loss is a mean over, relative to the mean of all processes."""
    from lossmodel.objective.loss import audible

    own = audible(references, mixture).sum().float()
    mean = across_processes.mean_over_processes(own)
    return own.clamp(min=1) / mean.clamp(min=1 / across_processes.process_count())


def perceptual_term(objective: Path | None, config: Perceptual, rate: int) -> PerceptualTerm:
    """Return the stored objective as a loss at `rate` Hz; `BadInput` without one or without the attributes wanted."""
    if objective is None:
        raise BadInput("this recipe has a perceptual loss; give an objective (a folder written by fit)")
    from lossmodel.objective import store
    from lossmodel.objective.loss import PerceptualLoss

    loaded = store.load(objective)
    if missing := set(config.attributes) - set(loaded.attributes):
        raise BadInput(
            f"{objective}: predicts {', '.join(loaded.attributes)}, not {', '.join(sorted(missing))};"
            " set perceptual.attributes in the recipe"
        )
    judge = PerceptualLoss(loaded, config.attributes, config.aggregate, config.pessimism)
    return PerceptualTerm(judge, rate=rate, needs=loaded.rate)


def auditor(objective: Path, rate: int) -> PerceptualTerm:
    """Return a stored objective that is only asked, never followed: 1 - the mean of all its ratings / 100."""
    from lossmodel.objective import store
    from lossmodel.objective.loss import PerceptualLoss

    loaded = store.load(objective)
    return PerceptualTerm(PerceptualLoss(loaded, loaded.attributes, "mean", 0.0), rate=rate, needs=loaded.rate)
