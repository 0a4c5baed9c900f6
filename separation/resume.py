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
VERSION = 2
FOLDER = "state"


def save(output: Path, step: int, parts: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]) -> None:
    """Write the state dicts `parts` and `facts` as the training's newest state and remove the older ones."""
    tensors: dict[str, Tensor] = {}
    plain = {name: _split(part, f"{name}|", tensors) for name, part in parts.items()}
    card = {"kind": KIND, "version": VERSION, "step": step, "parts": plain, **facts}
    place = output / FOLDER / f"{step:09d}"
    store.save(place, tensors, card)
    for old in states(output):
        if old != place:
            shutil.rmtree(old)


def load(output: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the newest state as (parts, card); `BadInput` when it is damaged or of another version."""
    place = states(output)[-1]
    tensors, card = store.load(place, kind=KIND)
    if card["version"] != VERSION:
        raise BadInput(
            f"{place}: state of version {card['version']}, this program reads {VERSION}; start the training anew"
        )
    return {name: _join(part, tensors) for name, part in card["parts"].items()}, card


def states(output: Path) -> list[Path]:
    """Return the whole states of a training, oldest first; normally one."""
    return sorted(path.parent for path in (output / FOLDER).glob(f"[0-9]*/{store.CARD}"))


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
