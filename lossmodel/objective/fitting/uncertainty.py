"""How sure a head may be: split-conformal intervals over songs, and where what was rated ends.

Songs are what a fit has few of, and all stimuli of a song err alike; so whole songs are left out, and the errors on
them are taken for those on a song to come, as one draw among songs and not as one among stimuli.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import beta

from lossmodel.objective.fitting.regression import Numbers, points
from lossmodel.objective.network import Z90, Head

COVERAGE = 0.9
"""Share of the intervals that are to hold."""

SHRINKAGE = 0.3
"""Share of the diagonal in the covariance of terms, which are fewer songs than needed to know it."""

CALIBRATED_SHARE = 0.95
"""Share of the systems of songs left out that are in calibration."""


@dataclass(frozen=True)
class LeftOut:
    """A song that a fit has not seen.

    The salience of what was heard in the others, (rows, terms), and of its own systems, (systems, terms); how they
    were rated, (systems,), NaN where on another scale; the logits of each member, (systems, members).
    """

    others: Numbers
    salience: Numbers
    score: Numbers
    logits: Numbers


@torch.no_grad()
def set_uncertainty(head: Head, heard: Numbers, songs: Sequence[LeftOut]) -> None:
    """Set the residual of intervals and the border of calibration from songs that the model has not seen.

    The residual is what each interval needs beside the members' disagreement to hold, at `conformal_quantile`.
    `heard` is the salience of all that was rated, (rows, terms).
    """
    needed, distances = [], []
    for song in songs:
        errors = song.score - points(song.logits.mean(axis=1))
        needed.append(((errors / Z90) ** 2 - points(song.logits).var(axis=1))[~np.isnan(errors)])
        _place(head, song.others)
        distances.append(head.distance(torch.from_numpy(song.salience).to(head.centre.dtype)).numpy())
    fill(head.residual, math.sqrt(max(conformal_quantile([each for each in needed if len(each)], COVERAGE), 0.0)))
    _place(head, heard)
    fill(head.reach, float(np.quantile(np.concatenate(distances), CALIBRATED_SHARE)))


def conformal_quantile(scores: Sequence[Numbers], coverage: float) -> float:
    """Return the score that a share `coverage` of the stimuli of new songs will not exceed.

    Of one stimulus drawn from each of K songs, the ⌈coverage·(K + 1)⌉-th smallest score holds for one of a new song
    with that probability (Vovk et al. 2005; by groups Dunn, Wasserman & Ramdas 2023); which share of all scores lies
    under it varies with the draw, as Beta(k, K + 1 - k). The median over draws is taken, with every song alike in
    weight. Fewer songs than the coverage needs can promise nothing: then it is the largest of all scores.

    >>> conformal_quantile([np.arange(10.0), np.arange(10.0, 20.0)], 0.5)
    9.0
    """
    count = len(scores)
    rank = math.ceil(coverage * (count + 1))
    level = float(beta.median(rank, count + 1 - rank)) if rank <= count else 1.0
    values = np.concatenate(scores)
    shares = np.concatenate([np.full(len(each), 1 / len(each) / count) for each in scores])
    order = np.argsort(values)
    reached = int(np.searchsorted(np.cumsum(shares[order]), level - 1e-9))
    return float(values[order][min(reached, len(values) - 1)])


def fill(buffer: torch.Tensor, value: Numbers | float) -> None:
    """Copy numbers into a buffer."""
    buffer.copy_(torch.as_tensor(value, dtype=buffer.dtype))


def _place(head: Head, salience: Numbers) -> None:
    """Set the centre of some rows and the inverse of their covariance, shrunk towards independence."""
    away = salience - salience.mean(axis=0)
    covariance = away.T @ away / len(away)
    own = np.diag(np.diag(covariance)) + 1e-4 * np.eye(len(covariance))
    fill(head.centre, salience.mean(axis=0))
    fill(head.precision, np.linalg.inv((1 - SHRINKAGE) * covariance + SHRINKAGE * own))
