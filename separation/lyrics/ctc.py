"""The loss that needs no times: every way to sing the symbols in order within the frames counts (Graves, ICML 2006)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F


def ctc(log_probabilities: Tensor, spans: Sequence[tuple[int, int]], symbols: Sequence[Sequence[int]]) -> Tensor:
    """Return the negative log-likelihood of the symbols within each excerpt's span, a frame; lower is better.

    An excerpt with an empty span counts nothing; one without symbols is right when all its frames are blank.
    Shape: (batch, frames, classes), the blank last, to ().
    """
    blank = log_probabilities.shape[2] - 1
    rows = [row[first:last] for row, (first, last) in zip(log_probabilities, spans)]
    lengths = [len(row) for row in rows]
    if not sum(lengths):
        return 0 * log_probabilities.sum()
    padded = torch.nn.utils.rnn.pad_sequence(rows)  # (frames, batch, classes)
    longest = max(1, *(len(each) for each in symbols))
    targets = torch.tensor([[*each, *[0] * (longest - len(each))] for each in symbols])
    losses = F.ctc_loss(
        padded,
        targets.to(padded.device),
        torch.tensor(lengths),
        torch.tensor([len(each) for each in symbols]),
        blank=blank,
        reduction="none",
        zero_infinity=True,
    )
    return losses.sum() / max(1, sum(lengths))


def shortest(symbols: Sequence[int]) -> int:
    """Return the fewest frames in which symbols can be told apart: one each, and a blank between two alike.

    >>> shortest([7, 4, 11, 11, 14])
    6
    """
    return len(symbols) + sum(first == second for first, second in pairwise(symbols))


def fits(symbols: Sequence[int], frames: int) -> bool:
    """Tell whether symbols fit into so many frames."""
    return shortest(symbols) <= frames
