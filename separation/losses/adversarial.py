"""An adversary that owns its network and its optimiser: it learns, then judges how well the separator fools it."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from separation.losses import across_processes
from separation.networks.discriminator import Discriminator
from separation.recipe import Adversarial

CHANCE_LOSS = {"lsgan": 0.5, "hinge": 2.0, "wgan": -torch.inf}
"""The discriminator's loss when it cannot tell real from fake; a Wasserstein critic is never too far ahead."""


class Adversary(nn.Module):
    """A discriminator in an LSGAN (Mao et al., 2017), hinge or Wasserstein game, with feature matching.

    It hears the mixture beside the candidate, or (`alone`) candidates only, which need not belong to one another.
    """

    def __init__(self, config: Adversarial, channels: int, *, alone: bool = False) -> None:
        super().__init__()
        self.config = config
        self.discriminator = Discriminator(config.network, channels if alone else 2 * channels)
        self.optimiser: Any = torch.optim.AdamW(self.discriminator.parameters(), config.learning_rate, config.betas)

    def learn(
        self, real: Tensor, fake: Tensor, mixture: Tensor | None, generator: torch.Generator, *, step: int = 0
    ) -> float:
        """Take a step of the discriminator (or as many as it wants), unless it is too far ahead; return its loss.

        `fake` is detached. A step whose gradient is not finite is left out; the training's `step` says whether it is
        the penalty's turn. Shape: (batch, channels, time) all.
        """
        penalised = self.config.penalty != "none" and step % self.config.penalty_every == 0
        real, fake = real.detach(), fake.detach()
        mixture = None if mixture is None else mixture.detach()
        for _ in range(self.config.steps):
            true = [score for score, _ in self.discriminator(real, mixture)]
            false = [score for score, _ in self.discriminator(fake, mixture)]
            loss = torch.stack([self._game(t, f) for t, f in zip(true, false)]).mean()
            if across_processes.mean_over_processes(loss) <= self.config.ahead * CHANCE_LOSS[self.config.game]:
                break
            self._step(loss + self._penalty(real, fake, mixture, generator) if penalised else loss)
        return float(across_processes.mean_over_processes(loss.detach()))

    def judge(self, real: Tensor, fake: Tensor, mixture: Tensor | None) -> dict[str, Tensor]:
        """Return the separator's terms: `adversarial` (pass for real) and `matching` (L1 of features). Lower is better.

        Gradients reach `fake` alone. Shape: (batch, channels, time) all, to () each.
        """
        self.discriminator.requires_grad_(requires_grad=False)
        with torch.no_grad():
            wanted = [features for _, features in self.discriminator(real, mixture)]
        judged = self.discriminator(fake, mixture)
        self.discriminator.requires_grad_(requires_grad=True)
        fooled = torch.stack([self._generator_loss(score) for score, _ in judged]).mean()
        pairs = [(a, b) for (_, have), want in zip(judged, wanted) for a, b in zip(have, want)]
        levels = across_processes.mean_over_processes(torch.stack([b.abs().mean() for _, b in pairs]))
        distances = torch.stack([(a - b).abs().mean() for a, b in pairs])
        return {"adversarial": fooled, "matching": (distances / levels.clamp(min=1e-6)).mean()}

    def _game(self, true: Tensor, false: Tensor) -> Tensor:
        if self.config.game == "hinge":
            return F.relu(1 - true).mean() + F.relu(1 + false).mean()
        if self.config.game == "wgan":
            return false.mean() - true.mean()
        return (true - 1).square().mean() + false.square().mean()

    def _generator_loss(self, score: Tensor) -> Tensor:
        return (score - 1).square().mean() if self.config.game == "lsgan" else -score.mean()

    def _penalty(self, real: Tensor, fake: Tensor, mixture: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return what the discriminator's slope costs, for R1 at real sounds (Mescheder et al., 2018, eq. 9: half of
        the squared norm), one-sided where it is above 1 between real and fake (Gulrajani et al., 2017, sec. 4)."""
        share = across_processes.drawn((len(real), 1, 1), generator).to(real.device)
        at = real if self.config.penalty == "r1" else torch.lerp(real, fake, share)
        at = at.clone().requires_grad_()
        scores = torch.stack([score.flatten(1).mean(1) for score, _ in self.discriminator(at, mixture)]).mean(0)
        (slope,) = torch.autograd.grad(scores.sum(), at, create_graph=True)
        square = slope.square().flatten(1).sum(1)
        cost = square / 2 if self.config.penalty == "r1" else F.relu((square + 1e-12).sqrt() - 1).square()
        return self.config.penalty_weight * self.config.penalty_every * cost.mean()

    def _step(self, loss: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        across_processes.average_gradients(self.discriminator.parameters())
        norm = nn.utils.clip_grad_norm_(self.discriminator.parameters(), self.config.clip)
        if torch.isfinite(norm):
            self.optimiser.step()
