"""Recipes of fits and trainings, key by key: what each means, what it is, and where it was changed."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

from django.http import Http404
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lossmodel.errors import BadInput
from lossmodel.overrides import pair


@dataclass(frozen=True)
class Key:
    """One key of a recipe."""

    name: str
    value: Any
    meaning: str = ""
    changed: bool = False


def keys(recipe: BaseModel, changed: Mapping[str, Any] | None = None) -> list[Key]:
    """Return every key of a recipe by its dotted name, with those of `changed` marked."""
    own, known = changed or {}, meanings(type(recipe))
    values = _flat(recipe.model_dump(mode="json"))
    return [Key(name, value, _meaning(known, name), name in own) for name, value in values]


def _meaning(known: Mapping[str, str], name: str) -> str:
    """Return what a key means; one of a table that has keys of its own choosing means what the table does."""
    while name not in known and "." in name:
        name = name.rpartition(".")[0]
    return known.get(name, "")


@dataclass(frozen=True)
class Input:
    """A key of a recipe as it is asked for: `options` where only some values will do, `kind` of its <input> else."""

    name: str
    text: str
    meaning: str
    kind: str
    options: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """Return the name of its field in the form."""
        return f"{KEY_PREFIX}{self.name}"


KEY_PREFIX = "key:"
KEYS_OF = "keys_of"
"""The recipe whose keys stand in the form: those of another one are not changes to the chosen one."""
NOT_ASKED = {"name", "steps", "seed", "init"}
"""Keys that the form asks for by themselves."""


def inputs(recipe: BaseModel) -> list[Input]:
    """Return the keys of a recipe that can be changed in a form, with the values that stand in it."""
    kinds = {name: _kind(field.annotation) for name, field in _fields(type(recipe))}
    return [
        Input(key.name, as_text(key.value), key.meaning, *kinds.get(key.name, ("text", ())))
        for key in keys(recipe)
        if key.name not in NOT_ASKED
    ]


def typed(given: Mapping[str, str], recipe: BaseModel) -> dict[str, Any]:
    """Return what was typed into the fields of `inputs` and differs from `recipe`, by dotted key."""
    asked = [(each, given.get(each.field, each.text).strip()) for each in inputs(recipe)]
    return dict(pair(f"{each.name}={text}") for each, text in asked if text != each.text)


def overrides(given: Mapping[str, str], name: str, load: Callable[[str], BaseModel]) -> dict[str, Any]:
    """Return the changes to the recipe `name` that were typed or that a clone brings; `BadInput` for no recipe."""
    if given.get(KEYS_OF) == name:
        return typed(given, load(name))
    try:
        brought = json.loads(given.get("changes") or "{}")
    except ValueError:
        return {}
    return brought if isinstance(brought, dict) else {}


def parts(recipe: BaseModel) -> list[tuple[str, list[Input]]]:
    """Return the inputs of a recipe by the part that they belong to, "" for its own."""
    return [(part, list(own)) for part, own in groupby(sorted(inputs(recipe), key=_part), key=_part)]


def asked(
    given: Mapping[str, str], reader: Any, default: str, implied: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Any, dict[str, Any]]:
    """Return the recipe that a form asks for, with its changes and those `implied`, and the context of its keys.

    `reader` has `recipes()` and `load(name, overrides)`. What it refuses is told, beside the recipe as it comes; 404
    for a recipe that it does not have.
    """
    name = given.get("recipe") or default
    if name not in reader.recipes():
        raise Http404
    try:
        changed = overrides(given, name, reader.load)
        recipe, error = reader.load(name, {**changed, **implied}), ""
    except BadInput as refused:
        changed, recipe, error = {}, reader.load(name), str(refused)
    return recipe, {"parts": parts(recipe), "keys_of": name, "changed": changed, "recipe_error": error}


def as_text(value: Any) -> str:
    """Return a value as it is typed: text as it stands, everything else as JSON, nothing for None.

    >>> as_text([0.7, 1.0]), as_text("softmin"), as_text(True), as_text(None)
    ('[0.7, 1.0]', 'softmin', 'true', '')
    """
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:
    if annotation is bool:
        return "select", ("true", "false")
    if get_origin(annotation) is Literal:
        return "select", tuple(map(str, get_args(annotation)))
    return ("number" if annotation in {int, float} else "text"), ()


@cache
def meanings(kind: type[BaseModel]) -> dict[str, str]:
    """Return what the keys of a recipe mean, by dotted name, as its source says it; "" where the name does."""
    return {name: " ".join((field.description or "").split()) for name, field in _fields(kind)}


def _fields(part: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in part.model_fields.items():
        yield prefix + name, field
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _fields(inner, f"{prefix}{name}.")


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _part(each: Input) -> str:
    return each.name.rpartition(".")[0]
