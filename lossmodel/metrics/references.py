"""Several admissible references: an estimate is as good as its best match says, and a hard choice cannot be gamed.

One reference is chosen for a whole excerpt, never a part of it, so that an output half way between two solutions
matches neither. A soft choice has gradients towards every reference; its temperature must stay well below the
distance between the references (in the metric's units): a hot one is a plain mean, which half-and-half outputs win.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Metric = Callable[[Tensor, Tensor], Tensor]
"""(estimate, reference), both (batch, channels, time), → (batch,)."""


@dataclass(frozen=True)
class Match:
    """The metric of the reference that fits best, and which one that is (from 0); both (batch,)."""

    value: Tensor
    reference: Tensor


def match(metric: Metric, estimate: Tensor, references: Tensor, *, higher_is_better: bool) -> Match:
    """Return the best match among admissible references.

    Shape: estimate (batch, channels, time), references (batch, references, channels, time).
    """
    return best(_each(metric, estimate, references), higher_is_better=higher_is_better)


def soft_match(
    metric: Metric, estimate: Tensor, references: Tensor, *, higher_is_better: bool, temperature: float
) -> Tensor:
    """Return the soft minimum over references, -τ log Σ exp(-D / τ), or the soft maximum where higher is better.

    At least as good as the best match, by at most τ log(references); its gradient is shared out by how well each fits.
    Shape: as `match` → (batch,).
    """
    if temperature <= 0:
        raise ValueError(f"a temperature above 0 is needed, not {temperature:g}")
    sign = 1 if higher_is_better else -1
    values = _each(metric, estimate, references)
    return sign * temperature * torch.logsumexp(sign * values / temperature, dim=0)


def best(values: Tensor, *, higher_is_better: bool) -> Match:
    """Return the best of the values for each reference, the first of equals; NaN only wins where all are.

    Shape: (references, batch).
    """
    worst = -torch.inf if higher_is_better else torch.inf
    known = values.masked_fill(values.isnan(), worst)
    reference = known.argmax(0) if higher_is_better else known.argmin(0)
    return Match(values.gather(0, reference[None])[0], reference)


def _each(metric: Metric, estimate: Tensor, references: Tensor) -> Tensor:
    return torch.stack([metric(estimate, reference) for reference in references.unbind(1)])
