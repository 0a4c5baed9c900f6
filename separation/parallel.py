"""Several processes that train one separator: what they must agree on. Alone, everything is agreed."""

from collections.abc import Iterable

import torch
from torch import Tensor, distributed


def leads() -> bool:
    """Say whether this process is the one that writes and reports."""
    return not _several() or distributed.get_rank() == 0


def mean(value: Tensor) -> Tensor:
    """Return the mean of a value over all processes."""
    if not _several():
        return value
    shared = value.detach().clone()
    distributed.all_reduce(shared)
    return shared / distributed.get_world_size()


def average(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Put the mean gradient over all processes in the place of each one's own."""
    for parameter in parameters:
        if _several() and parameter.grad is not None:
            parameter.grad.copy_(mean(parameter.grad))


def _several() -> bool:
    return distributed.is_available() and distributed.is_initialized()
