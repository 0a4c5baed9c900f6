"""Several right answers: an excerpt is judged by the reference it comes nearest to, softly, and by one at a time."""

import torch
from torch import Tensor


def softmin(losses: Tensor, temperature: float) -> Tensor:
    """Return the mean over excerpts of -t log mean exp(-loss / t): the smallest loss, for t to 0.

    t is `temperature` times the excerpt's smallest loss, which makes the choice blind to its scale. One reference: its
    loss. A signal half-way between two references pays for its distance to both. Lower is better.

    Shape: (batch, references) to ().

    >>> round(float(softmin(torch.tensor([[0.1, 0.4]]), 0.01)), 3)
    0.101
    """
    t = temperature * losses.detach().amin(1, keepdim=True).clamp(min=1e-12)
    count = torch.tensor(float(losses.shape[1]), device=losses.device)
    return (-t * (torch.logsumexp(-losses / t, 1, keepdim=True) - count.log())).mean()


def nearest(vocals: Tensor, references: Tensor) -> Tensor:
    """Return for each excerpt the reference with the smallest absolute difference.

    Shape: (batch, channels, time) and (batch, references, channels, time) to (batch, channels, time).
    """
    distance = (vocals.detach().unsqueeze(1) - references).abs().mean((2, 3))
    return references[torch.arange(len(references), device=references.device), distance.argmin(1)]
