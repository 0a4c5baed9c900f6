"""From ratings to an objective: non-negative least squares on the logit of mean ratings, member by member.

Songs, not stimuli, are what a fit has few of; so it is songs that are left out for the residual and for the border of
calibration.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.optimize import nnls

from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.objective.config import FitRecipe
from lossmodel.objective.ear.features import FEATURES
from lossmodel.objective.fitting.extract import REFERENCE, Stimulus, extract
from lossmodel.objective.fitting.regression import Numbers, logit, non_negative, points
from lossmodel.objective.network import Z90, Head, Objective
from lossmodel.progress import Report, silent
from lossmodel.ratings.table import stimulus_means

Mask = NDArray[np.bool_]

SYSTEM: Final = "system"
ANCHOR: Final = "anchor"
UNRATED: Final = "unrated"
"""Role of the reference that any song yields, whether it was rated or not."""

PROBE: Final = "probe"
"""Role of sounds whose score is known without asking."""

SCALE_SHARE_OF_LOWER_QUARTILE = 0.8
SCALE_SHARE_OF_MAXIMUM = 0.05
"""The scale of a term, as a share of the lower quartile over systems or, if larger, of its most in any sound.

The better systems say from where on it matters: a median hangs on how many bad ones were rated."""

PROBE_SALIENCE_FACTOR = 2.0
"""How many times more salient than in any system a distortion is of which only probes tell."""

SHRINKAGE = 0.3
"""Share of the diagonal in the covariance of terms, which are fewer songs than needed to know it."""

PROBE_CLIP_POINTS = 0.01
"""How far the score of a probe is kept from 0 and 100, in points: nobody's rating, so nobody missed it by a point."""

MIN_SCALE_POINTS = 30.0
"""Points between reference and worst anchor under which the scale is not stretched any more."""

MAX_SHARE_BELOW_ANCHOR = 0.25
"""Share of the systems that may be rated below the worst anchor if that is to be an end of the scale."""

MIN_SPREAD_POINTS = 1.0
"""Smallest standard deviation of the systems' mean ratings, in points, from which anything can be learnt."""


@dataclass(frozen=True)
class Rated:
    """What the head of one attribute is fitted to; arrays of shape (stimuli,), and `raw` (stimuli, terms).

    `people` rated each stimulus, 0 where its score is known without asking.
    """

    attribute: str
    members: Mapping[str, tuple[str, ...]]
    raw: Numbers
    score: Numbers
    people: Numbers
    item: NDArray[np.str_]
    condition: NDArray[np.str_]
    role: NDArray[np.str_]

    @property
    def systems(self) -> Mask:
        """Return which rows are systems under test."""
        return np.equal(self.role, SYSTEM)

    def only(self, rows: Mask) -> "Rated":
        """Return some of the rows."""
        kept = {name: getattr(self, name)[rows] for name in ("raw", "score", "people", "item", "condition", "role")}
        return Rated(self.attribute, self.members, **kept)


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
    rated, head = _placed(rated, recipe), Head(rated.members)
    usual, most = np.quantile(rated.raw[rated.systems], 0.25, axis=0), rated.raw[rated.role != PROBE].max(axis=0)
    most = np.where(most > 0, most, rated.raw.max(axis=0))
    _fill(head.scale, np.maximum(SCALE_SHARE_OF_LOWER_QUARTILE * usual, SCALE_SHARE_OF_MAXIMUM * most) + 1e-6)
    salience = head.salience(torch.from_numpy(rated.raw)).double().numpy()
    if np.isin(rated.role, [ANCHOR, PROBE]).any():  # else nothing that was judged need be as bad as can be
        _fill(head.most, salience.max(axis=0))
    weight, bias = _fitted(head, rated, salience, np.ones(len(rated.score), bool), recipe)
    _fill(head.weight, weight)
    _fill(head.bias, bias)
    _set_uncertainty(head, rated, salience, recipe)
    return head


def check(ratings: pd.DataFrame, means: pd.DataFrame, pairs: Sequence[Pair], recipe: FitRecipe) -> None:
    """Raise `BadInput` where a fit would be meaningless, saying why and what would help."""
    known = {(pair.item, pair.condition) for pair in pairs}
    for item, condition in zip(means["item"], means["condition"]):
        if (item, condition) not in known:
            raise BadInput(f"item {item!r}, condition {condition!r}: rated, but not in the manifest; add its row")
    for attribute, group in means.groupby("attribute"):
        unknown = {term.feature for term in Head(recipe.members_of(str(attribute))).terms} - FEATURES.keys()
        if unknown:
            raise BadInput(f"recipe: no feature {min(unknown)!r}; known are {', '.join(FEATURES)}")
        systems = group[group["role"] == SYSTEM]
        people = ratings.loc[ratings["attribute"] == attribute, "assessor"].nunique()
        _refuse_little(str(attribute), items=systems["item"].nunique(), people=people, means=systems["mean"])


def _refuse_little(attribute: str, *, items: int, people: int, means: pd.Series) -> None:
    if items < 2:
        raise BadInput(f"attribute {attribute!r}: systems were rated on {items} item(s); a fit needs at least 2")
    if people < 2:
        raise BadInput(
            f"attribute {attribute!r}: {people} assessor; one person's scale cannot be separated from the sounds"
        )
    if (spread := float(means.std(ddof=0))) < MIN_SPREAD_POINTS:
        raise BadInput(
            f"attribute {attribute!r}: mean ratings differ by {spread:.1f} points only; nothing can be learnt from them"
        )


