"""Many fits to parts of the same ratings: features are heard once, only the heads are fitted again."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.objective.config import FitRecipe
from lossmodel.objective.fitting.fit import Rated, fit_head, gather
from lossmodel.ratings.table import stimulus_means

Refit = Callable[[pd.DataFrame, Sequence[str]], pd.DataFrame]
"""(ratings to fit to, items to predict) → the predictions: attribute, item, condition, predicted."""


def refitter(ratings: pd.DataFrame, pairs: Sequence[Pair], recipe: FitRecipe, *, cache: Path | None = None) -> Refit:
    """Return what fits to any part of `ratings` and predicts the systems of any items; `BadInput` as `fit`."""
    whole = gather(ratings, pairs, recipe, cache=cache)

    def refit(part: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
        means = {str(name): own for name, own in stimulus_means(part).groupby("attribute")}
        rows = [_foreseen(each, means[each.attribute], items, recipe) for each in whole if each.attribute in means]
        if not rows:
            raise BadInput("no ratings to fit to")
        return pd.concat(rows, ignore_index=True)

    return refit


@torch.no_grad()
def _foreseen(rated: Rated, means: pd.DataFrame, items: Sequence[str], recipe: FitRecipe) -> pd.DataFrame:
    head = fit_head(_restricted(rated, means), recipe)
    test = rated.only(rated.systems & np.isin(rated.item, list(items)))
    predicted = head(torch.from_numpy(test.raw).float()).mean.double().numpy()
    return pd.DataFrame(
        {"attribute": rated.attribute, "item": test.item, "condition": test.condition, "predicted": predicted}
    )


def _restricted(rated: Rated, means: pd.DataFrame) -> Rated:
    """Return the rows whose items are in `means`, with the mean ratings that stand there."""
    known = dict(zip(zip(means["item"], means["condition"]), zip(means["mean"], means["n"])))
    items, heard = set(means["item"]), set(means["role"])
    keys = list(zip(rated.item, rated.condition))
    kept = [
        item in items and ((item, name) in known or role not in heard) for (item, name), role in zip(keys, rated.role)
    ]
    found = [known.get(key, (score, people)) for key, score, people in zip(keys, rated.score, rated.people)]
    score, people = np.array(found, dtype=float).T
    return replace(rated, score=score, people=people).only(np.array(kept))
