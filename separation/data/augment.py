"""The same songs, heard differently: levels, polarities, sides and accompaniments vary from batch to batch."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from separation.recipe import Data

CHANCES_PER_EXCERPT = 6
"""Numbers from 0 to 1 that decide about one excerpt: remix, two gains, two signs, sides."""


def augment(
    sources: Tensor, config: Data, draws: Sequence[np.random.Generator], other: Callable[[int], Tensor]
) -> Tensor:
    """Return a varied copy of a batch of (accompaniment, references …); each excerpt varies by its own generator.

    All references of an excerpt share one gain and one side, so they stay admissible. `other` returns the excerpt whose
    accompaniment the one at that place of the batch may get; accompaniments are exchanged only between excerpts with a
    single reference: what a second one sings is heard in the accompaniment of the first.
    Shape: (batch, 1 + references, channels, time), unchanged; `other`'s without batch.
    """
    chances = torch.from_numpy(np.stack([draw.random(CHANCES_PER_EXCERPT, dtype=np.float32) for draw in draws]))
    remixed, swapped = chances[:, 0] < config.remix, chances[:, 5] < 0.5
    sources = _remix(sources, remixed, other) * _gains(sources.shape[1], config, chances[:, 1:5])[:, :, None, None]
    if not config.swap:
        return sources
    return torch.where(swapped[:, None, None, None], sources.flip(2), sources)


def _gains(count: int, config: Data, chances: Tensor) -> Tensor:
    """Return the factor of each source: (batch, 4) to (batch, count)."""
    low, high = config.gain
    gains = low + (high - low) * chances[:, :2]
    if config.polarity:
        gains = gains * (1 - 2 * (chances[:, 2:] < 0.5).float())
    if count > 2:  # the mixture must stay the sum under every reference
        gains = gains[:, :1].expand(-1, 2)
    return torch.cat([gains, gains[:, 1:].expand(-1, count - 2)], dim=1)


def _remix(sources: Tensor, chosen: Tensor, other: Callable[[int], Tensor]) -> Tensor:
    sources = sources.clone()
    for number in torch.nonzero(chosen).flatten().tolist():
        found = other(number)
        if _has_one_reference(sources[number]) and _has_one_reference(found):
            sources[number, 0] = found[0]
    return sources


def _has_one_reference(sources: Tensor) -> bool:
    return bool((sources[1:] == sources[1:2]).all())
