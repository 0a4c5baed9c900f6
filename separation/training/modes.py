"""Several answers of one network: which of them a song teaches, where nobody says which of them its vocals are.

Data sets give one reference a song, and disagree: in some the backing voices are vocals, in others accompaniment. A
network with one answer then learns the average. One with several can learn each, if every song teaches one answer only.
Which one is inferred by hard EM over songs: an answer is taught by the songs that it explains best, and explains best
those by which it was taught. What begins it: in the first steps all answers learn from all songs, and come out slightly
different, by more or less backing. For a song with one label this is a gain, with the other a loss, so the songs are
divided at the median of that difference; from then on nothing is centred, and any shares are possible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from separation.data.batch import Batch
from separation.data.stems import Song
from separation.losses import across_processes, reconstruction
from separation.networks.waveunet import vocals
from separation.recipe import Recipe

INFERRED = -1
"""In place of a reference: the song has one, and which answer it is must be inferred."""

LOUDNESS_MEMORY = 0.99
"""Share of an answer's mean power that remains when another batch has been heard."""


class ModeChoice(nn.Module):
    """What is known of each song: how well each answer explains it."""

    costs: Tensor
    power: Tensor
    divided: Tensor
    known: Tensor

    def __init__(self, recipe: Recipe, songs: Sequence[Song]) -> None:
        super().__init__()
        self.recipe = recipe
        modes = len(recipe.network.modes)
        self.register_buffer("known", _references_by_loudness(songs, modes), persistent=False)  # (songs, modes)
        self.register_buffer("costs", torch.zeros(len(songs), modes))
        self.register_buffer("power", torch.zeros(modes))
        self.register_buffer("divided", torch.zeros((), dtype=torch.bool))

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Load a state; what was known of another number of songs is forgotten."""
        state = dict(state_dict)
        if state["costs"].shape != self.costs.shape:
            state |= {"costs": self.costs, "divided": self.divided}
        return super().load_state_dict(state, *args, **kwargs)

    def forget_songs(self) -> None:
        """Begin anew with songs of which nothing is known."""
        self.costs.zero_()
        self.divided.zero_()

    def learn(self, answers: Tensor, batch: Batch, step: int) -> Tensor:
        """Take note of how well each answer explains the batch's songs; return which one each excerpt teaches.

        Shape: (batch, modes, sources, channels, time) to (batch,).
        """
        chances = self._chances(len(answers), step).to(answers.device)
        self._listen(answers.detach(), batch)
        at_random = (chances * len(self.power)).long()
        if step < self.recipe.modes.start * self.recipe.steps:
            return at_random
        if not self.divided:
            self._divide()
        inferred = self.known[batch.songs, 0] == INFERRED
        return torch.where(inferred, self.costs[batch.songs].argmin(1), at_random)

    def taught(self, batch: Batch, answer: Tensor) -> Batch:
        """Return the batch with the reference that each excerpt teaches that answer."""
        reference = self.known[batch.songs, answer].clamp(min=0)
        rows = torch.arange(len(reference), device=reference.device)
        return replace(batch, targets=batch.targets[rows, reference].unsqueeze(1))

    def names(self) -> list[str]:
        """Return the names of the answers: the recipe's are in the order of their vocals' loudness."""
        ranks = self.power.argsort().argsort().tolist()
        return [self.recipe.network.modes[rank] for rank in ranks]

    def shares(self) -> dict[str, float]:
        """Return the share of the songs with one reference that each answer has, by `mode_<name>`."""
        inferred = self.known[:, 0] == INFERRED
        if not (self.divided and inferred.any()):
            return {}
        counts = torch.bincount(self.costs[inferred].argmin(1), minlength=len(self.power)) / inferred.sum()
        return {f"mode_{name}": round(float(share), 3) for name, share in zip(self.names(), counts)}

    def _listen(self, answers: Tensor, batch: Batch) -> None:
        """Add the batch of all processes to what is known of its songs and of the answers' loudness."""
        distances = answer_losses(answers, batch.targets[:, :1])
        costs = distances / distances.mean(1, keepdim=True).clamp(min=1e-12) - 1
        songs, costs = across_processes.gathered(batch.songs), across_processes.gathered(costs)
        memory = self.recipe.modes.memory
        for song, cost in zip(songs, costs):
            self.costs[song] = memory * self.costs[song] + (1 - memory) * cost
        heard = vocals(answers, self.recipe.network.sources).square().mean((0, 2, 3))
        self.power.lerp_(across_processes.mean_over_processes(heard), 1 - LOUDNESS_MEMORY)

    def _divide(self) -> None:
        """Divide the songs with one reference among the answers, about equally."""
        inferred = self.known[:, 0] == INFERRED
        if inferred.any():
            self.costs -= self.costs[inferred].median(0).values
        self.divided.fill_(value=True)

    def _chances(self, size: int, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + step)
        return across_processes.drawn((size,), generator)


def answer_losses(answers: Tensor, targets: Tensor) -> Tensor:
    """Return how far each answer is from the nearest reference (L1); lower is better.

    Shape: (batch, modes, sources, channels, time) and (batch, references, sources, channels, time) to (batch, modes).
    """
    return torch.stack([reconstruction.l1(each, targets).amin(1) for each in answers.unbind(1)], dim=1)


def one_answer(answers: Tensor, which: Tensor) -> Tensor:
    """Return that answer of each excerpt: (batch, modes, sources, channels, time) to (batch, sources, …)."""
    return answers[torch.arange(len(answers), device=answers.device), which]


def nearest_answer(answers: Tensor, targets: Tensor) -> Tensor:
    """Return each excerpt's best answer, as a listener who may choose would: (batch, modes, …) to (batch, …)."""
    return one_answer(answers, answer_losses(answers, targets).argmin(1))


def _references_by_loudness(songs: Sequence[Song], modes: int) -> Tensor:
    """Return the number of the reference that each answer learns from each song: (songs, modes)."""
    found = torch.full((len(songs), modes), INFERRED)
    for number, song in enumerate(songs):
        count = len(song.references)
        if count > 1:
            order = np.argsort([np.square(reference).mean() for reference in song.sources[1:]])
            found[number] = torch.from_numpy(order[np.round(np.linspace(0, count - 1, modes)).astype(int)])
    return found
