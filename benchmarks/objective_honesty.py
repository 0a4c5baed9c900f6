"""Sections of docs/objective.md that ask how honest its figures are: degradation, intervals by song, and resplits.

Part of benchmarks/objective_page.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr

from lossmodel.objective.config import FitRecipe
from lossmodel.objective.fitting.evaluate import Measures, cross_validate_gathered, measure
from lossmodel.objective.fitting.fit import Mask, Rated, fit_head, fit_means
from lossmodel.objective.fitting.regression import Numbers

RESPLITS = 40
"""Random halvings behind a resplit figure."""

FITTED_SHARE = 2 / 3
"""Share of the songs that a resplit is fitted to."""

LEVELS = ("levels_quick", "levels_slow", "levels_coarse", "levels_worst")
"""Features of which nested choices pick: alone, or all as members."""

DEGRADATION = """
## Degradation: modern separators and neural codecs

How much worse than the reference, whatever the waveform: 30 outputs of HTDemucs, two Mel-RoFormers, a vocoder after one
and a diffusion model on 6 excerpts (gensvs2025, P.808's five categories, 12 ratings each), and 84 of neural codecs and
vocoders on 12 spoken items (codec2024, MUSHRA). The head sees differences inside items alone; each test has its own
scale, and predictions are on that of the songs, so RMSE and coverage are said of them only. Items are left out one by
one, of both tests together. Of codec2024 there is no accompaniment: what leaks is then not told from what is added.

"""
DEGRADATION_NESTED = """
*Nested* picks the levels (one of four, or all four as members), with or without the leak, by what predicts best in
inner folds on the excerpts that are left, r and ρ of both tests together. What the features are (averaging over .2 and
.4 s, floors of 60 and 70 dB) was chosen after looking at all of both tests.

"""
INTERVALS = """
## Intervals

Nine of ten are to hold on a song that was left out of everything, the intervals' own calibration included: split
conformal over songs, one draw from each (`fitting/uncertainty.py`).

"""
RESPLIT = """
## Resplit

Two thirds of the songs at random to fit to, the rest to predict, {count} times: mean r over all stimuli of the songs
put aside, mean within-song ρ, RMSE over all, and how many intervals hold. Choices that were made by looking at all
songs are in these figures as in the others.

"""


def degradation(rated: Rated, recipe: FitRecipe, similar: Mapping[str, Measures]) -> str:
    """Return the section on degradation; `similar` says what other heads make of the songs without having met any."""
    rows = {"whole": measured_by_study(rated, predictions_of(rated, recipe), recipe.seed)}
    for name, terms in _choices().items():
        chosen = recipe.model_copy(update={"members": _members(terms)})
        rows[name] = measured_by_study(rated, predictions_of(_restricted(rated, terms), chosen), recipe.seed)
    choices = [rated, *(_restricted(rated, terms) for terms in _choices().values())]
    rows["nested"] = measured_by_study(rated, nested_predictions(choices, recipe), recipe.seed)
    lines = ["| | gensvs2025 | codec2024 |", "|---|---|---|"]
    for name, found in rows.items():
        songs, speech = found["gensvs2025"], found["codec2024"]
        lines.append(
            f"| {name} | r {songs.pearson}, ρ {songs.within}, RMSE {songs.rmse}; {songs.coverage:.0%} hold | "
            f"r {speech.pearson}, ρ {speech.within} |"
        )
    lines += [f"| {name} | r {found.pearson}, ρ {found.within} | – |" for name, found in similar.items()]
    return DEGRADATION + "\n".join(lines) + "\n" + DEGRADATION_NESTED


def intervals(predictions: pd.DataFrame) -> str:
    """Return the section on coverage, overall and by song, of predictions with songs left out."""
    lines = ["| | hold | mean width | songs by share that holds, worst first |", "|---|---|---|---|"]
    for name, own in predictions.groupby("attribute"):
        held = own["rated"].between(own["low"], own["high"])
        songs = held.groupby(own["item"]).mean().sort_values()
        told = " ".join(f"{share:.0%}" for share in songs)
        lines.append(f"| {name} | {held.mean():.0%} | {(own['high'] - own['low']).mean():.0f} | {told} |")
    return INTERVALS + "\n".join(lines) + "\n"


def resplits(rated: Sequence[Rated], recipe: FitRecipe) -> str:
    """Return the section on random splits."""
    lines = ["| | r | ρ | RMSE | hold |", "|---|---|---|---|---|"]
    for each in rated:
        found = pd.concat([_split(each, recipe, seed) for seed in range(RESPLITS)], ignore_index=True)
        splits = [measure(own, recipe.seed) for _, own in found.groupby("split")]
        r, within = (np.mean([getattr(one, name).value for one in splits]) for name in ("pearson", "within"))
        rmse = np.sqrt(np.mean((found["rated"] - found["predicted"]) ** 2))
        held = found["rated"].between(found["low"], found["high"]).mean()
        lines.append(f"| {each.attribute} | {r:.3f} | {within:.3f} | {rmse:.1f} | {held:.0%} |")
    return RESPLIT.format(count=RESPLITS) + "\n".join(lines) + "\n"


@torch.no_grad()
def _split(rated: Rated, recipe: FitRecipe, seed: int) -> pd.DataFrame:
    songs = np.unique(rated.item)
    fitted = np.random.default_rng([recipe.seed, seed]).permutation(songs)[: round(FITTED_SHARE * len(songs))]
    inside = np.isin(rated.item, fitted)
    test = rated.only(~inside & rated.systems)
    found = fit_head(rated.only(inside), recipe)(torch.from_numpy(test.raw).float())
    said = {"predicted": found.mean, "low": found.low, "high": found.high, "in_calibration": found.in_calibration}
    told = {name: values.numpy() for name, values in said.items()}
    return pd.DataFrame({"split": seed, "item": test.item, "rated": test.score, **told})


def _choices() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the members of each choice, by its name."""
    found = {name: {"one": (name, "leak", "absent")} for name in LEVELS}
    found["without leak"] = {name: (name, "absent") for name in LEVELS}
    return found


def _members(terms: Mapping[str, tuple[str, ...]]) -> dict[str, dict[str, tuple[str, ...]]]:
    return {name: {"general": own} for name, own in terms.items()}


def _restricted(rated: Rated, members: Mapping[str, tuple[str, ...]]) -> Rated:
    """Return the same with fewer members or terms, of those that are there."""
    known = list(dict.fromkeys(text for texts in rated.members.values() for text in texts))
    wanted = dict.fromkeys(text for texts in members.values() for text in texts)
    return replace(rated, members=members, raw=rated.raw[:, [known.index(text) for text in wanted]])


def predictions_of(rated: Rated, recipe: FitRecipe) -> pd.DataFrame:
    """Return predictions of the systems of items left out one by one."""
    return cross_validate_gathered([rated], recipe).predictions


def measured_by_study(rated: Rated, predictions: pd.DataFrame, seed: int) -> dict[str, Measures]:
    """Return how predictions agree with the ratings, for each study that asked for the attribute."""
    study = dict(zip(rated.item, rated.study))
    return {str(name): measure(own, seed) for name, own in predictions.groupby(predictions["item"].map(study))}


@torch.no_grad()
def nested_predictions(choices: Sequence[Rated], recipe: FitRecipe) -> pd.DataFrame:
    """Return predictions of left-out items by the choice that inner folds, without the item, make.

    Choices are the same rows with other members; the best has the highest sum of r and ρ over all studies.
    """
    rows = []
    for item in np.unique(choices[0].item):
        best = max(choices, key=lambda each: inner_agreement(each.only(each.item != item), recipe))
        test = best.only((best.item == item) & best.systems)
        found = fit_head(best.only(best.item != item), recipe)(torch.from_numpy(test.raw).float())
        said = {"predicted": found.mean, "low": found.low, "high": found.high, "in_calibration": found.in_calibration}
        told = {name: values.numpy() for name, values in said.items()}
        rows.append(pd.DataFrame({"item": test.item, "rated": test.score, **told}))
    return pd.concat(rows, ignore_index=True)


def inner_agreement(rated: Rated, recipe: FitRecipe) -> float:
    """Return r + ρ of items left out one by one, summed over studies."""
    predicted = means_of(rated, recipe)
    return sum(sum(agreement(own, predicted)) for own in by_study(rated))


@torch.no_grad()
def means_of(rated: Rated, recipe: FitRecipe) -> Numbers:
    """Return the predicted mean of every row, by a fit without its item."""
    predicted = np.zeros(len(rated.item))
    for item in np.unique(rated.item):
        own, others = rated.item == item, rated.only(rated.item != item)
        predicted[own] = fit_means(others, recipe)(torch.from_numpy(rated.raw[own]).float()).mean.numpy()
    return predicted


def by_study(rated: Rated) -> list[tuple[Rated, Mask]]:
    """Return of each study its systems, and which rows they are."""
    rows = [rated.systems & (rated.study == name) for name in np.unique(rated.study)]
    return [(rated.only(own), own) for own in rows]


def agreement(study: tuple[Rated, Mask], predicted: Numbers) -> tuple[float, float]:
    """Return r over all systems of a study and the mean of ρ within its items."""
    rated, rows = study
    found = predicted[rows]
    inside = [spearmanr(rated.score[own], found[own]).statistic for own in (rated.item == i for i in set(rated.item))]
    return float(np.corrcoef(rated.score, found)[0, 1]), float(np.nanmean(inside))
