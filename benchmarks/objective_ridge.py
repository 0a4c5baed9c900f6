"""A section of docs/objective.md: a plain ridge on few features beside the members. Part of objective_page.py."""

from collections.abc import Callable

import numpy as np
import torch
from objective_honesty import agreement, by_study

from lossmodel.objective.config import FitRecipe
from lossmodel.objective.fitting.fit import ANCHOR, Rated, fit_means
from lossmodel.objective.fitting.regression import Numbers, logit, points

FEW = (
    "flux", "flicker", "wobble_whole", "bass_added", "missing_whole", "holes", "treble_lost", "lost", "remodulated",
    "treble_coloured", "artefact_pattern",
)  # fmt: skip
"""What the ridge goes by: flux, unsteadiness, what is added, missing or lost, holes, modulation, artefacts."""

PENALTY, END_WEIGHT, SCALE_SHARE = 10.0, 0.05, 0.8
"""Of the ridge on standardised columns; what reference and anchors count; the scale, of the lower quartile."""

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the ridge, on the logit, that a nested choice may take."""

RESPLITS, FITTED_SHARE = 15, 2 / 3

TEXT = """
## A ridge beside the members

Quality of systems by the members, by a plain ridge (weights of either sign) on {count} features, and by both together
on the logit: songs left out one by one (r / within-song ρ / RMSE), and the RMSE of {resplits} resplits. *Nested* takes
the share of the ridge, of {shares}, that predicts best in inner folds.

"""


def section(members: Rated, few: Rated, recipe: FitRecipe) -> str:
    """Return the section; `few` are the same rows as `members`, with the features `FEW`."""
    songs = np.unique(members.item)
    said = _left_out(members, few, recipe, songs)
    resplit = dict.fromkeys(said, 0.0)
    for seed in range(RESPLITS):
        fitted = np.random.default_rng([recipe.seed, seed]).permutation(songs)[: round(FITTED_SHARE * len(songs))]
        for name, errors in _split(members, few, recipe, fitted).items():
            resplit[name] += float(np.mean(errors**2)) / RESPLITS
    lines = ["| | left out one by one | resplit |", "|---|---|---|"]
    (study,) = by_study(members)
    for name, predicted in said.items():
        r, within = agreement(study, predicted)
        rmse = np.sqrt(np.mean((study[0].score - predicted[study[1]]) ** 2))
        lines.append(f"| {name} | {r:.3f} / {within:.3f} / {rmse:.2f} | {resplit[name] ** 0.5:.2f} |")
    about = {"count": len(FEW), "resplits": RESPLITS, "shares": ", ".join(f"{share:g}" for share in SHARES)}
    return TEXT.format(**about) + "\n".join(lines) + "\n"


def _left_out(members: Rated, few: Rated, recipe: FitRecipe, songs: Numbers) -> dict[str, Numbers]:
    """Return predictions of every row by fits without its song."""
    found: dict[str, Numbers] = {}
    for song in songs:
        own = members.item == song
        for name, told in _by_all(members, few, recipe, songs[songs != song], own).items():
            found.setdefault(name, np.zeros(len(own)))[own] = told
    return found


def _split(members: Rated, few: Rated, recipe: FitRecipe, fitted: Numbers) -> dict[str, Numbers]:
    test = ~np.isin(members.item, fitted) & members.systems
    found = _by_all(members, few, recipe, fitted, test)
    return {name: told - members.score[test] for name, told in found.items()}


def _by_all(members: Rated, few: Rated, recipe: FitRecipe, fitted: Numbers, test: Numbers) -> dict[str, Numbers]:
    """Return predictions of the rows `test` by each way, fitted to the songs `fitted`."""
    of_members, of_ridge = _both(members, few, recipe, fitted, test)
    inner = [
        (*_both(members, few, recipe, fitted[fitted != song], own), members.score[own])
        for song in fitted
        for own in [(members.item == song) & members.systems]
    ]
    first, second, score = (np.concatenate(each) for each in zip(*inner))
    errors = {share: np.mean((_mixed(first, second, share) - score) ** 2) for share in SHARES}
    shares = {"members": 0.0, "ridge": 1.0, "mean": 0.5, "nested": min(errors, key=errors.__getitem__)}
    return {name: _mixed(of_members, of_ridge, share) for name, share in shares.items()}


@torch.no_grad()
def _both(members: Rated, few: Rated, recipe: FitRecipe, fitted: Numbers, test: Numbers) -> tuple[Numbers, Numbers]:
    """Return the logits of the rows `test` by members and by ridge."""
    inside = np.isin(members.item, fitted)
    found = fit_means(members.only(inside), recipe)(torch.from_numpy(members.raw[test]).float()).mean.double().numpy()
    return logit(found, 0.01), _ridge(few.only(inside), recipe)(few.raw[test])


def _ridge(rated: Rated, recipe: FitRecipe) -> Callable[[Numbers], Numbers]:
    ends = np.isin(rated.role, ["reference", ANCHOR])
    counts = np.where(rated.systems, 1.0, END_WEIGHT * ends)
    scale = SCALE_SHARE * np.quantile(rated.raw[rated.systems], 0.25, axis=0) + 1e-6

    def salience(raw: Numbers) -> Numbers:
        return np.log1p(raw.clip(0) / scale)

    rows, target = salience(rated.raw), logit(rated.score, recipe.clip)
    share = counts / counts.sum()
    middle, aim = share @ rows, share @ target
    deviation = np.sqrt(share @ (rows - middle) ** 2) + 1e-9
    columns = (rows - middle) / deviation
    gram = (columns * counts[:, None]).T @ columns + PENALTY * np.eye(len(middle))
    weight = np.linalg.solve(gram, (columns * counts[:, None]).T @ (target - aim))
    return lambda raw: (salience(raw) - middle) / deviation @ weight + aim


def _mixed(members: Numbers, ridge: Numbers, share: float) -> Numbers:
    return points((1 - share) * members + share * ridge)
