"""All terms of a recipe's loss by name, and how much each one weighs at a step."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from separation.losses import reconstruction, references
from separation.losses.adversarial import Adversary
from separation.losses.metric_predictor import MetricPredictor
from separation.losses.perceptual import PerceptualTerm
from separation.recipe import Recipe

if TYPE_CHECKING:
    from separation.data.batch import Batch

ADVERSARIAL_TERMS = ("adversarial", "matching")
TERMS_WITH_A_LEARNING_JUDGE = (*ADVERSARIAL_TERMS, "unpaired", "metric")
"""Terms whose judge learns too: their values say nothing about progress."""

RECONSTRUCTION_TERMS = {"l1": reconstruction.l1, "l2": reconstruction.l2, "mrstft": reconstruction.mrstft}


class Terms(nn.Module):
    """Computes the terms whose weight is not zero; owns the objective and every adversary that learns."""

    def __init__(self, recipe: Recipe, perceptual: PerceptualTerm | None = None) -> None:
        super().__init__()
        self.recipe = recipe
        self.perceptual = perceptual
        wanted = recipe.losses.weights.keys()
        self.adversary = Adversary(recipe.adversarial, recipe.channels) if wanted & set(ADVERSARIAL_TERMS) else None
        self.critics = nn.ModuleList(
            Adversary(recipe.unpaired, recipe.channels, alone=True)
            for _ in (recipe.network.sources if "unpaired" in wanted else ())
        )
        self.metric_predictor = (
            MetricPredictor(recipe.metric, recipe.channels, recipe.window.output, recipe.rate)
            if "metric" in wanted
            else None
        )

    @property
    def adversaries(self) -> dict[str, Adversary | MetricPredictor]:
        """Return what learns beside the separator, by name."""
        critics = {f"critic{number}": critic for number, critic in enumerate(self.critics)}
        found = {"adversary": self.adversary, "metric_predictor": self.metric_predictor, **critics}
        return {name: each for name, each in found.items() if isinstance(each, Adversary | MetricPredictor)}

    def forward(
        self, estimates: Tensor, batch: "Batch", weights: dict[str, float], before: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return the terms that weigh anything, each a scalar, reconstruction first; lower is better.

        Given what the separator made of the batch `before` the training, the perceptual term is the gain over that.
        Shape: estimates and before (batch + unpaired, sources, channels, time), the batch's own first.
        """
        paired, targets = estimates[: len(batch.targets)], batch.targets
        vocals, mixture = paired[:, -1], batch.cropped_mixture[: len(paired)]
        losses = self.recipe.losses
        terms = {
            name: references.softmin(loss(paired, targets), losses.temperature)
            for name, loss in RECONSTRUCTION_TERMS.items()
            if weights.get(name)
        }
        if weights.get("additivity"):
            terms["additivity"] = reconstruction.additivity(estimates, batch.cropped_mixture)
        if self.perceptual and weights.get("perceptual"):
            terms["perceptual"] = self.perceptual(
                vocals, targets[:, :, -1], mixture, None if before is None else before[: len(paired), -1]
            )
        if weights.keys() & set(TERMS_WITH_A_LEARNING_JUDGE):
            terms |= self._generator_losses(estimates, batch, weights)
        return terms

    def learn(self, estimates: Tensor, batch: "Batch", step: int) -> dict[str, float]:
        """Let every adversary take its step on what the separator made; return their losses by name."""
        vocals, real, mixture = self._vocals(estimates, batch)
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + step)
        found = {}
        if self.adversary:
            found["discriminator"] = self.adversary.learn(real, vocals, mixture, generator, step=step)
        if self.metric_predictor:
            found["metric_predictor"] = self.metric_predictor.learn(real, vocals, mixture, generator)
        for number, (critic, fake, alone) in enumerate(self._unpaired(estimates, batch)):
            found[f"critic{number}"] = critic.learn(alone, fake, None, generator, step=step)
        return found

    def weights(self, step: int) -> dict[str, float]:
        """Return what each term weighs at `step`: the perceptual one is ramped up, what deceives is switched on."""
        recipe = self.recipe
        done = step / recipe.steps
        weights = dict(recipe.losses.weights)
        grown = (done - recipe.perceptual.start) / max(recipe.perceptual.ramp, 1 / recipe.steps)
        weights["perceptual"] = weights.get("perceptual", 0.0) * min(1.0, max(0.0, grown))
        if done < recipe.adversarial.start:
            weights |= dict.fromkeys((*ADVERSARIAL_TERMS, "metric"), 0.0)
        if done < recipe.unpaired.start:
            weights["unpaired"] = 0.0
        return {name: weight for name, weight in weights.items() if weight}

    def _generator_losses(self, estimates: Tensor, batch: "Batch", weights: dict[str, float]) -> dict[str, Tensor]:
        vocals, real, mixture = self._vocals(estimates, batch)
        found: dict[str, Tensor] = {}
        if self.adversary and weights.keys() & set(ADVERSARIAL_TERMS):
            found |= self.adversary.judge(real, vocals, mixture)
        if self.metric_predictor:
            found["metric"] = self.metric_predictor.judge(real, vocals)
        if passed := [
            critic.judge(alone, fake, None)["adversarial"] for critic, fake, alone in self._unpaired(estimates, batch)
        ]:
            found["unpaired"] = torch.stack(passed).sum()
        return {name: value for name, value in found.items() if weights.get(name)}

    def _vocals(self, estimates: Tensor, batch: "Batch") -> tuple[Tensor, Tensor, Tensor]:
        """Return the separated vocals, the reference nearest to them, and the mixture, where references are known."""
        count = len(batch.targets)
        vocals = estimates[:count, -1]
        return vocals, references.nearest(vocals, batch.targets[:, :, -1]), batch.cropped_mixture[:count]

    def _unpaired(self, estimates: Tensor, batch: "Batch") -> list[tuple[Adversary, Tensor, Tensor]]:
        """Return each critic with what was made of unpaired mixtures and with recordings of that source."""
        if batch.alone is None:
            return []
        made = estimates[len(batch.targets) :]
        return [
            (critic, made[:, source], batch.alone[:, source])
            for source, critic in enumerate(self.critics)
            if isinstance(critic, Adversary)
        ]
