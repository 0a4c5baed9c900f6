"""Train a separator: the step on one screen, checkpoints that are whole, a run that can stop at any step and go on."""

import errno
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent
from separation import store
from separation.config import Recipe
from separation.data.augment import augment
from separation.losses import balance
from separation.losses.references import nearest
from separation.losses.terms import ADVERSARIAL
from separation.networks.waveunet import centre
from separation.training import METRICS, Training, begin, keep

PATIENCE = 10
"""Steps in a row without a finite gradient before a training gives up."""

VALIDATION_BATCHES = 4


def train(
    recipe: Recipe,
    data: Path,
    output: Path,
    *,
    objective: Path | None = None,
    steps: int | None = None,
    device: str = "cpu",
    resume: bool = False,
    report: Report = silent,
) -> Path:
    """Train on the songs under `data` and return the checkpoint to use: `output`/best with held-out songs, else /last.

    Every `checkpoint_every` steps, and when `report` raises or Ctrl-C is pressed, everything is kept in `output`; with
    `resume` the training goes on from there and ends with the same weights as if it had never stopped. `metrics.jsonl`
    has a line a step. `BadInput` for what does not fit together, a loss that stays not finite, a full disc, too little
    memory.
    """
    recipe = recipe.model_copy(update={"steps": steps}) if steps else recipe
    with _explained(output):
        alive = partial(_alive, report, recipe.steps)  # decoding many songs takes long: whoever watches hears of it
        training = begin(recipe, data, output, objective=objective, device=device, resumed=resume, report=alive)
        with _interruptible() as interrupted, (output / METRICS).open("a", encoding="utf-8") as log:
            while training.step < recipe.steps:
                record = step(training)
                log.write(json.dumps(record) + "\n")
                log.flush()
                if training.step % recipe.checkpoint_every == 0 or training.step == recipe.steps:
                    checkpoint(training)
                try:
                    report(training.step, recipe.steps)
                    interrupted()
                except BaseException:
                    checkpoint(training)
                    raise
    return store.find(output)


def _alive(report: Report, steps: int, _song: int, _songs: int) -> None:
    report(0, steps)


def step(training: Training) -> dict[str, Any]:
    """Take one training step and return what happened: each term, their total, the gradient's norm, seconds."""
    began, recipe, number = time.perf_counter(), training.recipe, training.step
    mixture, targets = batch(training, number)
    training.network.train()
    estimates = training.network(mixture)
    judged = estimates.detach().requires_grad_()  # losses end here; the balanced gradient goes on from here
    heard = centre(mixture, estimates.shape[-1])

    record: dict[str, Any] = {"step": number + 1}
    weights = training.terms.weights(number)
    if adversary := training.terms.adversary:
        real = nearest(judged[:, -1], targets[:, :, -1])
        record["discriminator"] = adversary.learn(real, judged[:, -1], heard)
    terms = training.terms(judged, targets, heard, weights)
    gradient = balance.gradient(terms, judged, weights, balanced=recipe.losses.balance)

    training.optimiser.zero_grad()
    training.fabric.backward(estimates, gradient=gradient)
    norm = training.fabric.clip_gradients(
        training.network, training.optimiser, max_norm=recipe.optimiser.clip, error_if_nonfinite=False
    )
    if torch.isfinite(norm):
        training.optimiser.step()
        _average(training)
    _count(training, finite=bool(torch.isfinite(norm)))

    training.step += 1
    values = {**terms, "total": balance.total(terms, weights), "norm": norm}
    record |= {name: float(value.detach()) if torch.isfinite(value) else None for name, value in values.items()}
    return record | {"seconds": round(time.perf_counter() - began, 4)}


def batch(training: Training, number: int) -> tuple[Tensor, Tensor]:
    """Return the mixture (with context) and the targets of a step, augmented.

    Shape: (batch, channels, input) and (batch, references, sources, channels, output).
    """
    recipe = training.recipe
    generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + number)
    sources = augment(training.excerpts.batch(number, recipe.batch), recipe.data, generator)
    return _posed(training, sources)


def validate(training: Training) -> float | None:
    """Return the weighted total without the adversary's terms on excerpts of the held-out songs; None without any."""
    if training.held_out is None:
        return None
    weights = {k: v for k, v in training.recipe.losses.weights.items() if k not in ADVERSARIAL}
    network = training.network.module
    values = []
    with torch.no_grad(), _weights(network, training.weights):
        for number in range(VALIDATION_BATCHES):
            mixture, targets = _posed(training, training.held_out.batch(number, training.recipe.batch))
            estimates = network(mixture)
            terms = training.terms(estimates, targets, centre(mixture, estimates.shape[-1]), weights)
            values.append(float(balance.total(terms, weights)))
    return sum(values) / len(values)


def checkpoint(training: Training) -> None:
    """Keep the separator as `last` (and `best`, if it is) and the state to resume from; each is whole or as before."""
    if training.kept == training.step:
        return
    value = validate(training)
    facts = {"step": training.step, "validation": value, "inputs": training.inputs}
    store.save(training.output / "last", training.weights, training.recipe, facts)
    if value is not None and value < training.best:
        training.best = value
        store.save(training.output / "best", training.weights, training.recipe, facts)
    keep(training)


def _posed(training: Training, sources: Tensor) -> tuple[Tensor, Tensor]:
    sources = training.fabric.to_device(sources)
    mixture = sources[:, 0] + sources[:, 1]
    inner = centre(sources, training.recipe.window.output)
    references = inner[:, 1:]
    others = (inner[:, :1] + inner[:, 1:2]) - references
    return mixture, torch.stack([others, references], dim=2)


def _average(training: Training) -> None:
    """Move the averaged weights towards the present ones, faster in the beginning."""
    decay = min(training.recipe.optimiser.ema, (1 + training.step) / (10 + training.step))
    with torch.no_grad():
        for name, weight in training.network.module.state_dict().items():
            if name in training.average:
                training.average[name].lerp_(weight, 1 - decay)


def _count(training: Training, *, finite: bool) -> None:
    training.skipped = 0 if finite else training.skipped + 1
    if training.skipped >= PATIENCE:
        raise BadInput(
            f"{training.output}: no finite gradient for {PATIENCE} steps up to step {training.step + 1};"
            " lower optimiser.learning_rate or optimiser.clip and resume from the last state"
        )


@contextmanager
def _weights(network: torch.nn.Module, weights: dict[str, Tensor]) -> Iterator[None]:
    own = {name: weight.clone() for name, weight in network.state_dict().items()}
    network.load_state_dict(weights)
    network.eval()
    yield
    network.load_state_dict(own)


@contextmanager
def _interruptible() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if Ctrl-C was pressed meanwhile: no step is ever cut in half."""
    pressed = threading.Event()

    def interrupted() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _explained(output: Path) -> Iterator[None]:
    """Turn a full disc and too little memory into one clear line; what was kept stays and can be resumed."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise BadInput(f"{output}: the disc is full; make room and resume") from error
    except RuntimeError as error:
        if "memory" not in str(error):
            raise
        raise BadInput(f"{output}: out of memory; lower batch or data.seconds in the recipe") from error
