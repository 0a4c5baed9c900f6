"""What listeners would say: an objective that was fitted to their ratings, as a loss."""

from pathlib import Path

from torch import Tensor, nn

from lossmodel.errors import BadInput
from separation.losses.resample import resample
from separation.recipe import Perceptual


class Listener(nn.Module):
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
        return loss


def listener(objective: Path | None, config: Perceptual, rate: int) -> Listener:
    """Return the stored objective as a loss at `rate` Hz; `BadInput` without one or without the attributes wanted."""
    if objective is None:
        raise BadInput("this recipe has a perceptual loss: give an objective (a folder that fit wrote)")
    from lossmodel.objective import store
    from lossmodel.objective.loss import PerceptualLoss

    loaded = store.load(objective)
    if missing := set(config.attributes) - set(loaded.attributes):
        raise BadInput(
            f"{objective}: predicts {', '.join(loaded.attributes)}, not {', '.join(sorted(missing))};"
            " set perceptual.attributes in the recipe"
        )
    judge = PerceptualLoss(loaded, config.attributes, config.aggregate, config.pessimism)
    return Listener(judge, rate=rate, needs=loaded.rate)


def auditor(objective: Path, rate: int) -> Listener:
    """Return a stored objective that is only asked, never followed: 1 - the mean of all its ratings / 100."""
    from lossmodel.objective import store
    from lossmodel.objective.loss import PerceptualLoss

    loaded = store.load(objective)
    return Listener(PerceptualLoss(loaded, loaded.attributes, "mean", 0.0), rate=rate, needs=loaded.rate)
