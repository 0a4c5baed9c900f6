"""A first-order low-pass over time that is differentiable: its gradient is the same filter run backwards."""

import math
from typing import Any

import numpy as np
import torch
from scipy.signal import lfilter
from torch import Tensor


def lowpass(signal: Tensor, constant: float, rate: int, *, before: float = 0.0) -> Tensor:
    """Return what a low-pass with a time constant of `constant` seconds makes of a signal that was `before` until now.

    Exact in the middle of each sample for signals constant within samples. Shape: (..., time), kept.
    """
    return _LowPass.apply(signal - before, math.exp(-1 / (constant * rate))) + before  # type: ignore[no-any-return, no-untyped-call]


class _LowPass(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, signal: Tensor, decay: float) -> Tensor:
        ctx.decay = decay
        return _filtered(signal, decay)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _filtered(gradients[0].flip(-1), ctx.decay).flip(-1), None


def _filtered(signal: Tensor, decay: float) -> Tensor:
    half = math.sqrt(decay)
    found = lfilter([1 - half, half - decay], [1, -decay], signal.detach().cpu().numpy(), axis=-1)
    return torch.from_numpy(np.ascontiguousarray(found)).to(signal)
