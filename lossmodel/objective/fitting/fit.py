"""From ratings to an objective: non-negative least squares on the logit of mean ratings, member by member.

Songs, not stimuli, are what a fit has few of; so it is songs that are left out for the residual and for the border of
calibration.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from lossmodel.objective.ears import features_of, open_ears
from lossmodel.objective.fitting.extract import REFERENCE, Stimulus, extract
from lossmodel.objective.fitting.regression import Numbers, logit, non_negative, within_items
from lossmodel.objective.fitting.uncertainty import LeftOut, fill, set_uncertainty
from lossmodel.objective.network import Head, Objective, flawed
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

    `people` rated each stimulus, 0 where its score is known without asking. `scale` names the study whose scale
    predictions are on, the first of the ratings.
    """

    attribute: str
    members: Mapping[str, tuple[str, ...]]
    raw: Numbers
    score: Numbers
    people: Numbers
    item: NDArray[np.str_]
    condition: NDArray[np.str_]
    role: NDArray[np.str_]
    study: NDArray[np.str_]
    scale: str
    flaws: Mapping[str, float] = field(default_factory=dict)

    @property
    def systems(self) -> Mask:
        """Return which rows are systems under test."""
        return np.equal(self.role, SYSTEM)

    def only(self, rows: Mask) -> "Rated":
        """Return some of the rows."""
        names = ("raw", "score", "people", "item", "condition", "role", "study")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})


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
    return Objective({each.attribute: fit_head(each, recipe) for each in rated}, open_ears(recipe.ears))


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
    own = [pair for pair in pairs if (pair.item, pair.condition) in needed]
    stimuli = extract(own, ears=open_ears(recipe.ears), cache=cache, report=report)
    found = {(each.item, each.condition): each for each in stimuli}
    first = ratings.drop_duplicates("item")
    study = {str(item): str(name) for item, name in zip(first["item"], first["study"])}
    return [_rated(str(name), group, found, study, recipe) for name, group in means.groupby("attribute", sort=False)]


def fit_head(rated: Rated, recipe: FitRecipe) -> Head:
    """Return the head fitted to `rated`; every choice that looks at data looks at these rows only."""
    rated = _placed(rated, recipe)
    head, salience = _fitted_head(rated, recipe)
    songs = [_left_out(head, rated, salience, song, recipe) for song in np.unique(rated.item)]
    set_uncertainty(head, salience[rated.role != UNRATED], songs)
    return head


def fit_means(rated: Rated, recipe: FitRecipe) -> Head:
    """Return the same without its uncertainty, which takes a fit for each song: intervals and calibration are void."""
    return _fitted_head(_placed(rated, recipe), recipe)[0]


def _fitted_head(rated: Rated, recipe: FitRecipe) -> tuple[Head, Numbers]:
    head = Head(rated.members, rated.flaws)
    raw = rated.raw[:, : len(head.texts)]
    usual, most = np.quantile(raw[rated.systems], 0.25, axis=0), raw[rated.role != PROBE].max(axis=0)
    most = np.where(most > 0, most, raw.max(axis=0))
    fill(head.scale, np.maximum(SCALE_SHARE_OF_LOWER_QUARTILE * usual, SCALE_SHARE_OF_MAXIMUM * most) + 1e-6)
    salience = head.salience(torch.from_numpy(rated.raw)).double().numpy()
    if np.isin(rated.role, [ANCHOR, PROBE]).any():  # else nothing that was judged need be as bad as can be
        fill(head.most, salience.max(axis=0))
    weight, bias = _fitted(head, rated, salience, np.ones(len(rated.score), bool), recipe)
    fill(head.weight, weight)
    fill(head.bias, bias)
    return head, salience


def check(ratings: pd.DataFrame, means: pd.DataFrame, pairs: Sequence[Pair], recipe: FitRecipe) -> None:
    """Raise `BadInput` where a fit would be meaningless, saying why and what would help."""
    known = {(pair.item, pair.condition): pair for pair in pairs}
    for item, condition in zip(means["item"], means["condition"]):
        if (item, condition) not in known:
            raise BadInput(f"item {item!r}, condition {condition!r}: rated, but not in the manifest; add its row")
    for attribute, group in means.groupby("attribute"):
        head = Head(recipe.members_of(str(attribute)), recipe.flaws_of(str(attribute)))
        known_features = [*FEATURES, *features_of(recipe.ears)]
        if unknown := {term.feature for term in head.terms}.difference(known_features):
            raise BadInput(f"recipe: no feature {min(unknown)!r}; known are {', '.join(known_features)}")
        for pair in (known[key] for key in zip(group["item"], group["condition"])):
            if head.needs_mixture and not (pair.mixture or pair.accompaniment):
                raise BadInput(f"{pair}: neither mixture nor accompaniment; {attribute!r} needs one of them")
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


def _rated(
    attribute: str,
    means: pd.DataFrame,
    stimuli: dict[tuple[str, str], Stimulus],
    study: Mapping[str, str],
    recipe: FitRecipe,
) -> Rated:
    members = recipe.members_of(attribute)
    flaws = recipe.flaws_of(attribute)
    terms = Head(members, flaws).terms
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
    raw, scores, people, items, conditions, roles = zip(*rows)
    studies = np.array([study[item] for item in items])
    return Rated(
        attribute,
        members,
        raw=np.stack(raw),
        score=np.array(scores, float),
        people=np.array(people, float),
        item=np.array(items),
        condition=np.array(conditions),
        role=np.array(roles),
        study=studies,
        scale=next(name for name in study.values() if name in studies),
        flaws=flaws,
    )


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
    by_role = {**recipe.weights.model_dump(), UNRATED: recipe.weights.reference}
    told = (rated.role == UNRATED) & np.isin(rated.study, rated.study[rated.role == "reference"])
    weights: Numbers = np.where(told, 0.0, [by_role[role] for role in rated.role])
    return weights


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
        given = salience[:, usual], target, counts * ~probes, recipe.ridge
        inside = rated.attribute in recipe.within_items
        weight[member, usual], bias[member] = (
            within_items(*given, item=rated.item, study=rated.study, scale=rated.scale)
            if inside
            else non_negative(*given)
        )
        short = bias[member] - salience[probes] @ weight[member] - target[probes]
        if probes.any() and len(unheard):  # scipy's nnls corrupts memory where there is no column
            weight[member, unheard] = nnls(salience[np.ix_(probes, unheard)], short)[0]
    return weight, bias


def _left_out(head: Head, rated: Rated, salience: Numbers, song: str, recipe: FitRecipe) -> LeftOut:
    """Return what a fit without a song says of its systems; nothing was rated where the scale is another's."""
    others, own = rated.item != song, (rated.item == song) & rated.systems
    weight, bias = _fitted(head, rated, salience, others, recipe)
    elsewhere = rated.attribute in recipe.within_items and rated.scale not in rated.study[own]
    score = np.full(own.sum(), np.nan) if elsewhere else rated.score[own]
    told, odds = torch.from_numpy(bias - salience[own] @ weight.T), head.odds(torch.from_numpy(rated.raw[own]))
    logits: Numbers = flawed(told, odds).numpy()
    return LeftOut(salience[others & (rated.role != UNRATED)], salience[own], score, logits)
