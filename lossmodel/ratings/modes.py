"""Whether ratings crowd in more than one place, so that no single number speaks for them.

Listeners may be of two minds about one stimulus: a backing voice that half of them want. A mean then lies where nobody
rated. Silverman's test (1981) asks how far the ratings must be smoothed until one mode is left, and whether ratings
with one mode would need as much.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lossmodel.ratings.estimate import Values

MIN_RATINGS = 10
"""Fewer tell nothing of modes."""
GRID = np.arange(-50.0, 151.0)
"""Where densities are looked at, in points of the scale; room at both sides for what smoothing spreads beyond."""
_APART = np.abs(GRID[:, None] - GRID).astype(int)
BANDWIDTHS_POINTS = (5.0, 60.0)
"""Between which the critical bandwidth is looked for: modes within about ten points are one for whoever rates."""
TAILS = (0.05, 0.95)
"""Ratings beyond these quantiles are drawn in: one who rated the reference 60 is an outlier, no second opinion."""
HALVINGS = 10
FLAT = 1e-9
"""A rise of less than this share of the highest density is none."""


def one_mode_p(scores: Sequence[float] | Values, *, seed: int = 0, draws: int = 200) -> float | None:
    """Return the p-value of "these ratings (0–100) have one mode"; None for fewer than `MIN_RATINGS` or equal ones.

    >>> one_mode_p([20, 22, 25, 21, 24, 23] * 3 + [78, 80, 82, 79, 81, 77] * 3) < 0.05
    True
    """
    scores = np.asarray(scores, dtype=np.float64)
    if len(scores) < MIN_RATINGS:
        return None
    scores = np.clip(scores, *np.quantile(scores, TAILS))
    if np.ptp(scores) == 0:
        return None
    if _modes(_densities(scores[None], BANDWIDTHS_POINTS[0]))[0] == 1:
        return 1.0
    width = _critical_bandwidth(scores)
    variance = scores.var()
    shrink = 1 / np.sqrt(1 + width**2 / variance)
    rng = np.random.default_rng(seed)
    drawn = rng.choice(scores, size=(draws, len(scores))) + width * rng.standard_normal((draws, len(scores)))
    drawn = scores.mean() + shrink * (drawn - scores.mean())
    several = np.count_nonzero(_modes(_densities(drawn, width)) > 1)
    return float((several + 1) / (draws + 1))


def _critical_bandwidth(scores: Values) -> float:
    """Return the narrowest Gaussian kernel, in points, under which the ratings have one mode."""
    narrow, wide = BANDWIDTHS_POINTS
    for _ in range(HALVINGS):
        middle = (narrow + wide) / 2
        narrow, wide = (middle, wide) if _modes(_densities(scores[None], middle))[0] > 1 else (narrow, middle)
    return wide


def _densities(samples: Values, width: float) -> Values:
    """Return the smoothed density of each row of `samples` on the grid, up to a factor."""
    places = np.clip(np.rint(samples - GRID[0]).astype(int), 0, len(GRID) - 1)
    rows = np.arange(len(samples))[:, None] * len(GRID)
    counts = np.bincount((rows + places).ravel(), minlength=len(samples) * len(GRID)).reshape(len(samples), -1)
    kernel = np.exp(-0.5 * (np.arange(len(GRID)) / width) ** 2)
    densities: Values = counts.astype(np.float64) @ kernel[_APART]
    return densities


def _modes(densities: Values) -> NDArray[np.intp]:
    """Return how many maxima each density has; a plateau is one."""
    steps = np.diff(densities, axis=1)
    rising = steps > FLAT * densities.max(axis=1, keepdims=True)
    falling = steps < -FLAT * densities.max(axis=1, keepdims=True)
    last = np.maximum.accumulate(np.where(rising | falling, np.arange(steps.shape[1]), 0), axis=1)
    was_rising = np.take_along_axis(rising, last, axis=1)
    modes: NDArray[np.intp] = (was_rising[:, :-1] & falling[:, 1:]).sum(axis=1)
    return modes
