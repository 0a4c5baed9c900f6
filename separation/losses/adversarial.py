"""An adversary that owns its network and its optimiser: it learns, then says how well the separator deceives it."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from separation.config import Adversarial
from separation.networks.discriminator import Discriminator

COIN_TOSS = {"lsgan": 0.5, "hinge": 2.0}
"""The discriminator's loss when it cannot tell real from fake."""


class Adversary(nn.Module):
    """A conditional discriminator in an LSGAN (Mao et al., 2017) or hinge game, with feature matching."""

    def __init__(self, config: Adversarial, channels: int) -> None:
        super().__init__()
        self.config = config
        self.discriminator = Discriminator(config.network, channels)
        self.optimiser: Any = torch.optim.AdamW(self.discriminator.parameters(), config.learning_rate, config.betas)

    def learn(self, real: Tensor, fake: Tensor, mixture: Tensor) -> float:
        """Take one step of the discriminator, unless it is too far ahead already; return its loss.

        `fake` is detached. A step whose gradient is not finite is left out. Shape: (batch, channels, time) all.
        """
        mixture = mixture.detach()
        true = [score for score, _ in self.discriminator(real.detach(), mixture)]
        false = [score for score, _ in self.discriminator(fake.detach(), mixture)]
        loss = torch.stack([self._game(t, f) for t, f in zip(true, false)]).mean()
        if loss > self.config.ahead * COIN_TOSS[self.config.game]:
            self._step(loss)
        return float(loss.detach())

    def judge(self, real: Tensor, fake: Tensor, mixture: Tensor) -> dict[str, Tensor]:
        """Return the separator's terms: `adversarial` (pass for real) and `matching` (L1 of features). Lower is better.

        Gradients reach `fake` alone. Shape: (batch, channels, time) all, to () each.
        """
        self.discriminator.requires_grad_(requires_grad=False)
        with torch.no_grad():
            wanted = [features for _, features in self.discriminator(real, mixture)]
        judged = self.discriminator(fake, mixture)
        self.discriminator.requires_grad_(requires_grad=True)
        deceived = torch.stack([self._deceive(score) for score, _ in judged]).mean()
        pairs = [(a, b) for (_, have), want in zip(judged, wanted) for a, b in zip(have, want)]
        matching = torch.stack([(a - b).abs().mean() / b.abs().mean().clamp(min=1e-6) for a, b in pairs]).mean()
        return {"adversarial": deceived, "matching": matching}

    def _game(self, true: Tensor, false: Tensor) -> Tensor:
        if self.config.game == "hinge":
            return F.relu(1 - true).mean() + F.relu(1 + false).mean()
        return (true - 1).square().mean() + false.square().mean()

    def _deceive(self, score: Tensor) -> Tensor:
        return -score.mean() if self.config.game == "hinge" else (score - 1).square().mean()

    def _step(self, loss: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.discriminator.parameters(), self.config.clip)
        if torch.isfinite(norm):
            self.optimiser.step()
