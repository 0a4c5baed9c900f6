"""Ridge regression on the logit of ratings, with weights that are never negative: more of a distortion never pays."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Numbers = NDArray[np.float64]


def logit(score: Numbers, clip: float | Numbers) -> Numbers:
    """Return ln(p / (1 - p)) of scores of 0-100, kept `clip` points from both ends."""
    share: Numbers = np.clip(score, clip, 100 - clip) / 100
    return np.log(share / (1 - share))


def points(logits: Numbers) -> Numbers:
    """Return the scores, 0-100, of which these are the logits."""
    scores: Numbers = 100 / (1 + np.exp(-logits))
    return scores


def non_negative(
    salience: Numbers, target: Numbers, counts: Numbers, penalty: float, *, least: float = 1e-6
) -> tuple[Numbers, float]:
    """Return (weights, bias) that make bias - salience @ weights the target: weighted ridge, weights not negative.

    The penalty is on weights of standardised columns, of which none is taken to vary by less than `least`; the bias has
    none (Lawson & Hanson 1974, ch. 23, for the rest). Shape: (rows, columns), (rows,), (rows,) → (columns,), ().
    """
    if not salience.shape[1]:
        return np.zeros(0), float(counts @ target / counts.sum())
    share = counts / counts.sum()
    middle, aim = share @ salience, float(share @ target)
    centred = salience - middle
    deviation = np.maximum(np.sqrt(share @ centred**2), least)
    rows = np.sqrt(counts)[:, None] * centred / deviation
    design = np.concatenate([-rows, np.sqrt(penalty) * np.eye(len(middle))])
    found = nnls(design, np.concatenate([np.sqrt(counts) * (target - aim), np.zeros(len(middle))]))[0] / deviation
    return found, aim + float(middle @ found)
