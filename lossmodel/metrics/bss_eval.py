"""BSS Eval v3: SDR, SIR and SAR through 512-tap projections (Vincent, Gribonval & Févotte 2006).

The trick: with the target's delays in front of the others', one Cholesky factor of all correlations serves both
projections. If G = LLᵀ are the correlations of the delayed sources, d those with the estimate and y = L⁻¹d, then the
energy of the projection on the target is |y|² of the first block, on all sources |y|² of all of it, so interference
is |y|² of the rest and artifacts what the estimate has beyond that. No signal is ever filtered.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.metrics.decibels import decibels

TAPS = 512
RIDGES = (0.0, 1e-14, 1e-12, 1e-10, 1e-8)
"""Loadings of the diagonal, tried in turn: band-limited sources make the correlations singular in double precision."""


@dataclass(frozen=True)
class BSSEval:
    """Each (batch,), in dB within ± 100, higher is better."""

    sdr: Tensor
    sir: Tensor
    sar: Tensor


def bss_eval(estimate: Tensor, sources: Tensor, *, taps: int = TAPS) -> BSSEval:
    """Return SDR, SIR and SAR of estimates of the first source, given all sources of the mixture.

    Channels are judged one by one (as `mir_eval.separation.bss_eval_sources` judges mono) and their dB averaged.
    With one source alone there is no interference: SIR is 100 dB. An estimate identical to the target has 100 dB in
    all three; a silent estimate 0 dB.

    Shape: estimate (batch, channels, time), sources (batch, sources, channels, time) → (batch,) each.
    """
    if estimate.ndim != 3 or sources.ndim != 4 or estimate.shape != sources[:, 0].shape:
        shapes = f"{tuple(estimate.shape)} and {tuple(sources.shape)}"
        raise ValueError(f"estimate (batch, channels, time) and sources (batch, sources, channels, time), not {shapes}")
    heard = estimate.flatten(0, 1).to(torch.float64)  # (batch·channels, time)
    known = sources.transpose(1, 2).flatten(0, 1).to(torch.float64)  # (batch·channels, sources, time)
    energies = _projected(heard, known, taps)  # (batch·channels, sources)
    target, others = energies[:, 0], energies[:, 1:].sum(-1)
    total = torch.maximum(heard.square().sum(-1), target + others)
    ratios = torch.stack(
        [
            decibels(target, total - target),
            decibels(target, others),
            decibels(target + others, total - target - others),
        ]
    )
    sdr, sir, sar = ratios.reshape(3, *estimate.shape[:2]).mean(-1)
    return BSSEval(sdr, sir, sar)


def _projected(heard: Tensor, known: Tensor, taps: int) -> Tensor:
    """Return the energy that each further source adds to the projection of the estimate on those before it.

    Shape: (n, time), (n, sources, time) → (n, sources).
    """
    size = 1 << (known.shape[-1] + taps - 1).bit_length()
    spectra, spectrum = torch.fft.rfft(known, size), torch.fft.rfft(heard, size)
    with_estimate = torch.fft.irfft(spectra.conj() * spectrum[:, None], size)[..., :taps]  # (n, sources, taps)
    with_each_other = torch.fft.irfft(spectra[:, :, None].conj() * spectra[:, None], size)  # (n, sources, sources, lag)
    lags = torch.arange(taps)[:, None] - torch.arange(taps)
    gram = with_each_other[..., lags % size].transpose(2, 3).flatten(3).flatten(1, 2)  # (n, sources·taps, sources·taps)
    root = _cholesky(gram)
    solved: Tensor = torch.linalg.solve_triangular(root, with_estimate.flatten(1)[..., None], upper=False)
    return solved.square().reshape(*known.shape[:2], taps).sum(-1)


def _cholesky(gram: Tensor) -> Tensor:
    """Return the lower Cholesky factor, with the smallest of the `RIDGES` that makes it exist."""
    level = gram.diagonal(dim1=-2, dim2=-1).mean(-1)[:, None, None] + torch.finfo(gram.dtype).tiny
    eye = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    root: Tensor
    for ridge in RIDGES:
        root, failed = torch.linalg.cholesky_ex(gram + ridge * level * eye)
        if not failed.any():
            return root
    raise BadInput("the sources cannot be told apart by their delays; is one of them silent or the same as another?")
