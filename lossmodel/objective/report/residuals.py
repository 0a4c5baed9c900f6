"""What an objective gets wrong, by song, by system and by assessor: where to look, and whom to ask again."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy.stats import t as student

By = Literal["song", "system", "assessor"]
COLUMN_OF: Final[dict[By, str]] = {"song": "item", "system": "condition", "assessor": "assessor"}


@dataclass(frozen=True)
class Residual:
    """Rated less predicted for one song, system or assessor, in points.

    `mean` is the offset (above 0: people are kinder than the objective) with its 95 % interval (Student's t over the
    stimuli, NaN for a single one), `rms` the size of the error whatever its sign, `n` the stimuli.
    """

    name: str
    mean: float
    low: float
    high: float
    rms: float
    n: int


def residuals(predictions: pd.DataFrame, ratings: pd.DataFrame, by: By) -> list[Residual]:
    """Return the residuals of one attribute's predictions, largest offset first.

    `predictions` has item, condition, rated (the mean over assessors) and predicted; `ratings` is the tidy table of
    the same attribute. Songs and systems are held against the mean rating, an assessor against each of their own
    ratings (replicates averaged), so that an assessor's residual holds their offset on the scale.
    """
    own = predictions if by != "assessor" else _by_person(predictions, ratings)
    errors = (own["rated"] - own["predicted"]).groupby(own[COLUMN_OF[by]].astype(str))
    found = [_residual(str(name), each.to_numpy(dtype=float)) for name, each in errors]
    return sorted(found, key=lambda each: (-abs(each.mean), each.name))


def _by_person(predictions: pd.DataFrame, ratings: pd.DataFrame) -> pd.DataFrame:
    own = ratings.groupby(["assessor", "item", "condition"])["score"].mean().rename("rated").reset_index()
    return own.merge(predictions[["item", "condition", "predicted"]], on=["item", "condition"])


def _residual(name: str, errors: np.ndarray) -> Residual:
    mean, n = float(errors.mean()), len(errors)
    half = float(student.ppf(0.975, n - 1) * errors.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return Residual(name, mean, mean - half, mean + half, float(np.sqrt(np.mean(errors**2))), n)
