"""MetricGAN: a metric that has no gradient, predicted by a network that has one (after MetricGAN+, Fu et al., 2021).

The network learns to predict the metric of estimates, of the mixture, and that the reference itself is perfect; the
separator then tries to be called perfect. What was measured is remembered and looked at again, so that the network does
not forget how bad the estimates used to be.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lossmodel.errors import BadInput
from separation.losses import across_processes
from separation.networks.discriminator import Discriminator
from separation.recipe import PredictedMetric

MAX_GRADIENT_NORM = 10.0


class MetricPredictor(nn.Module):
    """Predicts a metric, put into 0 (worst) to 1, from an estimate beside its reference."""

    estimates: Tensor
    references: Tensor
    values: Tensor
    seen: Tensor

    def __init__(self, config: PredictedMetric, channels: int, frames: int, rate: int) -> None:
        super().__init__()
        self.config = config
        self.rate = rate
        self.family = _family(config.measure)
        self.discriminator = Discriminator(config.network, 2 * channels)
        self.optimiser: Any = torch.optim.AdamW(self.discriminator.parameters(), config.learning_rate)
        self.register_buffer("estimates", torch.zeros(config.replay, channels, frames))
        self.register_buffer("references", torch.zeros(config.replay, channels, frames))
        self.register_buffer("values", torch.zeros(config.replay))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Load a state; what was remembered of excerpts of another length is forgotten."""
        state = dict(state_dict)
        if state["estimates"].shape != self.estimates.shape:
            state |= {name: getattr(self, name) for name in ("estimates", "references", "values", "seen")}
        return super().load_state_dict(state, *args, **kwargs)

    def learn(self, real: Tensor, fake: Tensor, mixture: Tensor, generator: torch.Generator) -> float:
        """Take a step of the network on this batch and on remembered estimates; return its mean squared error.

        Shape: (batch, channels, time) all.
        """
        real, fake, mixture = real.detach(), fake.detach(), mixture.detach()
        heard = torch.cat([fake, mixture, real])
        beside = real.repeat(3, 1, 1)
        measured = self.measure(fake, real, mixture)
        wanted = torch.cat([measured, self.measure(mixture, real, mixture), torch.ones_like(measured)])
        again = self._remembered(generator)
        heard, beside = torch.cat([heard, self.estimates[again]]), torch.cat([beside, self.references[again]])
        wanted = torch.cat([wanted, self.values[again]])
        processes = across_processes.process_count()  # each of which looks at the same remembered estimates
        counts = torch.ones_like(wanted)
        counts[: len(wanted) - len(again)] = processes
        loss = (counts * (self.predict(heard, beside) - wanted).square()).sum() / counts.sum()
        self._step(loss)
        self._remember(*(across_processes.gathered(each) for each in (fake, real, measured)))
        return float(across_processes.mean_over_processes(loss.detach()))

    def judge(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the mean squared distance from a perfect prediction; lower is better. Gradients reach `fake` alone."""
        self.discriminator.requires_grad_(requires_grad=False)
        predicted = self.predict(fake, real.detach())
        self.discriminator.requires_grad_(requires_grad=True)
        return (predicted - 1).square().mean()

    def predict(self, estimates: Tensor, references: Tensor) -> Tensor:
        """Return the predicted metric of each excerpt, about 0 to 1: (batch, channels, time) both, to (batch,)."""
        scores = [score.flatten(1).mean(1) for score, _ in self.discriminator(estimates, references)]
        return torch.stack(scores).mean(0)

    @torch.no_grad()
    def measure(self, estimates: Tensor, references: Tensor, mixture: Tensor) -> Tensor:
        """Return the metric itself, put into 0 to 1; an excerpt without a value counts as 0: to (batch,)."""
        heard, sources = estimates.double().cpu(), torch.stack([references, mixture - references], 1).double().cpu()
        values = self.family.measure(heard, sources, self.rate)[self.config.measure]
        share: Tensor = (values - self.config.low) / (self.config.high - self.config.low)
        return share.nan_to_num(0.0).clamp(0, 1).to(estimates)

    def _remembered(self, generator: torch.Generator) -> Tensor:
        """Return which of the remembered estimates are looked at again: the same in each process."""
        known = min(int(self.seen), self.config.replay)
        count = self.config.again if known else 0
        return torch.randint(max(known, 1), (count,), generator=generator).to(self.estimates.device)

    def _remember(self, estimates: Tensor, references: Tensor, values: Tensor) -> None:
        at = (int(self.seen) + torch.arange(len(values))) % self.config.replay
        self.estimates[at], self.references[at], self.values[at] = estimates, references, values
        self.seen += len(values)

    def _step(self, loss: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        across_processes.average_gradients(self.discriminator.parameters())
        norm = nn.utils.clip_grad_norm_(self.discriminator.parameters(), MAX_GRADIENT_NORM)
        if torch.isfinite(norm):
            self.optimiser.step()


def _family(name: str) -> Any:
    from lossmodel.metrics import families

    for family in families.FAMILIES:
        if name in family.names:
            return family
    raise BadInput(f"metric.measure = {name}: unknown metric; known are {', '.join(families.NAMES)}")
