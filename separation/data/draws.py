"""Random numbers by address: (seed, step, excerpt, what for), so that no draw depends on who else is in the batch.

A process that makes a part of a batch makes it as it would be in the whole.
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What is drawn for an excerpt beside the place that it is cut from."""

    UNPAIRED = 1
    OTHER_ACCOMPANIMENT = 2
    AUGMENTATION = 3
    NOISE = 4
    UNPAIRED_NOISE = 5
    LYRICS = 6


def draw(seed: int, step: int, excerpt: int, purpose: Purpose) -> np.random.Generator:
    """Return the generator of that address; the same whenever it is asked for."""
    return np.random.default_rng((seed, step, excerpt, purpose))
