"""A conditional GAN that is given every chance to commit: nothing but a weak L1 ties it to the one label of a song.

From the weights of an L1 training on, the discriminator hears candidate and mixture and carries the gradient (L1 has a
tenth of it, there is no feature matching). The network gets a code beside the mixture: one number, held over the
excerpt. Two codes are drawn for each mixture, and their outputs are paid for being different (Mao et al., Mode seeking
GANs, 2019): -|G(x, a) - G(x, b)| / |a - b|, up to the level of the backing voice.
"""

from pathlib import Path

import torch
from torch import Tensor

from lossmodel.audio import Audio
from lossmodel.progress import silent
from separation import store
from separation.config import load
from separation.losses import balance, reconstruction
from separation.networks.waveunet import centre
from separation.recipe import Recipe
from separation.training.checkpoints import checkpoint
from separation.training.state import Sources, Training, begin

CODE_WEIGHTS_SCALE = 0.1
"""Standard deviation of the code's weights in the first layer, where the L1 training had none."""

SHARES = {"adversarial": 1.0, "l1": 0.1, "seeking": 0.2}
"""Shares of the gradient at the output."""


def train(recipe: dict[str, object], data: Path, start: Path, output: Path, *, shares: dict[str, float]) -> None:
    """Train from the L1 checkpoint `start` and leave a checkpoint in `output`/last."""
    chosen = with_noise(load("tiny", {**recipe, "losses.adversarial": 1.0}), channels=1)
    training = begin(chosen, Sources(data), output, device="cpu", resumed=False, report=silent)
    _take_weights(training, start)
    while training.step < chosen.steps:
        _step(training, shares)
    training.batches.close()
    checkpoint(training)


def with_noise(recipe: Recipe, *, channels: int) -> Recipe:
    """Return the recipe with noise beside the mixture, which `load` refuses because of what is measured here."""
    return recipe.model_copy(update={"network": recipe.network.model_copy(update={"noise": channels})})


def separate(folder: Path, mixture: Audio, code: float) -> Audio:
    """Return the vocals of a song for one code."""
    loaded = store.load(folder)
    window, margin = loaded.network.config.window(mixture.frames), loaded.network.config.margin
    x = torch.zeros(1, 3, window.input)
    x[0, :2, margin : margin + mixture.frames] = torch.from_numpy(mixture.samples)
    x[0, 2] = code
    with torch.inference_mode():
        return Audio(loaded.network(x)[0, 1, :, : mixture.frames].numpy(), mixture.rate)


def _take_weights(training: Training, start: Path) -> None:
    own, given = training.bare.state_dict(), store.load(start).network.state_dict()
    generator = torch.Generator().manual_seed(training.recipe.seed)
    first = own["down.0.weight"]
    code = CODE_WEIGHTS_SCALE * torch.randn(first[:, 2:].shape, generator=generator)
    training.bare.load_state_dict({**given, "down.0.weight": torch.cat([given["down.0.weight"], code], dim=1)})
    training.average.update({name: weight.clone() for name, weight in training.bare.state_dict().items()})


def _step(training: Training, shares: dict[str, float]) -> None:
    recipe, number = training.recipe, training.step
    batch = training.batches.take(number)
    size = len(batch.mixture)
    codes = torch.randn(2, size, generator=torch.Generator().manual_seed(number))
    twice = torch.cat([_with_code(batch.mixture, each) for each in codes])
    training.optimiser.zero_grad()
    answers = training.network(twice)
    judged = answers.detach().requires_grad_()
    targets, mixture = batch.targets.repeat(2, 1, 1, 1, 1), centre(twice[:, :2], answers.shape[-1])
    vocals, real = judged[:, -1], targets[:, 0, -1]
    adversary = training.terms.adversary
    adversary.learn(real, vocals, mixture, torch.Generator().manual_seed(number), step=number)
    terms = {
        "adversarial": adversary.judge(real, vocals, mixture)["adversarial"],
        "l1": reconstruction.l1(judged, targets).mean(),
        "seeking": -_difference(*vocals.split(size), codes, mixture[:size]),
    }
    training.fabric.backward(answers, gradient=balance.gradient(terms, judged, shares, balanced=True))
    torch.nn.utils.clip_grad_norm_(training.bare.parameters(), recipe.optimiser.clip)
    training.optimiser.step()
    for name, weight in training.bare.state_dict().items():
        training.average[name].lerp_(weight, 1 - recipe.optimiser.ema)
    training.step += 1


def _with_code(mixture: Tensor, codes: Tensor) -> Tensor:
    """Put each excerpt's code in the place of its noise: (batch, channels + 1, time) and (batch,)."""
    return torch.cat([mixture[:, :-1], codes[:, None, None].expand(-1, 1, mixture.shape[-1])], dim=1)


def _difference(one: Tensor, other: Tensor, codes: Tensor, mixture: Tensor) -> Tensor:
    """Return how different two answers are, a unit of code and of the mixture's level; above a fifth it is enough."""
    apart = (one - other).abs().mean((1, 2)) / mixture.abs().mean((1, 2)).clamp(min=1e-4)
    return (apart / (codes[0] - codes[1]).abs().clamp(min=0.1)).clamp(max=0.2).mean()
