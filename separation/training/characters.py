"""The characters' share of a training step, beside the separator's or alone."""

from typing import cast

import numpy as np
import torch
from torch import Tensor

from separation import device as devices
from separation.lyrics.ctc import ctc
from separation.lyrics.excerpts import SungExcerpts
from separation.networks.lyrics import LyricsWaveUNet
from separation.training.state import Training

TERM = "ctc"
HELD_OUT_BATCHES = 8


def characters_loss(training: Training, number: int) -> dict[str, Tensor]:
    """Add the gradient of the characters' loss to the network's and return the loss by name; nothing if unwanted."""
    if training.sung is None:
        return {}
    loss = _loss(training, training.sung, number)
    training.fabric.backward(training.recipe.lyrics.weight * loss)
    return {TERM: loss.detach()}


def held_out_loss(training: Training) -> float:
    """Return the characters' loss on held-out songs; 0 without such songs. The network is as it is now."""
    if training.held_out_sung is None:
        return 0.0
    with torch.no_grad():
        return float(np.mean([float(_loss(training, training.held_out_sung, at)) for at in range(HELD_OUT_BATCHES)]))


def _loss(training: Training, excerpts: SungExcerpts, number: int) -> Tensor:
    sung = excerpts.make(number).to(training.fabric.device)
    network = cast("LyricsWaveUNet", training.bare)
    with devices.mixed(training.fabric.device, training.recipe.precision):
        found = network.log_probabilities(sung.mixture)
    return ctc(found, sung.spans, sung.symbols)
