"""From similarities to scores: the mapping printed in the paper of 2011, and one fitted to scores of version 2.

The fitted mapping is a logistic curve of a quadratic form of log-similarities (Vincent 2012, M1), in the features that
that paper found best for each task. Outside what it was fitted to it does not follow the quadratic form: below it stays
where it is, above it rises evenly to what a perfect estimate has. Its weights stand in `mapping.json`;
`benchmarks/peass.py` fits them.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from lossmodel.files import read_json
from lossmodel.metrics.peass.features import Features

WEIGHTS: Final = Path(__file__).with_name("mapping.json")

INPUTS: Final = {
    "tps": ("target", "interference", "artifacts"),
    "ips": ("overall", "interference", "artifacts"),
    "aps": ("target", "artifacts"),
}
"""Vincent 2012, table 2, bottom line."""

REACH = 5.5
"""Log-similarities are kept within ± this."""

PERFECT = 99.5
"""Score of an estimate that cannot be told from the target."""

MARGIN = 0.5
"""How far beyond the log-similarities it was fitted to the quadratic form is trusted."""

PAPER: Final = {
    "ops": (("overall", "target", "interference", "artifacts"), ((1340.9, (0.1, -0.2, 6.3, 5.7), -14.4),)),
    "tps": (
        ("overall", "target", "interference", "artifacts"),
        ((625.2, (-0.7, 8.4, 0.8, -1.3), -9.1), (1210.1, (34.2, -27.0, 7.0, -10.2), -8.2)),
    ),
    "ips": (("interference",), ((100.0, (14.1,), -11.9),)),
    "aps": (("artifacts",), ((100.0, (14.3,), -14.5), (100.0, (14.2,), -14.3))),
}
"""Features and sigmoids (v, w, b) of each task: Emiya et al. 2011, table VI."""


@dataclass(frozen=True)
class Mapping:
    """One task's weights of 1, the inputs less their `centre`, and their products, within `low` and `high`."""

    centre: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    weights: tuple[float, ...]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return scores of log-similarities: (..., inputs) → (...)."""
        centre, low, high, weights = (inputs.new_tensor(each) for each in astuple(self))
        inside = torch.minimum(torch.maximum(inputs, low), high)
        rise = torch.logit(inputs.new_tensor(PERFECT / 100)) - _terms(high - centre) @ weights
        beyond = (inputs - high).clamp(min=0).sum(-1) / (REACH - high).sum()
        return 100 * torch.sigmoid(_terms(inside - centre) @ weights + rise.clamp(min=0) * beyond)


@dataclass(frozen=True)
class Scores:
    """Target-, interference- and artifacts-related perceptual scores, 0-100, higher is better; each (batch,)."""

    tps: Tensor
    ips: Tensor
    aps: Tensor


def scores(features: Features) -> Scores:
    """Return the scores of the fitted mapping. Differentiable."""
    return Scores(**{task: mapping(inputs(features, task)) for task, mapping in _mappings().items()})


def paper_scores(features: Features) -> dict[str, Tensor]:
    """Return ops, tps, ips and aps by the mapping of 2011 (eq. 18), kept within 0-100.

    Its weights were fitted to similarities of PEMO-Q's modulation version, correlated over the whole excerpt; given
    those of this package the scores keep their order, not their level.
    """
    found = {}
    for task, (names, sigmoids) in PAPER.items():
        given = torch.stack([getattr(features, name) for name in names], dim=-1)
        parts = [v * torch.sigmoid(given @ given.new_tensor(w) + b) for v, w, b in sigmoids]
        found[task] = torch.stack(parts).sum(0).clamp(0, 100)
    return found


def inputs(features: Features, task: str) -> Tensor:
    """Return a task's log-similarities, within ± `REACH`: (batch,) each → (batch, inputs)."""
    similarities = torch.stack([getattr(features, name) for name in INPUTS[task]], dim=-1)
    limit = math.tanh(REACH / 2)
    return 2 * torch.atanh(similarities.clamp(-limit, limit))


def fit(given: Tensor, published: Sequence[float], *, ridge: float = 0.1) -> Mapping:
    """Return the mapping that comes nearest to published scores, by least squares on the curve's argument.

    Shape: log-similarities (n, inputs), n scores.
    """
    centre = given.mean(0)
    terms = _terms(given - centre)
    wanted = torch.logit(torch.tensor(published, dtype=terms.dtype) / 100, eps=1e-3)
    load = ridge * torch.eye(terms.shape[1], dtype=terms.dtype)
    load[0, 0] = 0  # the level is free
    weights = torch.linalg.solve(terms.T @ terms + load, terms.T @ wanted)
    low, high = given.amin(0) - MARGIN, (given.amax(0) + MARGIN).clamp(max=REACH - 0.1)
    return Mapping(*(tuple(round(value, 6) for value in each.tolist()) for each in (centre, low, high, weights)))


def _terms(given: Tensor) -> Tensor:
    """Return 1, the inputs and their products: (..., inputs) → (..., terms)."""
    columns = list(given.unbind(-1))
    products = [first * second for first, second in combinations_with_replacement(columns, 2)]
    return torch.stack([torch.ones_like(columns[0]), *columns, *products], dim=-1)


@lru_cache(maxsize=1)
def _mappings() -> dict[str, Mapping]:
    card = read_json(WEIGHTS)
    return {task: Mapping(**{name: tuple(values) for name, values in card[task].items()}) for task in INPUTS}
