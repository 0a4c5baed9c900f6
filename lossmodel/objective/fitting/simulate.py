"""Listeners that do not exist, with a judgement that is known: to try a study out, and to test what learns from it.

What they hear is an objective with weights set by hand; how they rate is noise like that of real panels. Whatever
comes of them must be marked simulated.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import torch

from lossmodel.manifest import Pair
from lossmodel.objective.network import Head, Objective
from lossmodel.objective.score import score
from lossmodel.progress import Report, silent
from lossmodel.ratings.table import check

Truth = Mapping[tuple[str, str, str], float]
"""What is right, 0-100, by (attribute, item, condition)."""

OFFSET_SD_POINTS = 9.5
"""SD of assessors' offsets in points at mid-scale (9 to 14 % of the variance of real panels)."""

SCALE_SD = 0.12
"""SD of how much more or less of the scale an assessor uses."""

TASTE_SD_POINTS, REPEAT_SD_POINTS = 10.0, 10.0
"""SD of an assessor's own view of a stimulus, and of each rating; together 14 points, as in real panels."""

JUDGEMENT_WEIGHTS: Final[Mapping[str, tuple[float, Mapping[str, float]]]] = {
    # How unsteadily the closest remix is followed, and dullness. Reference 98, mixture 95.
    "quality": (4.0, {"flux": 2.4, "bands_lost": 2.0}),
    # How much less of the accompaniment is heard than in the mixture. Mixture 5, reference 98.
    "interference": (4.0, {"leak / mixture": 2.3}),
    # Both.
    "similarity": (4.0, {"flux": 1.6, "bands_lost": 1.4, "leak": 0.7}),
}
"""Logit of the rating by attribute: that of the reference, and the weight of each distortion."""

PLAINLY_HEARD_SIZES: Final = {"flux": 2.0, "bands_lost": 0.03, "leak / mixture": 0.05, "leak": 0.03}
"""Size from which a distortion is plainly heard."""

DEFAULT_ATTRIBUTE = "similarity"
"""How attributes are judged that are not in `JUDGEMENT_WEIGHTS`: as overall likeness."""


@dataclass(frozen=True)
class Assessor:
    """One simulated person; the same stimulus and replicate always get the same score, in whatever order."""

    seed: int
    number: int

    @property
    def name(self) -> str:
        """Return the pseudonym."""
        return f"simulated-{self.number + 1:03d}"

    def score(self, truth: float, stimulus: str, *, replicate: int = 0) -> float:
        """Return a whole score, 0-100, of a stimulus that deserves `truth`; people agree best at the scale's ends."""
        offset, scale = self._drawn("person") * (OFFSET_SD_POINTS, SCALE_SD)
        taste, moment = (
            self._drawn(stimulus)[0] * TASTE_SD_POINTS,
            self._drawn(stimulus, replicate + 1)[0] * REPEAT_SD_POINTS,
        )
        room = 2 * np.sqrt(truth / 100 * (1 - truth / 100))  # 1 at mid-scale, 0 at its ends
        return float(np.clip(np.round(truth + room * (offset + scale * (truth - 50) + taste + moment)), 0, 100))

    def _drawn(self, what: str, replicate: int = 0) -> np.ndarray:
        address = [self.seed, self.number, zlib.crc32(what.encode()), replicate]
        return np.random.default_rng(address).standard_normal(2)


def listener(attributes: Sequence[str] = ("quality", "interference", "similarity")) -> Objective:
    """Return the known objective: `JUDGEMENT_WEIGHTS` as an objective like any other, sure of itself."""
    return Objective(
        {
            attribute: _head(*JUDGEMENT_WEIGHTS.get(attribute, JUDGEMENT_WEIGHTS[DEFAULT_ATTRIBUTE]))
            for attribute in attributes
        }
    )


def truth(objective: Objective, pairs: Sequence[Pair], *, report: Report = silent) -> dict[tuple[str, str, str], float]:
    """Return what each pair deserves on each attribute of `objective`, usually `listener()`."""
    found = score(objective, pairs, report=report)
    return {
        (name, each.item, each.condition): opinion.mean for each in found for name, opinion in each.opinions.items()
    }


def ratings(
    truth: Truth,
    *,
    roles: Mapping[str, str],
    assessors: int,
    seed: int,
    replicates: int = 1,
    study: str = "simulated",
) -> pd.DataFrame:
    """Return the tidy ratings of a panel that rates every stimulus `replicates` times; `roles` by condition."""
    trials = list(dict.fromkeys((attribute, item) for attribute, item, _ in truth))
    rows = [
        {
            "study": study,
            "session": f"{study}-{assessor.name}",
            "assessor": assessor.name,
            "attribute": attribute,
            "item": item,
            "condition": condition,
            "role": roles.get(condition, "system"),
            "replicate": replicate,
            "trial": trials.index((attribute, item)) + replicate * len(trials),
            "position": position,
            "score": assessor.score(right, f"{attribute}/{item}/{condition}", replicate=replicate),
            "seconds": "",
            "simulated": True,
        }
        for assessor in (Assessor(seed, number) for number in range(assessors))
        for replicate in range(replicates)
        for position, ((attribute, item, condition), right) in enumerate(truth.items())
    ]
    return check(pd.DataFrame(rows), name=study)


def _head(bias: float, weights: Mapping[str, float]) -> Head:
    head = Head({"listener": tuple(weights)})
    head.scale.copy_(torch.tensor([PLAINLY_HEARD_SIZES[text] for text in weights]))
    head.weight.copy_(torch.tensor([list(weights.values())]))
    head.bias.fill_(bias)
    return head
