"""From ratings to an objective: a ridge on the logit of each stimulus' mean rating, once for every resample of songs.

Songs, not stimuli, are what a fit has few of; so it is songs that are resampled for the ensemble and left out for the
residual and for the border of calibration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.objective.config import FitRecipe, Term
from lossmodel.objective.extract import REFERENCE, SILENCE, Stimulus, extract
from lossmodel.objective.features import FEATURES
from lossmodel.objective.network import Head, Objective
from lossmodel.progress import Report, silent
from lossmodel.ratings.table import stimulus_means

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]

SYSTEM: Final = "system"
UNRATED: Final = "unrated"
"""Role of the reference where it only marks the top of the scale: it has no weight."""

SHRINKAGE = 0.1
"""Share of the unit matrix in the covariance of terms, which are fewer songs than needed to know it."""

LEAST_SPREAD = 1.0
"""Smallest standard deviation of the systems' mean ratings, in points, from which anything can be learnt."""


@dataclass(frozen=True)
class Rated:
    """What the head of one attribute is fitted to; arrays of shape (stimuli,), and `raw` (stimuli, terms)."""

    attribute: str
    texts: tuple[str, ...]
    raw: Numbers
    score: Numbers
    item: NDArray[np.str_]
    condition: NDArray[np.str_]
    role: NDArray[np.str_]

    @property
    def systems(self) -> Mask:
        """Return which rows are systems under test."""
        return np.equal(self.role, SYSTEM)

    def only(self, rows: Mask) -> "Rated":
        """Return some of the rows."""
        kept = {name: getattr(self, name)[rows] for name in ("raw", "score", "item", "condition", "role")}
        return Rated(self.attribute, self.texts, **kept)


def fit(
    ratings: pd.DataFrame,
    pairs: Sequence[Pair],
    recipe: FitRecipe,
    *,
    cache: Path | None = None,
    report: Report = silent,
) -> Objective:
    """Return an objective for every attribute in `ratings` (the tidy table of `lossmodel.ratings.table`).

    `BadInput` for ratings of a stimulus that `pairs` do not hold, and for too little to learn from: one item, one
    assessor, or systems that nobody told apart.
    """
    rated = gather(ratings, pairs, recipe, cache=cache, report=report)
    return Objective({each.attribute: fit_head(each, recipe) for each in rated})


def gather(
    ratings: pd.DataFrame,
    pairs: Sequence[Pair],
    recipe: FitRecipe,
    *,
    cache: Path | None = None,
    report: Report = silent,
) -> list[Rated]:
    """Return features and mean ratings side by side, one `Rated` an attribute."""
    means = stimulus_means(ratings)
    check(ratings, means, pairs, recipe)
    needed = set(zip(means["item"], means["condition"]))
    stimuli = extract([pair for pair in pairs if (pair.item, pair.condition) in needed], cache=cache, report=report)
    found = {(each.item, each.condition): each for each in stimuli}
    return [_rated(str(name), group, found, recipe) for name, group in means.groupby("attribute", sort=False)]


def fit_head(rated: Rated, recipe: FitRecipe) -> Head:
    """Return the head fitted to `rated`; every choice that looks at data looks at these rows only."""
    head = Head(rated.texts, recipe.members)
    _set_scale(head, rated)
    z = _standardised(head, rated)
    weights = _weights(rated, recipe)
    target = _logit(rated.score, recipe.clip)
    counts = _resamples(rated.item, recipe)
    models = [_ridge(z, target, weights * count, recipe.ridge) for count in counts]
    _fill(head.weight, np.stack([weight for weight, _ in models]))
    _fill(head.bias, np.array([bias for _, bias in models]))
    _set_uncertainty(head, rated, z, target, weights, recipe)
    _set_top(head, rated, z)
    return head


def check(ratings: pd.DataFrame, means: pd.DataFrame, pairs: Sequence[Pair], recipe: FitRecipe) -> None:
    """Raise `BadInput` where a fit would be meaningless, saying why and what would help."""
    known = {(pair.item, pair.condition) for pair in pairs}
    for item, condition in zip(means["item"], means["condition"]):
        if (item, condition) not in known:
            raise BadInput(f"item {item!r}, condition {condition!r}: rated, but not in the manifest; add its row")
    for attribute, group in means.groupby("attribute"):
        unknown = {Term.parse(text).feature for text in recipe.terms_of(str(attribute))} - FEATURES.keys()
        if unknown:
            raise BadInput(f"recipe: no feature {min(unknown)!r}; known are {', '.join(FEATURES)}")
        systems = group[group["role"] == SYSTEM]
        people = ratings.loc[ratings["attribute"] == attribute, "assessor"].nunique()
        _refuse_little(str(attribute), items=systems["item"].nunique(), people=people, means=systems["mean"])


def _refuse_little(attribute: str, *, items: int, people: int, means: pd.Series) -> None:
    if items < 2:
        raise BadInput(f"attribute {attribute!r}: systems were rated on {items} item(s); a fit needs at least 2")
    if people < 2:
        raise BadInput(f"attribute {attribute!r}: {people} assessor; one person's scale cannot be told from the sounds")
    if (spread := float(means.std(ddof=0))) < LEAST_SPREAD:
        raise BadInput(f"attribute {attribute!r}: mean ratings differ by {spread:.1f} points only; nothing to learn")


