"""Ridge regression on the logit of ratings, with weights that are never negative: more of a distortion never pays."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Numbers = NDArray[np.float64]
Texts = NDArray[np.str_]


MIN_LOGIT_SIZE = 1e-3
"""Smallest size of differences, on the logit, that are brought to another."""


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


def within_items(
    salience: Numbers, target: Numbers, counts: Numbers, penalty: float, *, item: Texts, study: Texts, scale: str
) -> tuple[Numbers, float]:
    """Return (weights, bias) as `non_negative`, of the differences between the rows of each item alone.

    Every pair of an item counts, what sets items apart does not. Each study has a scale of its own: its differences
    are brought to the size of those of the study `scale`, which gives the bias too; each counts the same, however many
    it rated.
    """
    kept = counts > 0
    salience, target, counts = salience[kept], target[kept], counts[kept]
    item, study = item[kept], study[kept]
    differing, apart, sizes = salience.copy(), target.copy(), {}
    for name in np.unique(item):
        own = item == name
        share = counts[own] / counts[own].sum()
        differing[own] -= share @ salience[own]
        apart[own] -= share @ target[own]
    for name in np.unique(study):
        own = study == name
        counts = np.where(own, counts / counts[own].sum(), counts)
        sizes[name] = np.sqrt(counts[own] @ apart[own] ** 2)
    apart *= sizes.get(scale, max(sizes.values())) / np.maximum([sizes[name] for name in study], MIN_LOGIT_SIZE)
    weight, _ = non_negative(differing, apart, counts / counts.mean(), penalty)
    own = study == scale if scale in sizes else np.ones_like(kept[kept])
    return weight, float(counts[own] @ (target + salience @ weight)[own] / counts[own].sum())
