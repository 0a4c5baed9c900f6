"""Everything a training needs to go on as if nothing had happened, as tensors and JSON.

There is no random state to keep: every draw comes from a generator made of (seed, step). States are written under a new
name each time and the older one is removed afterwards, so a machine that dies at any moment leaves a whole one.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from lossmodel import store
from lossmodel.errors import BadInput

KIND = "training-state"
VERSION = 4
STATE_FOLDER = "state"


def save(output: Path, step: int, parts: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]) -> None:
    """Write the state dicts `parts` and `facts` as the training's newest state and remove the older ones."""
    tensors: dict[str, Tensor] = {}
    plain = {name: _split(part, f"{name}|", tensors) for name, part in parts.items()}
    card = {"kind": KIND, "version": VERSION, "step": step, "parts": plain, **facts}
    place = output / STATE_FOLDER / f"{step:09d}"
    store.save(place, tensors, card)
    for old in states(output):
        if old != place:
            shutil.rmtree(old)


def load(output: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the newest state as (parts, card); `BadInput` when it is damaged or of a version that cannot be read."""
    place = states(output)[-1]
    tensors, card = store.load(place, kind=KIND)
    card = upgraded(card)
    _check_version(place, card)
    return {name: _join(part, tensors) for name, part in card["parts"].items()}, card


def newest_card(output: Path) -> dict[str, Any]:
    """Return the card of the newest state; `BadInput` when it is damaged or of a version that cannot be read."""
    place = states(output)[-1]
    card = upgraded(store.read_card(place, kind=KIND))
    _check_version(place, card)
    return card


def newest_step(output: Path) -> int | None:
    """Return the step of the newest state; None where there is none."""
    return max((int(place.name) for place in states(output)), default=None)


def _check_version(place: Path, card: Mapping[str, Any]) -> None:
    if card["version"] != VERSION:
        raise BadInput(
            f"{place}: state of version {card['version']}, this program reads {VERSION}; start a new training"
        )


def upgraded(card: dict[str, Any]) -> dict[str, Any]:
    """Return the card of a state of version 2 or 3 as version 4 names its contents; any other card as it is.

    Before version 4 a state did not know its recipe, which `recipe.json` tells, nor its inputs.
    """
    if card["version"] == 2:
        card = _upgraded_from_2(card)
    if card["version"] == 3:
        card = {**card, "version": 4, "recipe": None, "inputs": None, "changes": []}
    return card


def _upgraded_from_2(card: dict[str, Any]) -> dict[str, Any]:
    names = {"imitator": "metric_predictor", "imitator_optimiser": "metric_predictor_optimiser"}
    validations = [{("loss" if k == "validation" else k): v for k, v in look.items()} for look in card["looks"]]
    parts = {names.get(name, name): part for name, part in card["parts"].items()}
    return {**card, "version": 3, "parts": parts, "validations": validations}


def states(output: Path) -> list[Path]:
    """Return the whole states of a training, oldest first; normally one."""
    return sorted(path.parent for path in (output / STATE_FOLDER).glob(f"[0-9]*/{store.CARD_FILE}"))


def _split(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Move the tensors of a nested state dict into `tensors` and return the rest as JSON."""
    if isinstance(value, Tensor):
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, Mapping):
        return {"keys": [[key, _split(item, f"{name}.{key}", tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return {"list": [_split(item, f"{name}.{number}", tensors) for number, item in enumerate(value)]}
    return value


def _join(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return tensors[value["tensor"]]
    if "list" in value:
        return [_join(item, tensors) for item in value["list"]]
    return {key: _join(item, tensors) for key, item in value["keys"]}
