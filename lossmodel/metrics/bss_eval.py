"""BSS Eval v3: SDR, SIR and SAR through 512-tap projections (Vincent, Gribonval & Févotte 2006).

The trick: with the target's delays in front of the others', one Cholesky factor of all correlations serves both
projections. If G = LLᵀ are the correlations of the delayed sources, d those with the estimate and y = L⁻¹d, then the
energy of the projection on the target is |y|² of the first block, on all sources |y|² of all of it, so interference
is |y|² of the rest and artifacts what the estimate has beyond that. No signal is ever filtered.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from lossmodel.metrics import lags
from lossmodel.metrics.decibels import MAX_RATIO_DB, decibels, energy, is_silent
from lossmodel.metrics.projection import cholesky, gram

TAPS = 512


@dataclass(frozen=True)
class BSSEval:
    """Each (batch,), in dB within ± 100, higher is better."""

    sdr: Tensor
    sir: Tensor
    sar: Tensor


def bss_eval(estimate: Tensor, sources: Tensor, *, taps: int = TAPS) -> BSSEval:
    """Return SDR, SIR and SAR of estimates of the first source, given all sources of the mixture.

    As `bss_eval_sources` of mir_eval (mono) and museval (mono and stereo): each channel of the estimate is projected
    on all channels of the sources, and the energies of the channels are added. With one source alone there is no
    interference: SIR is 100 dB. An estimate identical to the target has 100 dB in all three; a silent one -100 dB. So
    has the SDR of one with a silent channel where the target's sounds: a filter that passes nothing is not allowed.

    Shape: estimate (batch, channels, time), sources (batch, sources, channels, time) → (batch,) each.
    """
    if estimate.ndim != 3 or sources.ndim != 4 or estimate.shape != sources[:, 0].shape:
        shapes = f"{tuple(estimate.shape)} and {tuple(sources.shape)}"
        raise ValueError(f"estimate (batch, channels, time) and sources (batch, sources, channels, time), not {shapes}")
    known = sources.flatten(1, 2)  # (batch, sources·channels, time)
    found, count = lags.whole(known, estimate, taps=taps), known.shape[1]
    against = (
        lags.between_sources_and_others(found, count).transpose(2, 3).flatten(1, 2)
    )  # (batch, sources·channels·taps, channels)
    root = cholesky(gram(lags.between_sources(found, count)))
    solved = torch.linalg.solve_triangular(root, against, upper=False)
    each = solved.square().sum(-1).unflatten(-1, (sources.shape[1], -1)).sum(-1)  # (batch, sources)
    target, others = each[:, 0], each[:, 1:].sum(-1)
    total = torch.maximum(energy(estimate), target + others)
    silent = is_silent(estimate)
    lost = (is_silent(estimate[:, :, None]) & ~is_silent(sources[:, 0, :, None])).any(-1)
    return BSSEval(
        sdr=decibels(target, total - target).masked_fill(silent | lost, -MAX_RATIO_DB),
        sir=decibels(target, others).masked_fill(silent, -MAX_RATIO_DB),
        sar=decibels(target + others, total - target - others).masked_fill(silent, -MAX_RATIO_DB),
    )
