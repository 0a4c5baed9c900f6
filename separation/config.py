"""Recipes: everything that decides what a training does, as one TOML file; checked here, free of torch.

A recipe may extend another by name and say only what differs; `load` may override single keys on top.
"""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lossmodel.errors import BadInput
from lossmodel.overrides import changed, over
from separation.recipe import Recipe

RECIPES_FOLDER = Path(__file__).parent / "recipes"


def recipes() -> list[str]:
    """Return the names of the recipes that come with the package."""
    return sorted(path.stem for path in RECIPES_FOLDER.glob("*.toml"))


def load(name: str | Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Return the recipe of that name or at that path, with `overrides` by dotted key put over it.

    `BadInput` names an unknown recipe, a key with a typo (and the near ones) or a value out of range.

    >>> load("tiny", {"optimiser.learning_rate": 0.01}).optimiser.learning_rate
    0.01
    """
    values = _extended(changed(_read(str(name)), overrides or {}), str(name))
    try:
        recipe = Recipe.model_validate({"name": Path(name).stem, **values})
    except ValidationError as error:
        raise BadInput(f"{name}: {_first_complaint(error)}") from None
    if recipe.network.noise:
        raise BadInput(
            f"{name}: network.noise = {recipe.network.noise}: every seed was found to give the same answer"
            " (docs/several-answers.md); set it to 0 and use network.modes"
        )
    return recipe


def _read(name: str) -> dict[str, Any]:
    path = RECIPES_FOLDER / f"{name}.toml" if name in recipes() else Path(name)
    if not path.is_file():
        near = get_close_matches(name, recipes())
        raise BadInput(f"recipe {name}: no such file or recipe; there are {', '.join(near or recipes())}")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not a TOML file ({error})") from None


def _extended(values: dict[str, Any], name: str, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """Put `values` over the recipe that they extend, and that over its own base."""
    base = values.pop("extends", None)
    if base is None:
        return values
    if base in seen:
        raise BadInput(f"{name}: extends {base}, which extends it")
    return over(_extended(_read(str(base)), str(base), (*seen, base)), values)


def _first_complaint(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "value_error":
        return first["msg"].removeprefix("Value error, ")
    if first["type"] != "extra_forbidden":
        return f"{key}: {first['msg']} (it is {first['input']!r})"
    known = list(_fields(first["loc"][:-1]))
    near = get_close_matches(str(first["loc"][-1]), known) or known
    return f"unknown key {key}; near ones: {', '.join(near)}"


def _fields(parts: tuple[int | str, ...]) -> Mapping[str, Any]:
    """Return the fields of the part of a recipe at that path."""
    model: Any = Recipe
    for part in parts:
        model = model.model_fields[str(part)].annotation
    fields: Mapping[str, Any] = model.model_fields
    return fields
