"""Predicted ratings of every row of a manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.objective.ear import excerpt
from lossmodel.objective.network import Objective, Prediction
from lossmodel.progress import Report, silent


@dataclass(frozen=True)
class Opinion:
    """A predicted mean rating, 0-100, its 90 % interval, and whether anything like it was rated.

    `spread` is the standard deviation of the ensemble alone, in points.
    """

    mean: float
    low: float
    high: float
    in_calibration: bool
    spread: float


@dataclass(frozen=True)
class Score:
    """What is predicted for one condition of one item, by attribute."""

    item: str
    condition: str
    opinions: Mapping[str, Opinion]

    def columns(self) -> dict[str, float | bool]:
        """Return the columns of `scores.csv`: `A`, `A_low`, `A_high` and `A_in_calibration` of each attribute A.

        The last, `in_calibration`, says whether all are.
        """
        columns: dict[str, float | bool] = {
            f"{attribute}{suffix}": value
            for attribute, found in self.opinions.items()
            for suffix, value in (
                ("", round(found.mean, 3)),
                ("_low", round(found.low, 3)),
                ("_high", round(found.high, 3)),
                ("_in_calibration", found.in_calibration),
            )
        }
        return {**columns, "in_calibration": all(found.in_calibration for found in self.opinions.values())}


@torch.no_grad()
def score(objective: Objective, pairs: Sequence[Pair], *, report: Report = silent) -> list[Score]:
    """Return a score for each pair, in order; without a mixture, of the attributes that need none.

    `BadInput` names a file that cannot be read or judged, and a pair that needs a mixture and has none.
    """
    device = next(objective.buffers()).device
    found = []
    for step, pair in enumerate(pairs, start=1):
        heard = excerpt.read(pair)
        if heard.mixture is None and all(head.needs_mixture for head in objective.heads.values()):
            raise BadInput(f"{pair}: neither mixture nor accompaniment; the objective needs one of them")
        estimate, references = heard.estimate.to(device), heard.references.to(device)
        predictions = objective(estimate, references, None if heard.mixture is None else heard.mixture.to(device))
        opinions = {attribute: _opinion(prediction) for attribute, prediction in predictions.items()}
        found.append(Score(pair.item, pair.condition, opinions))
        report(step, len(pairs))
    return found


def _opinion(prediction: Prediction) -> Opinion:
    numbers = (prediction.mean, prediction.low, prediction.high, prediction.spread)
    mean, low, high, spread = (float(each[0]) for each in numbers)
    return Opinion(mean, low, high, bool(prediction.in_calibration[0]), spread)
