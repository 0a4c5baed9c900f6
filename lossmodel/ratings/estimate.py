"""What a statistic returns: a value, how sure it is, from how many, and by which rule. Never a star."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; all three are NaN where the data do not allow it, and `rule` says why."""

    value: float
    low: float
    high: float
    n: int
    rule: str


def missing(n: int, why: str) -> Estimate:
    """Return the estimate that could not be made."""
    return Estimate(float("nan"), float("nan"), float("nan"), n, why)


def bootstrap(
    statistic: Callable[[NDArray[np.intp]], float], n: int, *, seed: int, draws: int = 1000, level: float = 0.95
) -> tuple[float, float]:
    """Return the percentile interval of `statistic`, called with `draws` resamples of the indices 0…n-1."""
    rng = np.random.default_rng(seed)
    drawn = np.array([statistic(rng.integers(n, size=n)) for _ in range(draws)])
    low, high = np.nanquantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)
