"""Objectives on disk: the heads' numbers beside a card that says what they were learnt from."""

import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pandas as pd

from lossmodel import store
from lossmodel.errors import BadInput
from lossmodel.files import sha256
from lossmodel.objective.card import environment, limits
from lossmodel.objective.config import FitRecipe
from lossmodel.objective.ear import features
from lossmodel.objective.ears import Ear, open_ears
from lossmodel.objective.fitting.evaluate import Evaluation
from lossmodel.objective.network import Head, Objective

KIND: Final = "objective"
VERSION: Final = 1
"""Version of the card's layout; older ones are brought up to it by `upgrade`."""


def save(objective: Objective, folder: Path, *, card: Mapping[str, Any]) -> str:
    """Write the objective as `folder`, whole or not at all; return the SHA-256 that names it.

    `card` is what `describe` returns, or any JSON-serialisable mapping.
    """
    form = {"rate": objective.rate, "features": features.VERSION, "heads": _forms(objective)}
    form["ears"] = {name: ear.weights for name, ear in objective.ears.items()}
    return store.save(folder, objective.state_dict(), {"kind": KIND, "version": VERSION, **card, "form": form})


def load(folder: Path) -> Objective:
    """Read what `save` wrote; `BadInput` when it is missing, damaged, no objective or made by other features."""
    tensors, card = store.load(folder, kind=KIND)
    form = upgrade(card, folder)["form"]
    heads = {each["attribute"]: Head(each["members"], each.get("flaws")) for each in form["heads"]}
    objective = Objective(heads, _ears(form.get("ears", {}), card, folder))
    try:
        objective.load_state_dict(tensors)
    except RuntimeError:
        raise BadInput(f"{folder}: the weights do not match the card; fit it again") from None
    return objective.eval()


def _ears(weights: Mapping[str, str], card: Mapping[str, Any], folder: Path) -> dict[str, Ear]:
    """Return the ears of an objective, from where its recipe has them; `BadInput` where their weights are others."""
    folders = card.get("recipe", {}).get("ears", {})
    ears = open_ears({name: folders.get(name, "") for name in weights})
    for name, ear in ears.items():
        if ear.weights != weights[name]:
            raise BadInput(f"{folder}: fitted with other weights of the ear {name!r}; install those, or fit it again")
    return ears


def upgrade(card: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the card in the present layout; `BadInput` for one that this code cannot understand."""
    if card["version"] != VERSION or card["form"]["features"] != features.VERSION:
        raise BadInput(f"{folder}: written by another version of this project ({card.get('code')}); fit it again")
    return card


def default() -> Path:
    """Return the folder of the objective that comes with the package."""
    return Path(str(files("lossmodel"))) / "objective" / "default"


def describe(
    recipe: FitRecipe, ratings: pd.DataFrame, *, inputs: Mapping[str, Path], evaluation: Evaluation | None = None
) -> dict[str, Any]:
    """Return the card of a fit: recipe, what was rated by how many, inputs by hash, code, and how well it does."""
    return {
        "code": _code(),
        "environment": environment(),
        "seed": recipe.seed,
        "recipe": recipe.model_dump(mode="json"),
        "inputs": {name: {"file": path.name, "sha256": sha256(path)} for name, path in inputs.items()},
        "data": {str(name): _rated(group) for name, group in ratings.groupby("attribute", sort=False)},
        "evaluation": evaluation.to_json() if evaluation else None,
        "limits": limits(ratings, left_out=evaluation is not None),
    }


def _code() -> str:
    """Return a hash of this package's sources: two cards with the same were made by the same code."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]


def _rated(ratings: pd.DataFrame) -> dict[str, Any]:
    return {
        "studies": sorted(ratings["study"].unique()),
        "ratings": len(ratings),
        "assessors": int(ratings["assessor"].nunique()),
        "items": int(ratings["item"].nunique()),
        "conditions": sorted(ratings["condition"].unique()),
        "simulated": bool(ratings["simulated"].any()),
    }


def _forms(objective: Objective) -> list[dict[str, Any]]:
    return [
        {
            "attribute": attribute,
            "members": {name: list(texts) for name, texts in head.members.items()},
            "flaws": head.flaws,
        }
        for attribute, head in objective.heads.items()
    ]
