"""What an ear is: a rate, and frames of numbers in which sounds that are heard alike lie close."""

from typing import Protocol

from torch import Tensor


class Ear(Protocol):
    """An encoder whose weights are fixed."""

    name: str
    rate: int
    """The only rate that it understands, in Hz."""
    weights: str
    """The SHA-256 of its weights: the same ear is the same numbers."""

    def embed(self, signal: Tensor) -> Tensor:
        """Return the frames of a sound, differentiable in it; its level makes no difference.

        Shape: (batch, time) at `rate` → (batch, frames, dimensions).
        """
        ...
