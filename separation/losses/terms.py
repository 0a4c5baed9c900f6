"""All terms of a recipe's loss by name, and how much each one weighs at a step."""

from torch import Tensor, nn

from separation.config import Recipe
from separation.losses import reconstruction, references
from separation.losses.adversarial import Adversary
from separation.losses.perceptual import Listener

ADVERSARIAL = ("adversarial", "matching")
BY_REFERENCE = {"l1": reconstruction.l1, "l2": reconstruction.l2, "mrstft": reconstruction.mrstft}


class Terms(nn.Module):
    """Computes the terms whose weight is not zero; owns the listener and the adversary."""

    def __init__(self, recipe: Recipe, listener: Listener | None, adversary: Adversary | None) -> None:
        super().__init__()
        self.recipe = recipe
        self.listener = listener
        self.adversary = adversary

    def forward(
        self, estimates: Tensor, targets: Tensor, mixture: Tensor, weights: dict[str, float]
    ) -> dict[str, Tensor]:
        """Return the terms that weigh anything, each a scalar, reconstruction first; lower is better.

        Shape: estimates (batch, sources, channels, time), targets (batch, references, sources, channels, time), mixture
        (batch, channels, time).
        """
        losses = self.recipe.losses
        terms = {
            name: references.softmin(loss(estimates, targets), losses.temperature)
            for name, loss in BY_REFERENCE.items()
            if weights.get(name)
        }
        vocals = estimates[:, -1]
        if weights.get("additivity"):
            terms["additivity"] = reconstruction.additivity(estimates, mixture)
        if self.listener and weights.get("perceptual"):
            terms["perceptual"] = self.listener(vocals, targets[:, :, -1], mixture)
        if self.adversary and any(weights.get(name) for name in ADVERSARIAL):
            real = references.nearest(vocals, targets[:, :, -1])
            judged = self.adversary.judge(real, vocals, mixture)
            terms |= {name: judged[name] for name in ADVERSARIAL if weights.get(name)}
        return terms

    def weights(self, step: int) -> dict[str, float]:
        """Return what each term weighs at `step`: the perceptual one is ramped up, the adversarial ones switched on."""
        recipe = self.recipe
        done = step / recipe.steps
        weights = dict(recipe.losses.weights)
        grown = (done - recipe.perceptual.start) / max(recipe.perceptual.ramp, 1 / recipe.steps)
        weights["perceptual"] = weights.get("perceptual", 0.0) * min(1.0, max(0.0, grown))
        if done < recipe.adversarial.start:
            weights |= dict.fromkeys(ADVERSARIAL, 0.0)
        return {name: weight for name, weight in weights.items() if weight}
