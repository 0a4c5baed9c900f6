"""What losses share between the processes of one training, so that its steps are those of one with the whole batch.

Alone, each value is its own mean, and this process has the whole batch.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, distributed


def several_processes() -> bool:
    """Tell whether other processes train the same separator."""
    return distributed.is_available() and distributed.is_initialized()


def process_count() -> int:
    """Return how many processes train the separator."""
    return distributed.get_world_size() if several_processes() else 1


def mean_over_processes(value: Tensor) -> Tensor:
    """Return the mean of a value over all processes."""
    if not several_processes():
        return value
    shared = value.detach().clone()
    distributed.all_reduce(shared)
    return shared / process_count()


def gathered(part: Tensor) -> Tensor:
    """Return the parts of a batch that the processes have, put together in their order; without a gradient."""
    if not several_processes():
        return part
    parts = [torch.empty_like(part) for _ in range(process_count())]
    distributed.all_gather(parts, part.detach().contiguous())
    return torch.cat(parts)


def drawn(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Return uniform numbers for this process's part of a batch: those that the whole batch would get for it.

    `generator` stands at the same place in every process. Shape: `shape`, whose first number counts the part.
    """
    size, *rest = shape
    rank = distributed.get_rank() if several_processes() else 0
    return torch.rand(size * process_count(), *rest, generator=generator)[rank * size : (rank + 1) * size]


def average_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Replace each process's own gradients by their mean over all processes."""
    for parameter in parameters:
        if several_processes() and parameter.grad is not None:
            parameter.grad.copy_(mean_over_processes(parameter.grad))
