"""ViSQOL v3 in its audio mode (Chinen et al. 2020), where the package `visqol-python` is installed.

It compares mono at 48 kHz and does not see the accompaniment: it tells how much a sound is degraded, not by what.
"""

from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import torch
from torch import Tensor

from lossmodel.audio import Audio, resample, with_channels
from lossmodel.errors import BadInput
from lossmodel.metrics.decibels import check_shapes

RATE = 48_000
WORST_MOS = 1.0
NOT_INSTALLED: Final = "visqol is not installed; pip install 'hearback[visqol]' adds it"


def installed() -> bool:
    """Return whether ViSQOL can be used."""
    return find_spec("visqol") is not None


def visqol(estimate: Tensor, reference: Tensor, rate: int) -> Tensor:
    """Return the MOS-LQO that ViSQOL predicts, 1 (bad) to 5; an identical estimate has about 4.73.

    Channels are averaged and resampled to 48 kHz. A silent estimate of a sound has 1. NaN where ViSQOL refuses the
    pair: it needs about a second of sound on both sides. Raises `BadInput` where the package is not installed.
    Shape: (batch, channels, time) twice → (batch,).
    """
    check_shapes(estimate, reference)
    if not installed():
        raise BadInput(NOT_INSTALLED)
    scores = [_score(*pair, rate) for pair in zip(estimate, reference, strict=True)]
    return torch.tensor(scores, dtype=torch.float64)


def _score(estimate: Tensor, reference: Tensor, rate: int) -> float:
    heard, true = (_mono(signal, rate) for signal in (estimate, reference))
    if not true.any():
        return float("nan")
    if not heard.any():
        return WORST_MOS
    try:
        return float(_model().measure_from_arrays(true, heard, RATE).moslqo)
    except ValueError:
        return float("nan")


def _mono(signal: Tensor, rate: int) -> Any:
    played = Audio(signal.detach().cpu().float().numpy(), rate)
    return resample(with_channels(played, 1), RATE).samples[0].astype("float64")


@cache
def _model() -> Any:
    from visqol import VisqolApi

    model = VisqolApi()
    model.create(mode="audio")
    return model
