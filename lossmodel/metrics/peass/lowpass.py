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
    decay = math.exp(-1 / (constant * rate))
    half = math.sqrt(decay)
    return _LowPass.apply(signal - before, decay, 1 - half, half - decay) + before  # type: ignore[no-any-return, no-untyped-call]


def smoothed(signal: Tensor, constant: float, rate: int) -> Tensor:
    """Return the recursion y[n] = (1 - a)·x[n] + a·y[n - 1]: a low-pass's value at the end of each sample.

    Shape: (..., time), kept.
    """
    decay = math.exp(-1 / (constant * rate))
    return _LowPass.apply(signal, decay, 1 - decay, 0.0)  # type: ignore[no-any-return, no-untyped-call]


class _LowPass(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, signal: Tensor, decay: float, now: float, last: float) -> Tensor:
        ctx.weights = decay, now, last
        return _filtered(signal, *ctx.weights)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        return _filtered(gradients[0].flip(-1), *ctx.weights).flip(-1), None, None, None


def _filtered(signal: Tensor, decay: float, now: float, last: float) -> Tensor:
    found = lfilter([now, last], [1, -decay], signal.detach().cpu().numpy(), axis=-1)
    return torch.from_numpy(np.ascontiguousarray(found)).to(signal)
