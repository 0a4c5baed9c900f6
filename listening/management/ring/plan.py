"""How large the demonstration is."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

STAGE_SHARES = (12, 52, 15, 3, 69, 92, 11, 42)
"""How long the stages take in relation to each other: seconds of one run at the default sizes, on two cores."""


@dataclass(frozen=True)
class Plan:
    """The numbers of one demonstration; the same numbers give the same ring."""

    slug: str = "demo"
    items: int = 7
    """Excerpts to be rated: the real one, the others synthetic."""
    seconds: float = 5.0
    """Length of an excerpt."""
    songs: int = 8
    """Synthetic songs to train on, none of them an item."""
    steps: int = 300
    """Training steps from scratch; the training against the objective takes half as many more."""
    assessors: int = 12
    seed: int = 1
    rate: int = 44100

    @property
    def folder(self) -> Path:
        """Return where the songs and sounds are made."""
        return Path(settings.MEDIA_ROOT) / "ring" / self.slug

    @property
    def stems(self) -> Path:
        """Return the folder of training songs."""
        return self.folder / "songs"


def seconds_left(stages: int, elapsed: float) -> float:
    """Return how many seconds the remaining stages will take if the first `stages` (from 1) took `elapsed` seconds.

    >>> seconds_left(2, 32.0)
    116.0
    """
    return elapsed / sum(STAGE_SHARES[:stages]) * sum(STAGE_SHARES[stages:])
