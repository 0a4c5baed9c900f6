"""A judge of another form than the objective: what a network that has met no rating hears, weighed by ratings.

The objective takes an estimate apart by phase and sums named distortions. The judge compares patterns of mel levels
(`lossmodel.objective.convnet.network`, taught by degradations of synthetic songs alone): five leaks, each over what the
item's own mixture leaks, and 320 damages. Interference goes by the leaks, quality by the damages, any other attribute
by both; none of them is ever rewarded. They are weighed by a ridge regression of the logit of mean ratings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import perceptual_songs
import torch
from published import published

from lossmodel.files import read_json, write_json
from lossmodel.manifest import Pair
from lossmodel.objective import config, store
from lossmodel.objective.convnet import network as convnet
from lossmodel.objective.ear import excerpt
from lossmodel.objective.ear.frontend import RATE
from lossmodel.objective.fitting.fit import fit as fit_objective
from lossmodel.objective.fitting.regression import Numbers, logit, non_negative, points
from lossmodel.progress import Report, bar, silent
from lossmodel.ratings.screening import screen
from lossmodel.ratings.table import stimulus_means

RIDGE_PENALTY = 10.0
"""Of the ridge, on standardised columns, each stimulus counting once."""

LEAK_PERCEPTS = convnet.Config().leaks
COLUMNS_OF_ATTRIBUTE = {"interference": slice(None, LEAK_PERCEPTS), "quality": slice(LEAK_PERCEPTS, None)}
"""Columns of what is heard that an attribute goes by, where these are not all."""

SATURATING_LEAK_SHARE, SATURATING_DAMAGE = 0.1, 0.05
"""Share of the mixture's leak, and size of a damage, from which more of it counts less."""

CLIP_POINTS = 1.5
"""Mean ratings are kept this far from 0 and 100 before the logit."""

MIN_COLUMN_SD = 0.05
"""Standard deviation from which a column is taken to vary."""

SCALE_END_WEIGHT = 0.05
"""What reference and anchors count beside systems: they hold the scale's ends."""


@dataclass(frozen=True)
class Judge:
    """100 · sigmoid(bias - weight · what is heard) for each attribute."""

    weights: Mapping[str, Numbers]
    biases: Mapping[str, float]

    def ratings(self, heard: Numbers) -> dict[str, float]:
        """Return what is predicted for one stimulus, by attribute."""
        return {name: float(points(self.biases[name] - weight @ heard)) for name, weight in self.weights.items()}

    def save(self, path: Path) -> None:
        """Write the judge as JSON."""
        write_json(path, {name: [self.biases[name], *weight.tolist()] for name, weight in self.weights.items()})

    @classmethod
    def load(cls, path: Path) -> "Judge":
        """Read what `save` wrote."""
        numbers = {name: np.array(values) for name, values in read_json(path).items()}
        return cls(
            {name: each[1:] for name, each in numbers.items()}, {name: each[0] for name, each in numbers.items()}
        )


def prepare(data: Path, work: Path, count: int | None) -> None:
    """Write songs, and the objective and judge of each half, fitted to its ratings; say how well songs are foreseen."""
    perceptual_songs.write(data, work / "songs", count)
    ratings, pairs = published(data)
    kept = screen(ratings).keep(ratings)
    for half in perceptual_songs.HALVES:
        place = work / f"half-{half}"
        if (place / "judge.json").exists():
            continue
        own, stimuli = perceptual_songs.heard(kept, pairs, data, half)
        with bar(f"objective of half {half}") as report:
            objective = fit_objective(own, stimuli, config.load("compact"), cache=work / "features", report=report)
        store.save(objective, place / "objective", card={})
        with bar(f"judge of half {half}") as report:
            heard = hear(stimuli, report)
        fit(own, heard).save(place / "judge.json")
        print(f"judge of half {half}, r with the ratings of left-out songs: {left_out(own, heard)}")


def fit(ratings: pd.DataFrame, heard: Mapping[tuple[str, str], Numbers]) -> Judge:
    """Return the judge fitted to mean ratings; `heard` is what `hear` returned."""
    weights, biases = {}, {}
    for name, means in stimulus_means(ratings).groupby("attribute"):
        rows = np.zeros((len(means), len(next(iter(heard.values())))))
        columns = COLUMNS_OF_ATTRIBUTE.get(str(name), slice(None))
        rows[:, columns] = [heard[key][columns] for key in zip(means["item"], means["condition"])]
        target, counts = (
            logit(means["mean"].to_numpy(), CLIP_POINTS),
            np.where(means["role"] == "system", 1.0, SCALE_END_WEIGHT),
        )
        weights[str(name)], biases[str(name)] = non_negative(rows, target, counts, RIDGE_PENALTY, least=MIN_COLUMN_SD)
    return Judge(weights, biases)


@torch.no_grad()
def hear(pairs: Sequence[Pair], report: Report = silent) -> dict[tuple[str, str], Numbers]:
    """Return leaks and damages of each pair, by item and condition: at least 0, and 0 for the reference itself."""
    network, found = convnet.load(), {}
    for step, pair in enumerate(pairs, start=1):
        read = excerpt.read(pair)
        of_estimate, of_mixture = (
            network(each, read.references[:, 0], read.mixture, RATE) for each in (read.estimate, read.mixture)
        )
        leak, most = (each.percepts[0, :LEAK_PERCEPTS].double().expm1().numpy() for each in (of_estimate, of_mixture))
        damage = of_estimate.distances[0].double().numpy().reshape(2, -1)[1]
        parts = leak / np.maximum(most, 1e-3) / SATURATING_LEAK_SHARE, damage / SATURATING_DAMAGE
        found[pair.item, pair.condition] = np.log1p(np.concatenate(parts))
        report(step, len(pairs))
    return found


def left_out(ratings: pd.DataFrame, heard: Mapping[tuple[str, str], Numbers]) -> dict[str, float]:
    """Return the correlation with the mean ratings of systems, each song predicted by a fit to the others."""
    said: dict[str, list[tuple[float, float]]] = {}
    for item in ratings["item"].unique():
        attributes = set(ratings.loc[ratings["item"] == item, "attribute"])
        own = stimulus_means(ratings[ratings["item"] == item])
        judge = fit(ratings[(ratings["item"] != item) & ratings["attribute"].isin(attributes)], heard)
        for row in own[own["role"] == "system"].itertuples():
            predicted = judge.ratings(heard[row.item, row.condition])[row.attribute]
            said.setdefault(row.attribute, []).append((row.mean, predicted))
    return {name: float(np.corrcoef(np.array(pairs).T)[0, 1]) for name, pairs in said.items()}
