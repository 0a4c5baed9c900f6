"""The objective as something a separator can be trained against."""

from collections.abc import Callable, Sequence
from typing import Final, Literal

import torch
from torch import Tensor, nn

from lossmodel.objective.ear.frontend import RATE
from lossmodel.objective.ear.spectra import resample
from lossmodel.objective.network import Objective

Aggregate = Literal["softmin", "min", "mean", "even"]

SOFTNESS, SOFTNESS_OF_GAINS = 10.0, 2.0
"""Difference in points at which the worse of two attributes is nearly all that counts; gains are smaller numbers."""

MIN_SLOPE_SHARE = 1e-3
"""Share of the steepest attribute's slope under which another says nothing of where to go."""

MIN_REFERENCE_RMS_60_DB = 1e-3
"""RMS of the references, as a share of the mixture's, under which there is nothing to separate (-60 dB)."""


class PerceptualLoss(nn.Module):
    """How much an estimate falls short of a rating of 100, as a fraction; lower is better, 0 to about 1.

    Each attribute counts as its predicted mean less `pessimism` times the ensemble's spread, so that what only some
    members believe does not pay; the attributes then count together, by default about as the worst of them: quality
    alone would reward leaking the band, interference alone silence.
    """

    def __init__(
        self,
        objective: Objective,
        attributes: Sequence[str] = ("quality", "interference"),
        aggregate: Aggregate = "softmin",
        pessimism: float = 1.0,
        *,
        rate: int = RATE,
    ) -> None:
        """Take `attributes` of `objective`, for signals at `rate` Hz; ValueError for an unknown attribute."""
        super().__init__()
        if unknown := set(attributes) - set(objective.attributes):
            raise ValueError(f"no attribute {min(unknown)!r}; the objective has {', '.join(objective.attributes)}")
        self.objective = Objective({name: objective.heads[name] for name in attributes}, objective.ears)
        self._together = AGGREGATES[aggregate]
        self._pessimism = pessimism
        self._rate = rate

    def forward(self, estimate: Tensor, references: Tensor, mixture: Tensor, before: Tensor | None = None) -> Tensor:
        """Return the loss, a scalar, averaged over the excerpts in which there is a reference to be heard.

        Given what was made of the mixture `before`, what counts is the gain over it, by default mainly of the attribute
        that gained least, so that none pays for another: 0 where nothing was gained, negative where all were. To the
        gradients of "mean" and "even" it makes no difference.

        Shape: estimate, mixture and before (batch, channels, time), references the same or (batch, references,
        channels, time); at least a second. Gradients go to the estimate alone.
        """
        if references.dim() == estimate.dim():
            references = references[:, None]
        references, mixture = references.detach(), mixture.detach()
        points, most, softness = self._points(estimate, references, mixture), 100.0, SOFTNESS
        if before is not None:
            with torch.no_grad():
                held = self._points(before, references, mixture)
            points, most, softness = points - held, 0.0, SOFTNESS_OF_GAINS
        counted = audible(references, mixture)
        short = (most - self._together(points, softness, estimate)) / 100
        return torch.where(counted, short, 0).sum() / counted.sum().clamp_min(1)

    def _points(self, *signals: Tensor) -> Tensor:
        """Return the pessimistic ratings of an estimate, (attributes, batch)."""
        predictions = self.objective(*(resample(each.float(), self._rate, RATE) for each in signals)).values()
        return torch.stack([each.mean - self._pessimism * each.spread for each in predictions])


def audible(references: Tensor, mixture: Tensor) -> Tensor:
    """Return in which excerpts of a batch there is a reference to be heard.

    Shape: (batch, references, channels, time) and (batch, channels, time) to (batch,).
    """
    return _rms(references.flatten(1)) > MIN_REFERENCE_RMS_60_DB * _rms(mixture.flatten(1))


def _softmin(points: Tensor, softness: float, _: Tensor) -> Tensor:
    shared = torch.logsumexp(-points / softness, dim=0) - torch.log(torch.tensor(float(len(points))))
    return -softness * shared


def _even(points: Tensor, _: float, estimate: Tensor) -> Tensor:
    """Return the mean, with a gradient at each excerpt's estimate that is the mean of directions, not of slopes."""
    middle = points.mean(dim=0)
    if not points.requires_grad:
        return middle
    slopes = torch.stack(
        [torch.autograd.grad(each.sum(), estimate, retain_graph=True)[0].flatten(1).norm(dim=1) for each in points]
    )
    inverse = torch.where(slopes > MIN_SLOPE_SHARE * slopes.amax(dim=0), 1 / slopes, 0)
    weights = inverse / inverse.sum(dim=0).clamp_min(torch.finfo(slopes.dtype).tiny)
    return middle.detach() + (weights * (points - points.detach())).sum(dim=0)


def _rms(signal: Tensor) -> Tensor:
    return signal.square().mean(1).sqrt()


AGGREGATES: Final[dict[Aggregate, Callable[[Tensor, float, Tensor], Tensor]]] = {
    "softmin": _softmin,
    "min": lambda points, *_: points.amin(dim=0),
    "mean": lambda points, *_: points.mean(dim=0),
    "even": _even,
}
"""Ways to take several attributes as one, (attributes, batch) to (batch,), given the estimate that was judged.

The worse counts most (`softmin`) or alone (`min`); all count as they are steep (`mean`), or pull equally hard, so that
none pays for another by being steeper (`even`)."""