def _rated(attribute: str, means: pd.DataFrame, stimuli: dict[tuple[str, str], Stimulus], recipe: FitRecipe) -> Rated:
    texts = recipe.terms_of(attribute)
    terms = [Term.parse(text) for text in texts]
    rows = [
        (stimuli[item, condition].terms(terms), score, item, condition, role)
        for item, condition, role, score in zip(means["item"], means["condition"], means["role"], means["mean"])
    ]
    firsts = {each.item: each for key, each in reversed(stimuli.items()) if key[0] in set(means["item"])}
    rows += [(each.terms(terms, of=REFERENCE), 100.0, item, REFERENCE, UNRATED) for item, each in firsts.items()]
    if attribute in recipe.silence:
        score = recipe.silence[attribute]
        rows += [(each.terms(terms, of=SILENCE), score, item, SILENCE, SILENCE) for item, each in firsts.items()]
    raw, scores, *names = zip(*rows)
    return Rated(attribute, texts, np.stack(raw), np.array(scores, float), *map(np.array, names))


def _weights(rated: Rated, recipe: FitRecipe) -> Numbers:
    by_role = {**recipe.weights.model_dump(), UNRATED: 0.0}
    return np.array([by_role[role] for role in rated.role])


def _resamples(items: NDArray[np.str_], recipe: FitRecipe) -> NDArray[np.int_]:
    """Return how often each row counts for each member, (members, stimuli): songs drawn with replacement."""
    songs, index = np.unique(items, return_inverse=True)
    draws = np.random.default_rng(recipe.seed).multinomial(
        len(songs), np.full(len(songs), 1 / len(songs)), size=recipe.members
    )
    return draws[:, index]


def _set_scale(head: Head, rated: Rated) -> None:
    """Set the transformation of terms from the systems: shifted logarithms, then mean and standard deviation."""
    raw = rated.raw[rated.systems]
    _fill(head.shift, 0.2 * np.abs(np.median(raw, axis=0)) + 1e-6)
    logged = np.array([term.log for term in head.terms])
    shifted = np.log(np.where(logged, np.maximum(raw, 0) + head.shift.numpy(), 1.0))
    values = np.where(logged, shifted, raw)
    _fill(head.centre, values.mean(axis=0))
    _fill(head.scale, values.std(axis=0) + 1e-3)


def _set_uncertainty(
    head: Head, rated: Rated, z: Numbers, target: Numbers, weights: Numbers, recipe: FitRecipe
) -> None:
    """Set the residual and the border of calibration from songs that the model has not seen."""
    residuals, distances = [], []
    heard = rated.role != UNRATED
    for song in np.unique(rated.item):
        others, own = rated.item != song, (rated.item == song) & rated.systems
        weight, bias = _ridge(z[others], target[others], weights[others], recipe.ridge)
        residuals.append(target[own] - z[own] @ weight - bias)
        precision = _precision(z[others & heard])
        distances.append(np.einsum("st,tu,su->s", z[own], precision, z[own]))
    _fill(head.residual, np.sqrt(np.mean(np.concatenate(residuals) ** 2)))
    _fill(head.precision, _precision(z[heard]))
    _fill(head.reach, np.quantile(np.concatenate(distances), 0.95))


def _set_top(head: Head, rated: Rated, z: Numbers) -> None:
    """Cap predictions where the reference stands, but never below what a rated system reached."""
    logits = z @ head.weight.double().numpy().T + head.bias.double().numpy()  # (stimuli, members)
    top = logits[rated.role == UNRATED].mean(axis=1).min()
    _fill(head.top, max(top, logits[rated.systems].max()))


def _ridge(z: Numbers, target: Numbers, weights: Numbers, penalty: float) -> tuple[Numbers, float]:
    """Return (weights, bias) of the weighted ridge regression; the bias is not penalised."""
    share = weights / weights.sum()
    z_mean, target_mean = share @ z, float(share @ target)
    centred = z - z_mean
    gram = centred.T @ (weights[:, None] * centred) + penalty * np.eye(z.shape[1])
    found = np.linalg.solve(gram, centred.T @ (weights * (target - target_mean)))
    return found, target_mean - float(z_mean @ found)


def _precision(z: Numbers) -> Numbers:
    spread = z.T @ z / len(z)
    return np.asarray(np.linalg.inv((1 - SHRINKAGE) * spread + SHRINKAGE * np.eye(z.shape[1])), dtype=np.float64)


def _standardised(head: Head, rated: Rated) -> Numbers:
    return head.standardise(torch.from_numpy(rated.raw)).double().numpy()


def _logit(score: Numbers, clip: float) -> Numbers:
    share = np.clip(score, clip, 100 - clip) / 100
    return np.log(share / (1 - share))


def _fill(buffer: torch.Tensor, value: Numbers | float) -> None:
    buffer.copy_(torch.as_tensor(value, dtype=buffer.dtype))
