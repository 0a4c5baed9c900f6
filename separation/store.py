"""Separators on disk: weights, and a card that says which class, recipe and inputs made them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from lossmodel import store
from lossmodel.errors import BadInput
from separation.device import parse
from separation.lyrics.alphabet import ALPHABETS
from separation.networks.lyrics import LyricsWaveUNet
from separation.networks.waveunet import WaveUNet
from separation.recipe import Recipe

KIND = "separator"
VERSION = 1
CLASSES = ("WaveUNet", "LyricsWaveUNet")


@dataclass(frozen=True)
class Checkpoint:
    """A separator that is ready to use: `network` is in eval mode."""

    network: WaveUNet
    recipe: Recipe
    card: dict[str, Any]
    fingerprint: str

    @property
    def modes(self) -> tuple[str, ...]:
        """Return the names of the network's answers in the order in which it gives them; none if it gives only one."""
        return tuple(self.card.get("modes") or self.recipe.network.modes)


def save(folder: Path, weights: Mapping[str, Tensor], recipe: Recipe, facts: Mapping[str, Any]) -> str:
    """Write a checkpoint, whole or not at all, with `facts` (step, inputs …) on its card; return its SHA-256."""
    card = {
        "kind": KIND,
        "version": VERSION,
        "class": CLASSES[bool(recipe.lyrics.weight)],
        "recipe": recipe.model_dump(mode="json"),
        "bandwidth": recipe.rate / 2,
        "torch": str(torch.__version__),
        **facts,
    }
    return store.save(folder, weights, card)


def load(folder: Path, *, device: str = "cpu") -> Checkpoint:
    """Read a checkpoint, or the best (else last) one of a training's folder.

    `BadInput` names what is missing, damaged, of another kind or version, or does not fit together.
    """
    parse(device)
    folder = find(folder)
    weights, card = store.load(folder, kind=KIND)
    card = upgraded(card, folder)
    try:
        recipe = Recipe.model_validate(card["recipe"])
        network = built(recipe)
        network.load_state_dict(weights)
        _check_class(card["class"], recipe)
    except (KeyError, ValidationError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{folder}: weights and card do not fit together ({reason}); train again") from None
    return Checkpoint(network.to(device).eval(), recipe, card, store.fingerprint(folder))


def load_separator(folder: Path, *, device: str = "cpu") -> Checkpoint:
    """Read a checkpoint that takes mixtures apart; `BadInput` for one that only reads lyrics."""
    loaded = load(folder, device=device)
    if not loaded.recipe.separates:
        raise BadInput(f"{folder}: reads lyrics and separates nothing; give a separator, or one trained for both")
    return loaded


def built(recipe: Recipe) -> WaveUNet:
    """Return the network that a recipe describes, its weights drawn by torch's generator."""
    lyrics = recipe.lyrics
    if not lyrics.weight:
        return WaveUNet(recipe.network)
    classes = ALPHABETS[lyrics.alphabet].classes
    return LyricsWaveUNet(recipe.network, classes=classes, blocks=lyrics.blocks, separates=recipe.separates)


def _check_class(name: str, recipe: Recipe) -> None:
    if name != CLASSES[bool(recipe.lyrics.weight)]:
        raise KeyError(f"class {name}")


def find(folder: Path) -> Path:
    """Return the checkpoint that `folder` is or holds: itself, else `best`, else `last`."""
    for place in (folder, folder / "best", folder / "last"):
        if (place / store.CARD_FILE).is_file():
            return place
    raise BadInput(f"{folder}: no checkpoint here; give a folder with {store.CARD_FILE}, or a training's folder")


def upgraded(card: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the card in this version's layout. There is only one so far; a newer one is refused."""
    if card["version"] != VERSION:
        raise BadInput(f"{folder}: checkpoint of version {card['version']}, this program reads {VERSION}; update it")
    return card
