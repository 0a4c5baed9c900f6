"""Which of several right answers a separator gives, where it has several: by the seed of its noise, or by name."""

from dataclasses import dataclass
from typing import Any, Self

from lossmodel.errors import BadInput
from separation.store import Checkpoint

NOISE_SEED = 0
"""Seed of the noise beside the mixture, unless another is asked for: a separator that chooses chooses the same."""


@dataclass(frozen=True)
class Choice:
    """The seed of the noise beside the mixture, and the number of the network's answer (`network.modes`)."""

    seed: int = NOISE_SEED
    answer: int = 0

    @classmethod
    def of(cls, loaded: Checkpoint, *, seed: int | None = None, mode: str | None = None) -> Self:
        """Return what is asked for, or else the usual; `BadInput` for what this separator does not have."""
        if seed is not None and not loaded.recipe.network.noise:
            raise BadInput(f"seed {seed}: this checkpoint has no noise input (network.noise); omit the seed")
        modes = loaded.modes
        if mode is not None and not modes:
            raise BadInput(f"mode {mode}: this checkpoint gives one answer only (network.modes); omit the mode")
        if mode is not None and mode not in modes:
            raise BadInput(f"mode {mode}: this checkpoint has {', '.join(loaded.recipe.network.modes)}")
        wanted = mode or next(iter(loaded.recipe.network.modes), None)
        return cls(NOISE_SEED if seed is None else seed, modes.index(wanted) if wanted else 0)

    def facts(self, loaded: Checkpoint) -> dict[str, Any]:
        """Return what is chosen as JSON; nothing where there is no choice."""
        noise = {"noise_seed": self.seed} if loaded.recipe.network.noise else {}
        return noise | ({"mode": loaded.modes[self.answer]} if loaded.modes else {})


FIRST_CHOICE = Choice()
