"""A training's moving parts, put together or taken up again: network, optimiser, losses, songs, where it stands."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.files import write_json
from lossmodel.objective.ear.frontend import MIN_SECONDS
from lossmodel.progress import Report
from lossmodel.store import fingerprint
from separation import device as devices
from separation import store
from separation.data.batch import Batches
from separation.data.excerpts import Excerpts
from separation.data.split import chosen_songs
from separation.data.stems import content_hash, unheard
from separation.data.unpaired import Unpaired, recordings
from separation.losses.perceptual import PerceptualTerm, auditor, perceptual_term
from separation.losses.terms import Terms
from separation.lyrics.excerpts import SungExcerpts, sung_excerpts
from separation.networks.waveunet import WaveUNet
from separation.recipe import Recipe
from separation.training import changes, resume
from separation.training.changes import Change
from separation.training.early_stopping import Validation
from separation.training.modes import ModeChoice

CACHE_FOLDER = ".stems"
"""Decoded songs lie beside the trainings that use them."""


@dataclass
class Training:
    """What changes from step to step, and what it is made of."""

    recipe: Recipe
    output: Path
    fabric: Any
    network: Any
    optimiser: Any
    terms: Terms
    batches: Batches | None
    """None where only lyrics are read."""
    held_out: Batches | None
    sung: SungExcerpts | None
    """Excerpts with lyrics, where the recipe wants them."""
    held_out_sung: SungExcerpts | None
    auditors: dict[str, PerceptualTerm]
    """Objectives that are not trained against, by what they are called."""
    inputs: dict[str, str]
    start: WaveUNet | None
    """The separator that the training started from, where gains over it count."""
    average: dict[str, Tensor]
    """Exponential moving average of the weights; empty when the recipe wants none."""
    modes: ModeChoice | None = None
    """Which answer a song teaches, where the network gives several."""
    step: int = 0
    best: float = float("inf")
    skipped: int = 0
    """Steps left out in a row because loss or gradient were not finite."""
    left_out: int = 0
    """Such steps in all."""
    validations: list[Validation] = field(default_factory=list)
    """What the held-out songs said at each checkpoint."""
    stopped: str | None = None
    """Why the training ended before its last step."""
    changes: list[Change] = field(default_factory=list)
    """What was changed when the training was resumed."""
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
    validation: Path | None = None
    """Songs to hold out: a folder of them, or a list of names."""
    remark: Callable[[str], None] = unheard
    """Is told which songs are taken and which are left out."""
    known_step: int = 0
    """Step of the newest checkpoint that others know of; a resumed training must have it."""

    @property
    def judges(self) -> dict[str, str]:
        """Return the hashes of the objectives that are given."""
        given = {"objective": self.objective, "auditor": self.auditor}
        return {name: fingerprint(folder) for name, folder in given.items() if folder is not None}


def begin(
    recipe: Recipe, given: Sources, output: Path, *, device: str = "cpu", resumed: bool, report: Report
) -> Training:
    """Return a training at its first step, or where its newest state left it when `resumed`.

    `BadInput` when `output` holds a training that nobody asked to resume, or one of another recipe, or lacks what was
    kept of it, or when recipe, data, objective, checkpoint and device do not fit together.
    """
    then = changes.begun(output, checkpoint_every=recipe.checkpoint_every, known_step=given.known_step, resumed=resumed)
    changed = changes.recipe_changes(then, recipe) if then else []
    fabric = devices.fabric(device)
    _check(recipe, given, fabric.world_size)
    with fabric.rank_zero_first(local=True):  # one process decodes, the others find it done
        heard, inputs = _excerpts(recipe, given, output.parent / CACHE_FOLDER, fabric, report)
    terms = _terms(recipe, given.objective).to(fabric.device)
    network, start_input = _network(recipe)
    inputs |= start_input | given.judges
    optimiser = torch.optim.Adam(network.parameters(), recipe.optimiser.learning_rate, recipe.optimiser.betas)
    average = {name: weight.clone() for name, weight in network.state_dict().items()} if recipe.optimiser.ema else {}
    start = _frozen_copy(network, fabric.device) if recipe.perceptual.gain else None
    ready, optimiser = fabric.setup(network, optimiser)
    if recipe.compile:
        network.compile(dynamic=False)  # in place: the names of its weights stay
    auditors = {"auditor": auditor(given.auditor, recipe.rate).to(fabric.device)} if given.auditor else {}
    averaged = {name: weight.to(fabric.device) for name, weight in average.items()}
    choice = _mode_choice(recipe, heard[0], fabric.device)
    parts = (fabric, ready, optimiser, terms, *heard, auditors, inputs, start, averaged, choice)
    training = Training(recipe, output, *parts)
    if then:
        restore_state(training, [*changed, *changes.input_changes(then, inputs)])
    if fabric.is_global_zero:
        write_json(output / changes.RECIPE_FILE, recipe.model_dump(mode="json"))
    return training


def _mode_choice(recipe: Recipe, batches: Batches | None, device: torch.device) -> ModeChoice | None:
    """Return what decides which of several answers a song teaches; None where the network gives one."""
    return ModeChoice(recipe, batches.excerpts.songs).to(device) if recipe.network.modes and batches else None


def _frozen_copy(network: WaveUNet, device: torch.device) -> WaveUNet:
    """Return a copy that stays as the network is now."""
    return deepcopy(network).to(device).requires_grad_(requires_grad=False)


def save_state(training: Training) -> None:
    """Write everything `restore_state` needs."""
    parts = {
        "network": training.bare.state_dict(),
        "optimiser": training.optimiser.state_dict(),
        "average": training.average,
    }
    for name, adversary in training.terms.adversaries.items():
        parts |= {name: adversary.state_dict(), f"{name}_optimiser": adversary.optimiser.state_dict()}
    if training.modes:
        parts["modes"] = training.modes.state_dict()
    facts = {
        "best": training.best if np.isfinite(training.best) else None,
        "skipped": training.skipped,
        "left_out": training.left_out,
        "validations": [validation.facts() for validation in training.validations],
        "recipe": training.recipe.model_dump(mode="json"),
        "inputs": training.inputs,
        "changes": [change.facts() for change in training.changes],
    }
    resume.save(training.output, training.step, parts, facts)


def restore_state(training: Training, changed: Sequence[Change]) -> None:
    """Put the newest state into a training that has just been built, and remember what was `changed`."""
    parts, card = resume.load(training.output)
    try:
        training.bare.load_state_dict(parts["network"])
        _restore_optimiser(training.optimiser, parts["optimiser"])
        for name, weight in training.average.items():
            weight.copy_(parts["average"][name])
        for name, adversary in training.terms.adversaries.items():
            adversary.load_state_dict(parts[name])
            _restore_optimiser(adversary.optimiser, parts[f"{name}_optimiser"])
        if training.modes:
            training.modes.load_state_dict(parts["modes"])
        training.validations = [Validation(**validation) for validation in card["validations"]]
        training.left_out = int(card["left_out"])
        training.changes = [*(Change(**change) for change in card["changes"]), *changed]
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise BadInput(
            f"{training.output}: its state does not fit the recipe ({error}); start a new training in another folder"
        ) from None
    training.step = training.kept = int(card["step"])
    training.best = float("inf") if card["best"] is None else float(card["best"])
    training.skipped = int(card["skipped"])
    _forget_what_cannot_be_compared(training, changed)


def _restore_optimiser(optimiser: Any, state: dict[str, Any]) -> None:
    """Restore an optimiser's moments, at the learning rate that the recipe has now."""
    rates = [group["lr"] for group in optimiser.param_groups]
    optimiser.load_state_dict(state)
    for group, rate in zip(optimiser.param_groups, rates):
        group["lr"] = rate


