"""Many losses, one gradient: weights as shares of the gradient at the output instead of factors on values."""

from collections.abc import Mapping

import torch
from torch import Tensor

from separation.losses import across_processes


def gradient(terms: Mapping[str, Tensor], output: Tensor, weights: Mapping[str, float], *, balanced: bool) -> Tensor:
    """Return the gradient at `output` that the terms ask for together.

    Not balanced: the sum of w_i g_i. Balanced (after Défossez et al.: EnCodec, 2022, eq. 4, without its moving average:
    a step depends on nothing but itself): with n_i = |g_i| and the first term's norm as the scale,

        g = n_1 / (sum of w) · sum of w_i g_i / n_i

    so each term moves the output by its share whatever its unit, and the first (reconstruction) fades as it is reached.
    Where several processes share a batch, n_i is the norm over all of it.
    """
    names = [name for name in terms if weights.get(name, 0.0) > 0]
    gradients = [torch.autograd.grad(terms[name], output, retain_graph=True)[0] for name in names]
    scales = torch.tensor([weights[name] for name in names], device=output.device)
    if balanced:
        squares = torch.stack([part.float().square().sum() for part in gradients])
        norms = across_processes.mean_over_processes(squares).sqrt()
        scales = norms[0] * scales / scales.sum() / norms.clamp(min=1e-12)
    return torch.stack([scale * part for scale, part in zip(scales, gradients)]).sum(0)


def total(terms: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """Return the weighted sum of the terms' values."""
    return torch.stack([weights.get(name, 0.0) * value for name, value in terms.items()]).sum()