def _rated(attribute: str, means: pd.DataFrame, stimuli: dict[tuple[str, str], Stimulus], recipe: FitRecipe) -> Rated:
    members = recipe.members_of(attribute)
    terms = Head(members).terms
    rows = [
        (stimuli[item, condition].terms(terms), score, people, item, condition, role)
        for item, condition, role, score, people in zip(
            *(means[name] for name in ("item", "condition", "role", "mean", "n"))
        )
    ]
    firsts = {each.item: each for key, each in reversed(stimuli.items()) if key[0] in set(means["item"])}
    known = {REFERENCE: {attribute: 100.0}, **recipe.known}
    rows += [
        (each.terms(terms, of=probe), scores[attribute], 0, item, probe, UNRATED if probe == REFERENCE else PROBE)
        for probe, scores in known.items()
        if attribute in scores
        for item, each in firsts.items()
    ]
    raw, scores, people, *names = zip(*rows)
    numbers = np.array(scores, float), np.array(people, float)
    return Rated(attribute, members, np.stack(raw), *numbers, *map(np.array, names))


def _placed(rated: Rated, recipe: FitRecipe) -> Rated:
    """Return the ratings moved and stretched so that the scale's ends lie where panels put them (`config.Ends`).

    They stay as they are where no anchor is an end: a mixture alone has a quality as good as the reference's.
    """
    believed, asked = recipe.ends, rated.people > 0
    by_anchor = [rated.score[asked & (rated.condition == name)] for name in set(rated.condition[rated.role == ANCHOR])]
    references = rated.score[asked & (rated.role == "reference")]
    if not by_anchor or not len(references) or not believed.raters:
        return rated
    low, high = min(each.mean() for each in by_anchor), references.mean()
    if np.mean(rated.score[rated.systems] < low) > MAX_SHARE_BELOW_ANCHOR:
        return rated
    own = (people := rated.people[asked].mean()) / (people + believed.raters)
    to_low, to_high = (
        own * seen + (1 - own) * told for seen, told in ((low, believed.anchor), (high, believed.reference))
    )
    moved = to_low + (rated.score - low) * (to_high - to_low) / max(high - low, MIN_SCALE_POINTS)
    return replace(rated, score=np.where(asked, moved.clip(0, 100), rated.score))


def _weights(rated: Rated, recipe: FitRecipe) -> Numbers:
    """Return how much each row counts; the reference that any song yields counts where it was not rated."""
    by_role = recipe.weights.model_dump()
    by_role[UNRATED] = 0.0 if "reference" in rated.role else by_role["reference"]
    return np.array([by_role[role] for role in rated.role])


def _fitted(head: Head, rated: Rated, salience: Numbers, rows: Mask, recipe: FitRecipe) -> tuple[Numbers, Numbers]:
    """Return (weights, biases) of all members, fitted to some of the rows.

    Probes settle only the weights of what no system has, such as that nothing is left; the others are for the ratings.
    """
    probes, systems = (rated.role == PROBE) & rows, rated.systems & rows
    target = logit(rated.score, np.where(probes, PROBE_CLIP_POINTS, recipe.clip))
    counts = _weights(rated, recipe) * rows
    beyond = salience[probes].max(axis=0, initial=0) > PROBE_SALIENCE_FACTOR * salience[systems].max(axis=0, initial=0)
    weight, bias = np.zeros(head.weight.shape), np.zeros(head.bias.shape)
    for member, texts in enumerate(head.members.values()):
        columns = np.array([head.texts.index(text) for text in texts])
        usual, unheard = columns[~beyond[columns]], columns[beyond[columns]]
        found = non_negative(salience[:, usual], target, counts * ~probes, recipe.ridge)
        weight[member, usual], bias[member] = found
        short = bias[member] - salience[probes] @ weight[member] - target[probes]
        if probes.any() and len(unheard):  # scipy's nnls corrupts memory where there is no column
            weight[member, unheard] = nnls(salience[np.ix_(probes, unheard)], short)[0]
    return weight, bias


def _set_uncertainty(head: Head, rated: Rated, salience: Numbers, recipe: FitRecipe) -> None:
    """Set the residual and the border of calibration from songs that the model has not seen.

    The residual makes nine of ten 90 % intervals hold, with the members' disagreement in them.
    """
    unexplained, distances = [], []
    heard = rated.role != UNRATED
    for song in np.unique(rated.item):
        others, own = rated.item != song, (rated.item == song) & rated.systems
        weight, bias = _fitted(head, rated, salience, others, recipe)
        logits = bias - salience[own] @ weight.T
        errors = rated.score[own] - points(logits.mean(axis=1))
        unexplained.append((errors / Z90) ** 2 - points(logits).var(axis=1))
        centre, precision = _spread(salience[others & heard])
        away = salience[own] - centre
        distances.append(np.einsum("st,tu,su->s", away, precision, away))
    _fill(head.residual, np.sqrt(max(np.quantile(np.concatenate(unexplained), 0.9), 0.0)))
    for buffer, value in zip((head.centre, head.precision), _spread(salience[heard])):
        _fill(buffer, value)
    _fill(head.reach, np.quantile(np.concatenate(distances), 0.95))


def _spread(salience: Numbers) -> tuple[Numbers, Numbers]:
    """Return the centre of some rows and the inverse of their covariance, shrunk towards independence."""
    away = salience - salience.mean(axis=0)
    covariance = away.T @ away / len(away)
    own = np.diag(np.diag(covariance)) + 1e-4 * np.eye(len(covariance))
    return salience.mean(axis=0), np.linalg.inv((1 - SHRINKAGE) * covariance + SHRINKAGE * own)


def _fill(buffer: torch.Tensor, value: Numbers | float) -> None:
    buffer.copy_(torch.as_tensor(value, dtype=buffer.dtype))
