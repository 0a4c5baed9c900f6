"""A training's moving parts, put together or taken up again: network, optimiser, losses, songs, where it stands."""

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.files import write_json
from lossmodel.progress import Report
from lossmodel.store import fingerprint
from separation import device as devices
from separation import resume, store
from separation.data.batch import Batches
from separation.data.excerpts import Excerpts
from separation.data.stems import Song, songs
from separation.data.unpaired import Unpaired, recordings
from separation.losses.perceptual import Listener, auditor, listener
from separation.losses.terms import Terms
from separation.networks.waveunet import WaveUNet
from separation.recipe import Recipe
from separation.watch import Look

RECIPE = "recipe.json"
CACHE = ".stems"
"""Decoded songs lie beside the trainings that use them."""

MAY_CHANGE = {"name", "steps", "checkpoint_every", "patience", "keep", "examples_every", "tensorboard", "compile"}
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
    batches: Batches
    held_out: Batches | None
    auditors: dict[str, Listener]
    """Objectives that are not trained against, by what they are called."""
    inputs: dict[str, str]
    start: WaveUNet | None
    """The separator that the training started from, where gains over it count."""
    average: dict[str, Tensor]
    """Exponential moving average of the weights; empty when the recipe wants none."""
    step: int = 0
    best: float = float("inf")
    skipped: int = 0
    """Steps left out in a row because loss or gradient were not finite."""
    left_out: int = 0
    """Such steps in all."""
    looks: list[Look] = field(default_factory=list)
    """What the held-out songs said at each checkpoint."""
    stopped: str | None = None
    """Why the training ended before its last step."""
    kept: int = field(default=-1)
    """Step of the newest state on disk."""

    @property
    def weights(self) -> dict[str, Tensor]:
        """Return the weights that are validated and saved: the averaged ones, if there are any."""
        return self.average or self.bare.state_dict()

    @property
    def bare(self) -> WaveUNet:
        """Return the network itself, as no process or precision wraps it."""
        network: WaveUNet = self.network.module
        return network


@dataclass(frozen=True)
class Sources:
    """What a training is given from outside."""

    data: Path
    objective: Path | None = None
    auditor: Path | None = None


def begin(
    recipe: Recipe, given: Sources, output: Path, *, device: str = "cpu", resumed: bool, report: Report
) -> Training:
    """Return a training at its first step, or where its newest state left it when `resumed`.

    `BadInput` when `output` holds a training that nobody asked to resume, or one of another recipe, or when recipe,
    data, objective, checkpoint and device do not fit together.
    """
    going_on, fabric = _going_on(recipe, output, resumed=resumed), devices.fabric(device)
    _check(recipe, given, fabric.world_size)
    with fabric.rank_zero_first(local=True):  # one process decodes, the others find it done
        batches, held_out = _batches(recipe, given.data, output.parent / CACHE, fabric, report)
    terms = _terms(recipe, given.objective).to(fabric.device)
    network, inputs = _network(recipe)
    inputs |= {name: fingerprint(path) for name in ("objective", "auditor") if (path := getattr(given, name))}
    optimiser = torch.optim.Adam(network.parameters(), recipe.optimiser.learning_rate, recipe.optimiser.betas)
    average = {name: weight.clone() for name, weight in network.state_dict().items()} if recipe.optimiser.ema else {}
    start = _kept(network, fabric.device) if recipe.perceptual.gain else None
    ready, optimiser = fabric.setup(network, optimiser)
    if recipe.compile:
        network.compile(dynamic=False)  # in place: the names of its weights stay
    training = Training(
        recipe,
        output,
        fabric,
        ready,
        optimiser,
        terms,
        batches,
        held_out,
        {"auditor": auditor(given.auditor, recipe.rate).to(fabric.device)} if given.auditor else {},
        inputs,
        start,
        {name: weight.to(fabric.device) for name, weight in average.items()},
    )
    if going_on:
        restore(training)
    if fabric.is_global_zero:
        write_json(output / RECIPE, recipe.model_dump(mode="json"))
    return training


