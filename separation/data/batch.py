"""What one training step sees, and threads that have the next one ready when this one is done."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from separation.data.augment import augment
from separation.data.draws import Purpose, draw
from separation.data.excerpts import Excerpts
from separation.data.unpaired import Unpaired
from separation.networks.waveunet import centre
from separation.recipe import Recipe

BATCHES_AHEAD = 6
"""Batches that are made at a time for a GPU, which takes one sooner than one thread can make it."""


@dataclass(frozen=True)
class Batch:
    """Mixtures with their context, and what is known of them.

    Shape: mixture (batch + unpaired, channels + noise, input), targets (batch, references, sources, channels, output),
    alone (unpaired, sources, channels, output): sources that have nothing to do with the unpaired mixtures, songs
    (batch,): numbers of the songs that the excerpts are from.
    """

    mixture: Tensor
    targets: Tensor
    alone: Tensor | None
    channels: int
    songs: Tensor

    @property
    def cropped_mixture(self) -> Tensor:
        """Return the mixtures as long as the estimates: (batch + unpaired, channels, output)."""
        return centre(self.mixture[:, : self.channels], self.targets.shape[-1])

    def to(self, device: torch.device) -> "Batch":
        """Return the same batch on a device."""
        alone = None if self.alone is None else self.alone.to(device, non_blocking=True)
        mixture, targets, songs = (
            each.to(device, non_blocking=True) for each in (self.mixture, self.targets, self.songs)
        )
        return Batch(mixture, targets, alone, self.channels, songs)


class Batches:
    """Makes the batch of any step: excerpts, varied, with references and unpaired recordings, of one process."""

    def __init__(
        self,
        recipe: Recipe,
        excerpts: Excerpts,
        unpaired: Unpaired | None = None,
        *,
        varied: bool = True,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        self.recipe = recipe
        self.excerpts = excerpts
        self.unpaired = unpaired
        self.varied = varied
        self.rank = rank
        self.size = recipe.batch // processes
        self._ahead = BATCHES_AHEAD if torch.cuda.is_available() else 1
        self._threads = ThreadPoolExecutor(self._ahead, "batches")
        self._waiting: dict[int, Future[Batch]] = {}

    def make(self, step: int) -> Batch:
        """Return the batch of a step; the same whenever it is asked for."""
        recipe, first = self.recipe, self.rank * self.size
        sources = self.excerpts.batch(step, self.size, first)
        if self.varied:
            draws = self._draws(step, Purpose.AUGMENTATION)
            sources = augment(sources, recipe.data, draws, lambda at: self.excerpts.other(step, first + at))
        mixture = self._with_noise(sources[:, 0] + sources[:, 1], step, Purpose.NOISE)
        alone = None
        if self.unpaired:
            unheard, alone = self.unpaired.batch(step, self.size, first)
            mixture = torch.cat([mixture, self._with_noise(unheard, step, Purpose.UNPAIRED_NOISE)])
        numbers = self.excerpts.song_numbers(step, self.size, first)
        return Batch(mixture, _targets(centre(sources, recipe.window.output)), alone, recipe.channels, numbers)

    def _with_noise(self, mixture: Tensor, step: int, purpose: Purpose) -> Tensor:
        """Return mixtures with the channels of noise that the network wants beside them."""
        if not (rows := self.recipe.network.noise):
            return mixture
        shape = (rows, mixture.shape[-1])
        noise = np.stack([chance.standard_normal(shape, np.float32) for chance in self._draws(step, purpose)])
        return torch.cat([mixture, torch.from_numpy(noise)], dim=1)

    def _draws(self, step: int, purpose: Purpose) -> list[np.random.Generator]:
        """Return a generator for each excerpt of this process."""
        first = self.rank * self.size
        return [draw(self.recipe.seed, step, first + number, purpose) for number in range(self.size)]

    def take(self, step: int) -> Batch:
        """Return the batch of a step, made while the steps before it were taken, and begin with the next ones."""
        waiting = {at: self._waiting.get(at) for at in range(step, step + 1 + self._ahead)}
        found = waiting.pop(step)
        ready = self.make(step) if found is None else found.result()
        self._waiting = {at: each or self._threads.submit(_pinned, self.make, at) for at, each in waiting.items()}
        return ready

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)


def _targets(inner: Tensor) -> Tensor:
    """Return every reference with what it leaves of the mixture: (batch, references, sources, channels, time)."""
    references = inner[:, 1:]
    others = (inner[:, :1] + inner[:, 1:2]) - references
    return torch.stack([others, references], dim=2)


def _pinned(make: Callable[[int], Batch], step: int) -> Batch:
    """Make a batch in memory from which a GPU copies while it computes."""
    batch = make(step)
    if not torch.cuda.is_available():
        return batch
    alone = None if batch.alone is None else batch.alone.pin_memory()
    return Batch(batch.mixture.pin_memory(), batch.targets.pin_memory(), alone, batch.channels, batch.songs)
