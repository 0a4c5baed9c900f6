"""The same songs, heard differently: levels, polarities, sides and accompaniments vary from batch to batch."""

import torch
from torch import Tensor

from separation.recipe import Data


def augment(sources: Tensor, config: Data, generator: torch.Generator) -> Tensor:
    """Return a varied copy of a batch of (accompaniment, references …).

    All references of an excerpt share one gain and one side, so they stay admissible; accompaniments are exchanged only
    between excerpts with a single reference: what a second one sings is heard in the accompaniment of the first.
    Shape: (batch, 1 + references, channels, time), unchanged.
    """
    sources = _remix(sources, config.remix, generator)
    low, high = config.gain
    batch, count = sources.shape[:2]
    gains = low + (high - low) * torch.rand(batch, 2, generator=generator)
    if count > 2:  # the mixture must stay the sum under every reference
        gains[:, 1] = gains[:, 0]
    if config.polarity:
        signs = 1 - 2 * (torch.rand(batch, 2, generator=generator) < 0.5).float()
        gains = gains * (signs if count == 2 else signs[:, :1])
    gains = torch.cat([gains, gains[:, 1:].expand(batch, count - 2)], dim=1)
    sources = sources * gains[:, :, None, None]
    if not config.swap:
        return sources
    swapped = torch.rand(batch, generator=generator) < 0.5
    return torch.where(swapped[:, None, None, None], sources.flip(2), sources)


def _remix(sources: Tensor, share: float, generator: torch.Generator) -> Tensor:
    chosen = torch.rand(len(sources), generator=generator) < share
    single = (sources[:, 1:] == sources[:, 1:2]).flatten(1).all(1)
    moved = torch.nonzero(chosen & single).flatten()
    if len(moved) < 2:
        return sources
    sources = sources.clone()
    sources[moved, 0] = sources[moved.roll(1), 0]
    return sources
