"""A training's moving parts, put together or taken up again: network, optimiser, losses, songs, where it stands."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.files import whole, write_json
from lossmodel.progress import Report
from lossmodel.store import fingerprint
from separation import resume, store
from separation.config import Recipe
from separation.data.excerpts import Excerpts
from separation.data.stems import Song, songs
from separation.device import parse
from separation.losses.adversarial import Adversary
from separation.losses.perceptual import listener
from separation.losses.terms import Terms
from separation.networks.waveunet import WaveUNet

METRICS = "metrics.jsonl"
RECIPE = "recipe.json"
CACHE = ".stems"
"""Decoded songs lie beside the trainings that use them."""

MAY_CHANGE = {"name", "steps", "checkpoint_every"}
"""Keys of a recipe in which a resumed training may differ from its beginning."""


@dataclass
class Training:
    """What changes from step to step, and what it is made of."""

    recipe: Recipe
    output: Path
    fabric: Any
    network: Any
    optimiser: Any
    terms: Terms
    excerpts: Excerpts
    held_out: Excerpts | None
    inputs: dict[str, str]
    average: dict[str, Tensor]
    """Exponential moving average of the weights; empty when the recipe wants none."""
    step: int = 0
    best: float = float("inf")
    skipped: int = 0
    """Steps left out in a row because loss or gradient were not finite."""
    kept: int = field(default=-1)
    """Step of the newest state on disk."""

    @property
    def weights(self) -> dict[str, Tensor]:
        """Return the weights that are validated and saved: the averaged ones, if there are any."""
        return self.average or self.network.module.state_dict()


def begin(
    recipe: Recipe, data: Path, output: Path, *, objective: Path | None, device: str, resumed: bool, report: Report
) -> Training:
    """Return a training at its first step, or where its newest state left it when `resumed`.

    `BadInput` when `output` holds a training that nobody asked to resume, or one of another recipe, or when recipe,
    data, objective, checkpoint and device do not fit together.
    """
    going_on = _going_on(recipe, output, resumed=resumed)
    fabric = _fabric(device, recipe.precision)
    if objective is not None and "perceptual" not in recipe.losses.weights:
        raise BadInput(f"recipe {recipe.name} has no perceptual loss; choose one that has, or give no objective")
    found = songs(data, rate=recipe.rate, channels=recipe.channels, cache=output.parent / CACHE, report=report)
    kept, held = _split(found, recipe)
    terms = _terms(recipe, objective).to(fabric.device)
    network, inputs = _network(recipe)
    if objective is not None:
        inputs["objective"] = fingerprint(objective)
    optimiser = torch.optim.Adam(network.parameters(), recipe.optimiser.learning_rate, recipe.optimiser.betas)
    average = {name: weight.clone() for name, weight in network.state_dict().items()} if recipe.optimiser.ema else {}
    ready, optimiser = fabric.setup(network, optimiser)
    training = Training(
        recipe,
        output,
        fabric,
        ready,
        optimiser,
        terms,
        _excerpts(kept, recipe),
        _excerpts(held, recipe) if held else None,
        inputs,
        {name: weight.to(fabric.device) for name, weight in average.items()},
    )
    if going_on:
        restore(training)
    else:
        output.mkdir(parents=True, exist_ok=True)
    write_json(output / RECIPE, recipe.model_dump(mode="json"))
    return training


def keep(training: Training) -> None:
    """Write everything `restore` needs, unless this very step is kept already."""
    if training.kept == training.step:
        return
    adversary = training.terms.adversary
    parts = {
        "network": training.network.module.state_dict(),
        "optimiser": training.optimiser.state_dict(),
        "average": training.average,
    }
    if adversary:
        parts |= {"adversary": adversary.state_dict(), "adversary_optimiser": adversary.optimiser.state_dict()}
    best = training.best if np.isfinite(training.best) else None
    resume.save(training.output, training.step, parts, {"best": best, "skipped": training.skipped})
    training.kept = training.step


def restore(training: Training) -> None:
    """Put the newest state into a training that has just been built, and cut its metrics back to that step."""
    parts, card = resume.load(training.output)
    adversary = training.terms.adversary
    try:
        training.network.module.load_state_dict(parts["network"])
        training.optimiser.load_state_dict(parts["optimiser"])
        for name, weight in training.average.items():
            weight.copy_(parts["average"][name])
        if adversary:
            adversary.load_state_dict(parts["adversary"])
            adversary.optimiser.load_state_dict(parts["adversary_optimiser"])
    except (KeyError, ValueError, RuntimeError) as error:
        raise BadInput(
            f"{training.output}: its state does not fit the recipe ({error}); train anew elsewhere"
        ) from None
    training.step = training.kept = int(card["step"])
    training.best = float("inf") if card["best"] is None else float(card["best"])
    training.skipped = int(card["skipped"])
    _cut_metrics(training.output / METRICS, training.step)


def _going_on(recipe: Recipe, output: Path, *, resumed: bool) -> bool:
    if output.exists() and not output.is_dir():
        raise BadInput(f"{output}: is a file; give a folder for the training")
    if not resume.states(output):
        return False
    if not resumed:
        raise BadInput(f"{output}: holds a training already; resume it or give another folder")
    then = json.loads((output / RECIPE).read_text(encoding="utf-8"))
    now = recipe.model_dump(mode="json")
    if changed := sorted(key for key in now if key not in MAY_CHANGE and now[key] != then.get(key)):
        raise BadInput(f"{output}: was begun with another recipe ({', '.join(changed)} differ); train anew elsewhere")
    return True


def _fabric(device: str, precision: str) -> Any:
    kind, number = parse(device)
    devices: Any = 1 if kind == "cpu" else [number]
    return Fabric(accelerator=kind, devices=devices, precision=precision)  # type: ignore[arg-type]


def _split(found: Sequence[Song], recipe: Recipe) -> tuple[list[Song], list[Song]]:
    """Return (songs to train on, songs to choose the best checkpoint by); fewer than three songs are all trained on."""
    if not recipe.data.validation or len(found) < 3:
        return list(found), []
    count = max(1, round(recipe.data.validation * len(found)))
    held = set(np.random.default_rng(recipe.seed).permutation(len(found))[:count].tolist())
    return [s for n, s in enumerate(found) if n not in held], [s for n, s in enumerate(found) if n in held]


def _excerpts(found: Sequence[Song], recipe: Recipe) -> Excerpts:
    return Excerpts(found, recipe.window, seed=recipe.seed, anywhere=recipe.data.anywhere)


def _terms(recipe: Recipe, objective: Path | None) -> Terms:
    weights = recipe.losses.weights
    hearing = listener(objective, recipe.perceptual, recipe.rate) if "perceptual" in weights else None
    adversary = None
    if {"adversarial", "matching"} & weights.keys():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed + 1)
            adversary = Adversary(recipe.adversarial, recipe.channels)
    return Terms(recipe, hearing, adversary)


def _network(recipe: Recipe) -> tuple[WaveUNet, dict[str, str]]:
    """Return the network to start from and the hashes of what it was made of."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = WaveUNet(recipe.network)
    if recipe.init is None:
        return network, {}
    start = store.load(recipe.init)
    if (start.recipe.network, start.recipe.rate) != (recipe.network, recipe.rate):
        raise BadInput(f"{recipe.init}: another network or rate than the recipe's; start from one of the same kind")
    network.load_state_dict(start.network.state_dict())
    return network, {"init": start.fingerprint}


def _cut_metrics(path: Path, step: int) -> None:
    """Drop what was written after the state was kept: those steps are taken again."""
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    with whole(path) as part:
        part.write_text("".join(line for line in lines if _before(line, step)), encoding="utf-8")


def _before(line: str, step: int) -> bool:
    try:
        record: Mapping[str, Any] = json.loads(line)
    except json.JSONDecodeError:  # the machine died in the middle of a line
        return False
    return int(record["step"]) <= step
