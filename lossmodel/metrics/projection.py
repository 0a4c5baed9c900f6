"""Projecting signals on delayed sources, from their correlations (`lossmodel.metrics.lags`): one Cholesky factor."""

from contextlib import suppress

import torch
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from torch import Tensor

from lossmodel.errors import BadInput

DIAGONAL_LOADINGS = (0.0, 1e-14, 1e-12, 1e-10, 1e-8)
"""Loadings of the diagonal, tried in turn: band-limited sources make the correlations singular in double precision."""

INSEPARABLE = "the sources are linearly dependent; is one of them silent or the same as another?"


def gram(correlated: Tensor) -> Tensor:
    """Return the inner products of all delayed signals, from their correlations with each other.

    Shape: (n, i, i, taps) → (n, i·taps, i·taps), in the order signal, delay.
    """
    taps = correlated.shape[-1]
    lags = torch.cat([correlated.flip(-1), correlated.transpose(1, 2)[..., 1:]], dim=-1)  # taps - 1 … 1 - taps
    toeplitz = lags.unfold(-1, taps, 1).flip(3)  # (n, i, i, delay of the first, delay of the second)
    return toeplitz.transpose(2, 3).flatten(3).flatten(1, 2)


def cholesky(gram: Tensor) -> Tensor:
    """Return the lower Cholesky factor, with the smallest of the `DIAGONAL_LOADINGS` that makes it exist.

    Shape: (..., rows, rows) → the same. Raises `BadInput` where none does.
    """
    level = gram.diagonal(dim1=-2, dim2=-1).mean(-1, keepdim=True) + torch.finfo(gram.dtype).tiny
    root: Tensor
    for ridge in DIAGONAL_LOADINGS:
        loaded = gram + torch.diag_embed((ridge * level).expand(gram.shape[:-1])) if ridge else gram
        root, failed = torch.linalg.cholesky_ex(loaded)
        if not failed.any():
            return root
    raise BadInput(INSEPARABLE)


def solve(correlated: Tensor, against: Tensor) -> Tensor:
    """Return the filters that project signals on sources, from the correlations of both.

    One LAPACK factor for all signals, made in place: the matrix is most of the memory, and no gradient is kept.
    Shape: (n, i, i, taps), (n, i, taps, signals) → (n, i, taps, signals). Raises `BadInput` as `cholesky`.
    """
    solved = [_solve(one[None], seen.flatten(0, 1)) for one, seen in zip(correlated.cpu(), against.cpu(), strict=True)]
    return torch.stack(solved).to(against.device).reshape(*against.shape[:3], -1)


def _solve(correlated: Tensor, against: Tensor) -> Tensor:
    level = correlated[0, :, :, 0].diagonal().mean() + torch.finfo(correlated.dtype).tiny
    loading = torch.eye(correlated.shape[1], dtype=correlated.dtype)[..., None] * torch.eye(1, correlated.shape[-1])
    for ridge in DIAGONAL_LOADINGS:
        with suppress(LinAlgError):
            matrix = gram(correlated + ridge * level * loading)[0].numpy()
            root = cho_factor(matrix.T, lower=True, overwrite_a=True, check_finite=False)
            return torch.from_numpy(cho_solve(root, against.numpy(), check_finite=False))
    raise BadInput(INSEPARABLE)
