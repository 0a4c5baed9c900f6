"""How expert each assessor is: discrimination and reliability, after the expertise gauge of Report ITU-R BS.2300.

Of one assessor's ratings of the systems that he rated more than once, analysed by one-way ANOVA over stimuli:

    between = sum_s n_s (mean_s - mean)^2 / (S - 1)           how far apart he rates different stimuli
    within = sum_s,r (score_sr - mean_s)^2 / (N - S)          how far apart he rates the same one
    discrimination = between / the panel's mean within        BS.1534-3: perceives differences between test items
    reliability = the panel's mean between / within           BS.1534-3: repeats a rating of the same item

Both are F ratios against the panel, so whoever uses a small part of the scale repeats well and tells little apart. Of a
panel of one both are the F of the ANOVA. The noise floor is what an assessor would reach in 5 % of the ways to deal his
own ratings to the stimuli; since these have the same total sum of squares, who is above one floor is above the other.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lossmodel.ratings import table
from lossmodel.ratings.estimate import Values

NOISE_LEVEL: Final = 0.05
MIN_REPEATED_STIMULI: Final = 3
WHOLE_POINT_VARIANCE: Final = 1 / 12
"""Of rounding to whole points: repeats that agree to the point are not known to be nearer than that."""
DRAWS: Final = 999
TIE_TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class Expertise:
    """One assessor's indices, F ratios from 0, the noise floors of the panel, and whether they are above them."""

    assessor: str
    stimuli: int
    """Systems in items that this assessor rated more than once."""
    ratings: int
    discrimination: float
    reliability: float
    discrimination_floor: float
    reliability_floor: float
    p: float
    """How often chance does as well: (b + 1) / (draws + 1), never 0."""


class _Own(NamedTuple):
    """One assessor's ratings of what he rated more than once, ordered by stimulus; where each stimulus begins."""

    assessor: str
    scores: Values
    starts: NDArray[np.intp]


def expertise(panel: pd.DataFrame, *, level: float = NOISE_LEVEL, seed: int = 0) -> list[Expertise]:
    """Return the expertise of each assessor of one panel; none of who repeated fewer than three stimuli."""
    people = [own for own in _repeated(panel) if len(own.starts) >= MIN_REPEATED_STIMULI]
    squares = [_mean_squares(own.scores[None, :], own.starts) for own in people]
    between, within = (float(np.mean(each)) for each in zip(*squares, strict=True)) if people else (0.0, 0.0)
    rng = np.random.default_rng(seed)
    found = []
    for own, (told, apart) in zip(people, squares, strict=True):
        dealt = _mean_squares(rng.permuted(np.tile(own.scores, (DRAWS, 1)), axis=1), own.starts)
        reached = int(np.count_nonzero(dealt[0] >= told * (1 - TIE_TOLERANCE)))
        found.append(Expertise(
            own.assessor, len(own.starts), len(own.scores),
            discrimination=told.item() / within, reliability=between / apart.item(),
            discrimination_floor=float(np.quantile(dealt[0] / within, 1 - level)),
            reliability_floor=float(np.quantile(between / dealt[1], 1 - level)), p=(reached + 1) / (DRAWS + 1),
        ))  # fmt: skip
    return found


def _repeated(panel: pd.DataFrame) -> list[_Own]:
    key = table.with_part(panel, ["assessor", "item", "condition"])
    rows = panel[panel["role"] == "system"]
    rows = rows[rows.groupby(key)["score"].transform("size") > 1].sort_values([*key, "replicate"])
    return [
        _Own(str(assessor), own["score"].to_numpy(np.float64), np.flatnonzero(~own.duplicated(key)))
        for assessor, own in rows.groupby("assessor", sort=True)
    ]


def _mean_squares(scores: Values, starts: NDArray[np.intp]) -> tuple[Values, Values]:
    """Return the mean squares of one assessor's ratings, shape (draw, rating)."""
    ratings, stimuli = scores.shape[1], len(starts)
    apart = scores - scores.mean(axis=1, keepdims=True)
    counts = np.diff(np.append(starts, ratings))
    between = (np.add.reduceat(apart, starts, axis=1) ** 2 / counts).sum(axis=1)
    within = (apart**2).sum(axis=1) - between
    return between / (stimuli - 1), np.maximum(within / (ratings - stimuli), WHOLE_POINT_VARIANCE)
