"""From similarities to scores: the mapping printed in the paper of 2011, and one fitted to scores of version 2.

The fitted mapping is a logistic curve of log-similarities (Vincent 2012, M1), in the features that the paper found best
for each task. The curve's argument is a line, and what a Gaussian process makes of the residuals: published scores are
a network's, without noise, so that near a known stimulus its score is known. Outside what it was fitted to it does not
follow the line: below it stays where it is, above it rises evenly to what a perfect estimate has. What it was fitted to
stands in `mapping.json`; `benchmarks/peass.py` writes it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from lossmodel.files import read_json
from lossmodel.metrics.peass.features import Features

WEIGHTS_FILE: Final = Path(__file__).with_name("mapping.json")

INPUTS: Final = {
    "tps": ("target", "interference", "artifacts"),
    "ips": ("overall", "interference", "artifacts"),
    "aps": ("target", "artifacts"),
}
"""Vincent 2012, table 2, bottom line."""

MAX_LOG_SIMILARITY = 5.5
"""Log-similarities are kept within ± this."""

PERFECT_SCORE = 99.5
"""Score of an estimate that cannot be told from the target."""

EXTRAPOLATION_MARGIN = 1.0
"""How far beyond the log-similarities it was fitted to the line is trusted."""

KERNEL_WIDTHS: Final = (1.0, 2.0, 3.0)
"""Of the Gaussian process: how far in log-similarities a known residual reaches; leaving songs out chooses one."""

RESIDUAL_NOISE_VARIANCE = 0.05
"""Variance of a residual, of which the process has 1: similarities are not quite those of the published version."""

PAPER_MAPPINGS: Final = {
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
    """One task's weights of 1 and of the inputs less their `centre`, within `low` and `high`.

    `known` are the inputs of stimuli, one after the other, `pulls` what each adds nearby, within about `width`.
    """

    centre: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    weights: tuple[float, ...]
    width: tuple[float]
    known: tuple[float, ...]
    pulls: tuple[float, ...]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return scores of log-similarities: (..., inputs) → (...)."""
        low, high = inputs.new_tensor(self.low), inputs.new_tensor(self.high)
        inside = torch.minimum(torch.maximum(inputs, low), high)
        rise = torch.logit(inputs.new_tensor(PERFECT_SCORE / 100)) - self.argument(high)
        beyond = (inputs - high).clamp(min=0).sum(-1) / (MAX_LOG_SIMILARITY - high).sum()
        return 100 * torch.sigmoid(self.argument(inside) + rise.clamp(min=0) * beyond)

    def argument(self, inputs: Tensor) -> Tensor:
        """Return the logistic curve's argument: (..., inputs) → (...)."""
        centre, weights, known, pulls = (
            inputs.new_tensor(each) for each in (self.centre, self.weights, self.known, self.pulls)
        )
        near = _near(inputs, known.reshape(-1, len(centre)), self.width[0])
        return weights[0] + (inputs - centre) @ weights[1:] + near @ pulls


@dataclass(frozen=True)
class Scores:
    """Target-, interference- and artifacts-related perceptual scores, 0-100, higher is better; each (batch,)."""

    tps: Tensor
    ips: Tensor
    aps: Tensor


def scores(features: Features) -> Scores:
    """Return the scores of the fitted mapping. Differentiable."""
    return Scores(**{task: mapping(inputs(features, task)) for task, mapping in mappings().items()})


def paper_scores(features: Features) -> dict[str, Tensor]:
    """Return ops, tps, ips and aps by the mapping of 2011 (eq. 18), kept within 0-100.

    Its weights were fitted to similarities of PEMO-Q's modulation version, correlated over the whole excerpt; given
    those of this package the scores keep their order, not their level.
    """
    found = {}
    for task, (names, sigmoids) in PAPER_MAPPINGS.items():
        given = torch.stack([getattr(features, name) for name in names], dim=-1)
        parts = [v * torch.sigmoid(given @ given.new_tensor(w) + b) for v, w, b in sigmoids]
        found[task] = torch.stack(parts).sum(0).clamp(0, 100)
    return found


def inputs(features: Features, task: str) -> Tensor:
    """Return a task's log-similarities, within ± `MAX_LOG_SIMILARITY`: (batch,) each → (batch, inputs)."""
    similarities = torch.stack([getattr(features, name) for name in INPUTS[task]], dim=-1)
    limit = math.tanh(MAX_LOG_SIMILARITY / 2)
    return 2 * torch.atanh(similarities.clamp(-limit, limit))


def fit(
    given: Tensor,
    published: Sequence[float],
    *,
    songs: Sequence[str] | None = None,
    ridge: float = 0.1,
    widths: Sequence[float] = KERNEL_WIDTHS,
) -> Mapping:
    """Return the mapping that comes nearest to published scores, on the curve's argument.

    Of the kernel's `widths` it has the one that predicts songs best that are left out (each stimulus if none is given).
    Shape: log-similarities (n, inputs), n scores, n songs.
    """
    scores = torch.tensor(published, dtype=given.dtype)
    groups = np.array(range(len(given)) if songs is None else songs)

    def left_out(width: float) -> float:
        errors = []
        for song in np.unique(groups):
            here = torch.from_numpy(groups == song)
            found = _fitted(given[~here], scores[~here], width, ridge)(given[here])
            errors.append((found - scores[here]).abs())
        return float(torch.cat(errors).mean())

    return _fitted(given, scores, widths[0] if len(widths) == 1 else min(widths, key=left_out), ridge)


def _fitted(given: Tensor, scores: Tensor, width: float, ridge: float) -> Mapping:
    centre = given.mean(0)
    terms = torch.cat([torch.ones_like(given[:, :1]), given - centre], dim=1)
    wanted = torch.logit(scores / 100, eps=1e-3)
    load = ridge * torch.eye(terms.shape[1], dtype=terms.dtype)
    load[0, 0] = 0  # the level is free
    weights = torch.linalg.solve(terms.T @ terms + load, terms.T @ wanted)
    covariance = _near(given, given, width) + RESIDUAL_NOISE_VARIANCE * torch.eye(len(given), dtype=given.dtype)
    pulls = torch.linalg.solve(covariance, wanted - terms @ weights)
    low, high = (
        given.amin(0) - EXTRAPOLATION_MARGIN,
        (given.amax(0) + EXTRAPOLATION_MARGIN).clamp(max=MAX_LOG_SIMILARITY - 0.1),
    )
    found = (centre, low, high, weights, given.new_tensor([width]), given.flatten(), pulls)
    return Mapping(*(tuple(round(value, 5) for value in each.tolist()) for each in found))


def _near(inputs: Tensor, known: Tensor, width: float) -> Tensor:
    """Return how near each is to each known one, 1 to 0: (..., inputs), (n, inputs) → (..., n)."""
    return torch.exp(-(inputs[..., None, :] - known).square().sum(-1) / (2 * width**2))


@lru_cache(maxsize=1)
def mappings() -> dict[str, Mapping]:
    """Return the fitted mapping of each task."""
    card = read_json(WEIGHTS_FILE)
    return {task: Mapping(**{name: tuple(values) for name, values in card[task].items()}) for task in INPUTS}
