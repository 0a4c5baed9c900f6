"""PEASS: how much of the target is preserved, how well the rest is suppressed, how free of artifacts an estimate is.

After Emiya, Vincent, Harlander & Hohmann 2011 and Vincent 2012: the error is taken apart (`decomposition`), a model of
the ear hears the estimate with and without each part (`auditory`, `features`), and a mapping makes scores of what it
heard (`mapping`). Written from the papers.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from lossmodel.metrics.peass.auditory import FRAMES
from lossmodel.metrics.peass.decomposition import decompose
from lossmodel.metrics.peass.features import compared, hear
from lossmodel.metrics.peass.mapping import Scores, scores

LONGEST = 14
"""Seconds that are heard in one piece; a song would take many gigabytes."""

SEGMENT, AROUND = 8, 3
"""Seconds of a longer sound that count at a time, and that are heard around them: the ear has adapted by then."""


def peass(estimate: Tensor, sources: Tensor, rate: int, *, smooth: bool = False) -> Scores:
    """Return TPS, IPS and APS (0-100, higher is better) of estimates of the first source, given all of the mixture.

    The channel that sounds worst counts. An estimate identical to the target has more than 98 in all three. `smooth`
    takes no hard decisions, so that gradients reach every moment; its scores are within 2 points of the others.

    Shape: estimate (batch, channels, time), sources (batch, sources, channels, time) → (batch,) each.
    """
    if estimate.ndim != 3 or sources.ndim != 4 or estimate.shape != sources[:, 0].shape:
        shapes = f"{tuple(estimate.shape)} and {tuple(sources.shape)}"
        raise ValueError(f"estimate (batch, channels, time) and sources (batch, sources, channels, time), not {shapes}")
    return scores(compared(torch.cat(list(_heard(estimate, sources, rate)), dim=-1), smooth=smooth))


def _heard(estimate: Tensor, sources: Tensor, rate: int) -> Iterator[Tensor]:
    """Yield what `hear` returns of one segment after the other: (5, batch, channels, bands, frames) each."""
    time = estimate.shape[-1]
    if time <= LONGEST * rate:
        yield hear(decompose(estimate, sources, rate), rate)
        return
    for start in range(0, time, SEGMENT * rate):
        part = slice(max(start - AROUND * rate, 0), start + (SEGMENT + AROUND) * rate)
        heard = hear(decompose(estimate[..., part], sources[..., part], rate), rate)
        skipped = (start - part.start) // rate * FRAMES
        yield heard[..., skipped : skipped + SEGMENT * FRAMES].to(torch.float32)
