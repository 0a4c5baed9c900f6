"""Train a separator: the step on one screen, checkpoints that are whole, a run that can stop at any step and go on."""

import time
from collections.abc import Callable
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent
from separation import config, store
from separation import device as devices
from separation.data.batch import Batch, Batches
from separation.data.stems import unheard
from separation.interruptions import explained, interruptible
from separation.losses import across_processes, balance
from separation.recipe import Recipe
from separation.training import modes, parallel
from separation.training.characters import characters_loss
from separation.training.checkpoints import checkpoint, examples
from separation.training.metrics_log import metrics_log
from separation.training.state import Sources, Training, begin

MAX_STEPS_NOT_FINITE = 10
"""Steps in a row without a finite gradient before a training gives up."""

MEMORY_ADVICE = "lower batch or data.seconds in the recipe, and resume"


def train(
    recipe: Recipe | str,
    data: Path | str,
    output: Path | str,
    *,
    objective: Path | str | None = None,
    auditor: Path | str | None = None,
    validation: Path | str | None = None,
    steps: int | None = None,
    device: str = "cpu",
    resume: bool = False,
    known_step: int = 0,
    report: Report = silent,
    remark: Callable[[str], None] = unheard,
) -> Path:
    """Train on the songs under `data` and return the checkpoint to use: `output`/best with held-out songs, else /last.

    A recipe is one of `separation.load_recipe`, or a name. Every `checkpoint_every` steps, and when `report` raises or
    Ctrl-C is pressed, everything is kept in `output`; with `resume` the training goes on from there and ends with the
    same weights as if it had never stopped. `metrics.jsonl` has a line a step. A training whose newest checkpoint is
    known to be of `known_step` is resumed only where it is. Started by `torchrun`, each process takes its share of the
    batch. An `auditor`, another objective, is asked at each checkpoint and never followed: `early_stopping` says when
    that ends a training early. Held out are the songs of the folder `validation`, or those that the text file lists;
    `remark` is told of songs that are left out. `BadInput` for what does not fit together, a checkpoint that is
    missing, a loss that stays not finite, a full disc, too little memory.
    """
    recipe = _recipe(recipe, steps)
    output = Path(output)
    given = Sources(Path(data), _path(objective), _path(auditor), _path(validation), remark, known_step)
    with explained(output, MEMORY_ADVICE):
        decoding = partial(_report_progress, report, recipe.steps)  # of many songs takes long: it proves life meanwhile
        training = begin(recipe, given, output, device=device, resumed=resume, report=decoding)
        try:
            _loop(training, report if parallel.is_main_process() else silent)
        finally:
            if training.batches:
                training.batches.close()
        training.fabric.barrier()
    return store.find(output)


def _recipe(asked: Recipe | str, steps: int | None) -> Recipe:
    """Return the recipe, found by its name if need be, with as many steps as are asked for."""
    if steps is not None and steps < 1:
        raise BadInput(f"steps = {steps}: give at least one")
    recipe = config.load(asked) if isinstance(asked, str) else asked
    return recipe if steps is None else recipe.model_copy(update={"steps": steps})


def _path(given: Path | str | None) -> Path | None:
    return None if given is None else Path(given)


def _loop(training: Training, report: Report) -> None:
    recipe = training.recipe
    with interruptible() as interrupted, metrics_log(training) as written:
        while training.step < recipe.steps and not training.stopped:
            written.write(step(training))
            if _is_due(training.step, recipe.checkpoint_every, recipe.steps):
                checkpoint(training)
            if recipe.examples_every and _is_due(training.step, recipe.examples_every, recipe.steps):
                examples(training)
            try:
                report(training.step, recipe.steps)
                interrupted()
            except BaseException:
                checkpoint(training)
                raise
        if training.stopped:
            written.write({"step": training.step, "stopped": training.stopped})


def _is_due(step: int, every: int, steps: int) -> bool:
    """Tell whether what comes every so many steps, and with the last one, comes now."""
    return step % every == 0 or step == steps