def _forget_what_cannot_be_compared(training: Training, changed: Sequence[Change]) -> None:
    """Forget validations of other songs, excerpts or judges, and steps without a finite gradient after any change."""
    if changes.forgets_validations(changed):
        training.validations = []
    if changes.forgets_best(changed):
        training.best = float("inf")
    if training.modes and changes.forgets_songs(changed):
        training.modes.forget_songs()
    if changed:
        training.skipped = 0


def _check(recipe: Recipe, given: Sources, processes: int) -> None:
    if given.objective is not None and "perceptual" not in recipe.losses.weights:
        raise BadInput(f"recipe {recipe.name} has no perceptual loss; choose one that has, or give no objective")
    seconds = recipe.window.output / recipe.rate
    if (given.objective or given.auditor) and seconds < MIN_SECONDS:
        raise BadInput(
            f"data.seconds = {recipe.data.seconds:g}: an objective needs excerpts of at least {MIN_SECONDS:g} s, these"
            f" have {seconds:.2f} s; raise it"
        )
    if recipe.lyrics.weight and processes > 1:
        raise BadInput(f"lyrics are learned in one process, not {processes}; start it without torchrun")
    if recipe.batch % processes:
        raise BadInput(f"batch = {recipe.batch} cannot be divided among {processes} processes; give a multiple")