def _kept(network: WaveUNet, device: torch.device) -> WaveUNet:
    """Return a copy that stays as the network is now."""
    return deepcopy(network).to(device).requires_grad_(requires_grad=False)


def keep(training: Training) -> None:
    """Write everything `restore` needs."""
    parts = {
        "network": training.bare.state_dict(),
        "optimiser": training.optimiser.state_dict(),
        "average": training.average,
    }
    for name, opponent in training.terms.opponents.items():
        parts |= {name: opponent.state_dict(), f"{name}_optimiser": opponent.optimiser.state_dict()}
    facts = {
        "best": training.best if np.isfinite(training.best) else None,
        "skipped": training.skipped,
        "left_out": training.left_out,
        "looks": [look.facts() for look in training.looks],
    }
    resume.save(training.output, training.step, parts, facts)


def restore(training: Training) -> None:
    """Put the newest state into a training that has just been built."""
    parts, card = resume.load(training.output)
    try:
        training.bare.load_state_dict(parts["network"])
        training.optimiser.load_state_dict(parts["optimiser"])
        for name, weight in training.average.items():
            weight.copy_(parts["average"][name])
        for name, opponent in training.terms.opponents.items():
            opponent.load_state_dict(parts[name])
            opponent.optimiser.load_state_dict(parts[f"{name}_optimiser"])
        training.looks = [Look(**look) for look in card["looks"]]
        training.left_out = int(card["left_out"])
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise BadInput(
            f"{training.output}: its state does not fit the recipe ({error}); train anew elsewhere"
        ) from None
    training.step = training.kept = int(card["step"])
    training.best = float("inf") if card["best"] is None else float(card["best"])
    training.skipped = int(card["skipped"])


def _check(recipe: Recipe, given: Sources, processes: int) -> None:
    if given.objective is not None and "perceptual" not in recipe.losses.weights:
        raise BadInput(f"recipe {recipe.name} has no perceptual loss; choose one that has, or give no objective")
    if recipe.batch % processes:
        raise BadInput(f"batch = {recipe.batch} cannot be shared by {processes} processes; give a multiple of them")


def _batches(recipe: Recipe, data: Path, cache: Path, fabric: Any, report: Report) -> tuple[Batches, Batches | None]:
    """Return the batches to learn from, and those of held-out songs if there are any."""
    found = songs(data, rate=recipe.rate, channels=recipe.channels, cache=cache, report=report)
    kept, held = _split(found, recipe)
    window, seed, unpaired = recipe.window, recipe.seed, None
    if "unpaired" in recipe.losses.weights:
        alone = recordings(data, rate=recipe.rate, channels=recipe.channels, cache=cache, report=report)
        unpaired = Unpaired(alone, window, recipe.rate, seed=seed)
    excerpts = Excerpts(kept, window, seed=seed, anywhere=recipe.data.anywhere, speed=recipe.data.speed)
    shared = {"rank": fabric.global_rank, "processes": fabric.world_size}
    learning = Batches(recipe, excerpts, unpaired, **shared)
    if not held:
        return learning, None
    return learning, Batches(recipe, Excerpts(held, window, seed=seed), varied=False)


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


def _split(found: Sequence[Song], recipe: Recipe) -> tuple[list[Song], list[Song]]:
    """Return (songs to train on, songs to choose the best checkpoint by); fewer than three songs are all trained on."""
    if not recipe.data.validation or len(found) < 3:
        return list(found), []
    count = max(1, round(recipe.data.validation * len(found)))
    held = set(np.random.default_rng(recipe.seed).permutation(len(found))[:count].tolist())
    return [s for n, s in enumerate(found) if n not in held], [s for n, s in enumerate(found) if n in held]


def _terms(recipe: Recipe, objective: Path | None) -> Terms:
    hearing = listener(objective, recipe.perceptual, recipe.rate) if "perceptual" in recipe.losses.weights else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed + 1)
        return Terms(recipe, hearing)


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