def step(training: Training) -> dict[str, Any]:
    """Take one training step and return what happened: each term, their total, the gradient's norm, seconds."""
    began, recipe, number = time.perf_counter(), training.recipe, training.step
    training.network.train()
    training.optimiser.zero_grad()
    terms, total, learned, loading = (
        _separation(training, number) if training.batches else ({}, torch.zeros(()), {}, 0.0)
    )
    characters = characters_loss(training, number)
    norm = training.fabric.clip_gradients(
        training.network, training.optimiser, max_norm=recipe.optimiser.clip, error_if_nonfinite=False
    )
    if finite := bool(torch.isfinite(norm)):
        training.optimiser.step()
        _average(training)
    _count_skipped(training, finite=finite)

    training.step += 1
    total = total.to(norm.device) + recipe.lyrics.weight * sum(characters.values())
    values = {**terms, **characters, "total": total, "norm": norm}
    here = torch.stack([value.detach().float() for value in values.values()])
    numbers = across_processes.mean_over_processes(here).tolist()  # a GPU is waited for once
    record = {name: number if isfinite(number) else None for name, number in zip(values, numbers)}
    seconds = {"seconds": round(time.perf_counter() - began, 4), "loading": round(loading, 4)}
    return {"step": number + 1, **record, **learned, "left_out": training.left_out, **seconds}


def _separation(training: Training, number: int) -> tuple[dict[str, Tensor], Tensor, dict[str, float], float]:
    """Leave the gradient of the separator's losses; return each, their total, the adversaries', seconds of waiting."""
    began, recipe = time.perf_counter(), training.recipe
    batch = cast("Batches", training.batches).take(number).to(training.fabric.device)
    loading = time.perf_counter() - began
    with devices.mixed(training.fabric.device, recipe.precision):
        estimates = training.network(batch.mixture)
    which, learned = None, {}
    if training.modes:
        which = training.modes.learn(estimates, batch, number)
        estimates, batch = modes.one_answer(estimates, which), training.modes.taught(batch, which)
        learned = training.modes.shares()
    judged = estimates.detach().requires_grad_()  # losses end here; the balanced gradient goes on from here

    weights = training.terms.weights(number)
    learned |= training.terms.learn(judged, batch, number)
    terms = training.terms(judged, batch, weights, _start_estimates(training, batch, weights, which))
    gradient = balance.gradient(terms, judged, weights, balanced=recipe.losses.balance)
    training.fabric.backward(estimates, gradient=gradient)
    return terms, balance.total(terms, weights), learned, loading


def _start_estimates(
    training: Training, batch: Batch, weights: dict[str, float], which: Tensor | None
) -> Tensor | None:
    """Return what the separator that the training started from makes of a batch, where gains over that count."""
    if training.start is None or not weights.get("perceptual"):
        return None
    with torch.no_grad(), devices.mixed(training.fabric.device, training.recipe.precision):
        made: Tensor = training.start(batch.mixture)
    return made if which is None else modes.one_answer(made, which)


def _report_progress(report: Report, steps: int, _song: int, _songs: int) -> None:
    report(0, steps)


def _average(training: Training) -> None:
    """Move the averaged weights towards the present ones, faster in the beginning."""
    decay = min(training.recipe.optimiser.ema, (1 + training.step) / (10 + training.step))
    with torch.no_grad():
        for name, weight in training.bare.state_dict().items():
            if name in training.average:
                training.average[name].lerp_(weight, 1 - decay)


def _count_skipped(training: Training, *, finite: bool) -> None:
    training.skipped = 0 if finite else training.skipped + 1
    training.left_out += not finite
    if training.skipped >= MAX_STEPS_NOT_FINITE:
        raise BadInput(
            f"{training.output}: no finite gradient for {MAX_STEPS_NOT_FINITE} steps up to step {training.step + 1};"
            " lower optimiser.learning_rate or optimiser.clip and resume from the last state"
        )
