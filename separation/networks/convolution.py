"""Valid convolutions over time, exact and fast on a CPU: time-major, and each gradient by the quickest way to it.

Signals are (batch, time, channels). The memory of such a signal is that of an image one pixel high, channels last, for
which oneDNN's forward pass and gradient of the input are about twice as fast as for (batch, channels, time). Its
gradient of the weights is not: that one is a sum of products of matrices, one for each tap, on views that skip the
copies: dW[o, c, k] = sum over t of dy[t, o] x[s t + k, c].
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int = 1) -> Tensor:
    """Return every `stride`-th frame of a valid convolution.

    Shape: (batch, time, channels), (out, channels, kernel), (out,) to (batch, (time - kernel) / stride + 1, out).
    """
    if not _by_hand(x):
        return _forward(x, weight, bias, stride)
    y: Tensor = _Convolution.apply(_packed(x), weight, bias, stride)  # type: ignore[no-untyped-call]
    return y


def fork(x: Tensor, weight: Tensor, bias: Tensor | None, frames: int) -> tuple[Tensor, Tensor]:
    """Return the centre `frames` frames of a valid convolution, and every second frame of all of it.

    Shape: (batch, time, channels), (out, channels, kernel), (out,) to (batch, frames, out) and (batch, half, out).
    """
    if not _by_hand(x):
        return _forward(_centre(x, weight, frames), weight, bias, 1), _forward(x, weight, bias, 2)
    skip, down = _Fork.apply(_packed(x), weight, bias, frames)  # type: ignore[no-untyped-call]
    return skip, down


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        return _forward(x, weight, bias, stride)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        (g,) = (each.contiguous() for each in gradients)
        back = _to_input(g, x, weight, ctx.stride) if ctx.needs_input_grad[0] else None
        return back, _to_weight(g, x, weight, ctx.stride), g.sum((0, 1)) if ctx.needs_input_grad[2] else None, None


class _Fork(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, frames: int) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(x, weight)
        ctx.frames = frames
        return _forward(_centre(x, weight, frames), weight, bias, 1), _forward(x, weight, bias, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        skip, down = (each.contiguous() for each in gradients)
        middle = _centre(x, weight, ctx.frames)
        back = None
        if ctx.needs_input_grad[0]:
            back = _to_input(down, x, weight, 2)
            _centre(back, weight, ctx.frames).add_(_to_input(skip, middle, weight, 1))
        weights = _to_weight(down, x, weight, 2) + _to_weight(skip, middle, weight, 1)
        bias = down.sum((0, 1)) + skip.sum((0, 1)) if ctx.needs_input_grad[2] else None
        return back, weights, bias, None


def _by_hand(x: Tensor) -> bool:
    """Say whether the gradients are worth the trouble: on a CPU in full precision."""
    return x.device.type == "cpu" and torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")


def _packed(x: Tensor) -> Tensor:
    """Return `x` with each frame's channels, and neighbouring frames, side by side in memory: a copy only if not."""
    return x if x.stride()[1:] == (x.shape[2], 1) else x.contiguous()


def _centre(x: Tensor, weight: Tensor, frames: int) -> Tensor:
    """Return the middle of `x` that `frames` frames of the convolution are made of."""
    needed = frames + weight.shape[-1] - 1
    start = (x.shape[1] - needed) // 2
    return x[:, start : start + needed]


def _forward(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
    y = F.conv2d(_image(x), _filters(weight), bias, stride=(1, stride))
    return y.squeeze(2).transpose(1, 2)


def _to_input(g: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Return the gradient of the input, contiguous. Shape: that of `x`."""
    found = torch.ops.aten.convolution_backward(
        _image(g), _image(x), _filters(weight), None, [1, stride], [0, 0], [1, 1], False, [0, 0], 1,
        [True, False, False],
    )  # fmt: skip
    back: Tensor = found[0].squeeze(2).transpose(1, 2).contiguous()
    return back


def _to_weight(g: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Return the gradient of the weights: `stride` neighbouring taps lie side by side in memory and go together.

    `x` is packed, which fixes its strides; torch's own say nothing of a dimension of size 1, such as a mono channel.
    """
    out, channels, taps = weight.shape
    batch, frames, _ = g.shape
    lines = (x.stride(0), stride * channels, 1)
    parts = []
    for tap in range(0, taps, stride):
        width = min(stride, taps - tap) * channels
        at = x.storage_offset() + tap * channels
        seen = x.as_strided((batch, frames, width), lines, at)
        parts.append(torch.bmm(seen.transpose(1, 2), g).sum(0))
    return torch.cat(parts).reshape(taps, channels, out).permute(2, 1, 0)


def _image(x: Tensor) -> Tensor:
    """Return (batch, time, channels) as (batch, channels, 1, time), channels last, without a copy."""
    return x.transpose(1, 2).unsqueeze(2)


def _filters(weight: Tensor) -> Tensor:
    return weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)