def _excerpts(
    recipe: Recipe, given: Sources, cache: Path, fabric: Any, report: Report
) -> tuple[tuple[Batches | None, Batches | None, SungExcerpts | None, SungExcerpts | None], dict[str, str]]:
    """Return what is learned from and what is held out, with stems and with lyrics, and the hashes of what is heard."""
    batches, held_out = None, None
    inputs: dict[str, str] = {}
    if recipe.separates:
        batches, held_out, inputs = _batches(recipe, given, cache, fabric, report)
    sung, tested, lyrics = sung_excerpts(recipe, given.data, cache, report=report, remark=given.remark)
    return (batches, held_out, sung, tested), inputs | lyrics


def _batches(
    recipe: Recipe, given: Sources, cache: Path, fabric: Any, report: Report
) -> tuple[Batches, Batches | None, dict[str, str]]:
    """Return the batches to learn from, those of held-out songs if there are any, and the hashes of what is heard."""
    remark = given.remark if fabric.is_global_zero else unheard
    kept, held = chosen_songs(recipe, given.data, given.validation, cache=cache, report=report, remark=remark)
    inputs = {"data": content_hash(song.sources for song in kept)}
    inputs |= {"validation": content_hash(song.sources for song in held)} if held else {}
    window, seed, unpaired = recipe.window, recipe.seed, None
    if "unpaired" in recipe.losses.weights:
        alone = recordings(given.data, rate=recipe.rate, channels=recipe.channels, cache=cache, report=report)
        unpaired = Unpaired(alone, window, recipe.rate, seed=seed)
        inputs["unpaired"] = content_hash(chain.from_iterable(alone))
    excerpts = Excerpts(kept, window, seed=seed, anywhere=recipe.data.anywhere, speed=recipe.data.speed)
    shared = {"rank": fabric.global_rank, "processes": fabric.world_size}
    learning = Batches(recipe, excerpts, unpaired, **shared)
    validating = Batches(recipe, Excerpts(held, window, seed=seed), varied=False) if held else None
    return learning, validating, inputs


def _terms(recipe: Recipe, objective: Path | None) -> Terms:
    wanted = "perceptual" in recipe.losses.weights
    perceptual = perceptual_term(objective, recipe.perceptual, recipe.rate) if wanted else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed + 1)
        return Terms(recipe, perceptual)


def _network(recipe: Recipe) -> tuple[WaveUNet, dict[str, str]]:
    """Return the network to start from and the hashes of what it was made of."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = store.built(recipe)
    if recipe.init is None:
        return network, {}
    start = store.load(recipe.init)
    if (start.recipe.network, start.recipe.rate) != (recipe.network, recipe.rate):
        raise BadInput(f"{recipe.init}: another network or rate than the recipe's; start from one of the same kind")
    own = network.state_dict()
    network.load_state_dict(own | {name: w for name, w in start.network.state_dict().items() if name in own})
    return network, {"init": start.fingerprint}
