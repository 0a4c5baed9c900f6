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
from separation.recipe import Recipe

FOLDER = Path(__file__).parent / "recipes"


def recipes() -> list[str]:
    """Return the names of the recipes that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str | Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Return the recipe of that name or at that path, with `overrides` by dotted key put over it.

    `BadInput` names an unknown recipe, a key with a typo (and the near ones) or a value out of range.

    >>> load("tiny", {"optimiser.learning_rate": 0.01}).optimiser.learning_rate
    0.01
    """
    values = _read(str(name))
    for key, value in (overrides or {}).items():
        values = _over(values, _nested(key, value))
    values = _extended(values, str(name))
    try:
        return Recipe.model_validate({"name": Path(name).stem, **values})
    except ValidationError as error:
        raise BadInput(f"{name}: {_first_complaint(error)}") from None


def pair(text: str) -> tuple[str, Any]:
    """Read an override, KEY=VALUE, the value as TOML where it is, as text otherwise; `BadInput` without a sign.

    >>> pair("data.gain=[0.5, 1.0]"), pair("losses.balance=true"), pair("perceptual.aggregate=softmin")
    (('data.gain', [0.5, 1.0]), ('losses.balance', True), ('perceptual.aggregate', 'softmin'))
    """
    key, sign, value = text.partition("=")
    if not sign:
        raise BadInput(f"override {text}: give KEY=VALUE")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value


def _read(name: str) -> dict[str, Any]:
    path = FOLDER / f"{name}.toml" if name in recipes() else Path(name)
    if not path.is_file():
        near = get_close_matches(name, recipes())
        raise BadInput(f"recipe {name}: no such file or recipe; there are {', '.join(near or recipes())}")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not a TOML file ({error})") from None


def _extended(values: dict[str, Any], name: str, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """Put `values` over the recipe that they extend, and that over its own base."""
    base = values.pop("extends", None)
    if base is None:
        return values
    if base in seen:
        raise BadInput(f"{name}: extends {base}, which extends it")
    return _over(_extended(_read(str(base)), str(base), (*seen, base)), values)


def _over(base: dict[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in top.items():
        nested = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = _over(both[key], value) if nested else value
    return both


def _nested(key: str, value: Any) -> dict[str, Any]:
    head, _, rest = key.partition(".")
    return {head: _nested(rest, value) if rest else value}


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
