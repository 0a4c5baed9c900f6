"""Weights on disk: `weights.safetensors` beside the `card.json` that says what they are. Never a pickle.

The card names the weights by their SHA-256, so the SHA-256 of the card names the whole folder.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.files import atomic_folder, read_json, sha256, write_json

CARD_FILE = "card.json"
WEIGHTS_FILE = "weights.safetensors"


def save(folder: Path, tensors: Mapping[str, Tensor], card: Mapping[str, Any]) -> str:
    """Write `tensors` and `card` as `folder`, whole or not at all; return the SHA-256 that names the folder.

    `card` is JSON-serialisable and holds at least `kind` (what may load it) and `version` (of its own layout);
    `weights_sha256` is added to it. A folder that stands at `folder` is replaced.
    """
    if missing := {"kind", "version"} - card.keys():
        raise ValueError(f"{folder}: the card lacks {sorted(missing)}")
    with atomic_folder(folder) as part:
        _save_file({name: _plain(tensor) for name, tensor in tensors.items()}, part / WEIGHTS_FILE)
        (part / WEIGHTS_FILE).chmod(0o644)  # safetensors makes it the writer's alone; a server may run as somebody else
        write_json(part / CARD_FILE, {**card, "weights_sha256": sha256(part / WEIGHTS_FILE)})
    return fingerprint(folder)


def load(folder: Path, *, kind: str | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save` wrote as (tensors on the CPU, card).

    `BadInput` for a folder without card or weights, of another `kind` than asked for, or whose weights are not the
    ones that the card names.
    """
    card = read_card(folder, kind=kind)
    weights = folder / WEIGHTS_FILE
    if not weights.is_file():
        raise BadInput(f"{weights}: no such file; the folder is incomplete; create it again")
    if sha256(weights) != card["weights_sha256"]:
        raise BadInput(f"{weights}: damaged: its SHA-256 is not the one in {CARD_FILE}; create the folder again")
    try:
        return load_file(weights), card
    except SafetensorError as error:
        raise BadInput(f"{weights}: not a safetensors file ({error})") from None


def read_card(folder: Path, *, kind: str | None = None) -> dict[str, Any]:
    """Read the card alone; `BadInput` when it is missing, damaged, foreign or not of `kind`."""
    card = read_json(folder / CARD_FILE)
    if not isinstance(card, dict) or not {"kind", "version", "weights_sha256"} <= card.keys():
        raise BadInput(f"{folder / CARD_FILE}: not a card of this project; give a folder written by fit or train")
    if kind is not None and card["kind"] != kind:
        raise BadInput(f"{folder / CARD_FILE}: holds '{card['kind']}', '{kind}' is needed")
    return card


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 that names the folder: that of its card, which names the weights."""
    return sha256(folder / CARD_FILE)


def _save_file(tensors: dict[str, Tensor], path: Path) -> None:
    """Write tensors; OSError for a full disc and the like, of which safetensors has an error of its own."""
    try:
        save_file(tensors, path)
    except SafetensorError as error:
        if not (found := re.search(r"\(os error (\d+)\)", str(error))):
            raise
        number = int(found[1])
        raise OSError(number, os.strerror(number), str(path)) from error


def _plain(tensor: Tensor) -> Tensor:
    """Copy to the CPU, contiguous and sharing no memory, as safetensors wants it."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
