"""PEASS: how much of the target is preserved, how well the rest is suppressed, how free of artifacts an estimate is.

After Emiya, Vincent, Harlander & Hohmann 2011 and Vincent 2012: the error is taken apart (`decomposition`), a model of
the ear hears the estimate with and without each part (`auditory`, `features`), and a mapping makes scores of what it
heard (`mapping`). Written from the papers.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.metrics.decibels import is_inaudible
from lossmodel.metrics.peass.auditory import FRAMES_PER_SECOND
from lossmodel.metrics.peass.decomposition import decompose
from lossmodel.metrics.peass.features import CORRELATION_FRAMES, compared, hear
from lossmodel.metrics.peass.mapping import Scores, scores

MIN_SECONDS = CORRELATION_FRAMES / FRAMES_PER_SECOND
"""Seconds: shorter sounds have nothing that could be correlated."""

MAX_SECONDS_IN_ONE_PIECE = 14
"""Seconds that are heard in one piece; a song would take many gigabytes."""

SEGMENT_SECONDS, CONTEXT_SECONDS = 8, 3
"""Seconds of a longer sound that count at a time, and that are heard around them: the ear has adapted by then."""


def peass(estimate: Tensor, sources: Tensor, rate: int, *, smooth: bool = False) -> Scores:
    """Return TPS, IPS and APS (0-100, higher is better) of estimates of the first source, given all of the mixture.

    The channel that sounds worst counts; one that is silent (peak below -80 dBFS) where the target's is not has 0 in
    all three, since the model of the ear forgives what is missing. An estimate identical to the target has more than
    98. `smooth` takes no hard decisions, so that gradients reach every moment; its scores are within 2 points of the
    others.
    Raises `BadInput` for less than `MIN_SECONDS`.

    Shape: estimate (batch, channels, time), sources (batch, sources, channels, time) → (batch,) each.
    """
    if estimate.ndim != 3 or sources.ndim != 4 or estimate.shape != sources[:, 0].shape:
        shapes = f"{tuple(estimate.shape)} and {tuple(sources.shape)}"
        raise ValueError(f"estimate (batch, channels, time) and sources (batch, sources, channels, time), not {shapes}")
    if estimate.shape[-1] < MIN_SECONDS * rate:
        raise BadInput(f"{estimate.shape[-1] / rate:.3f} s long, PEASS needs {MIN_SECONDS:g} s")
    found = scores(compared(torch.cat(list(_features_in_pieces(estimate, sources, rate)), dim=-1), smooth=smooth))
    lost = (is_inaudible(estimate[:, :, None]) & ~is_inaudible(sources[:, 0, :, None])).any(-1)
    return Scores(*(each.masked_fill(lost, 0) for each in (found.tps, found.ips, found.aps)))


def _features_in_pieces(estimate: Tensor, sources: Tensor, rate: int) -> Iterator[Tensor]:
    """Yield what `hear` returns of one segment after the other: (5, batch, channels, bands, frames) each."""
    time = estimate.shape[-1]
    if time <= MAX_SECONDS_IN_ONE_PIECE * rate:
        yield hear(decompose(estimate, sources, rate), rate)
        return
    for start in range(0, time, SEGMENT_SECONDS * rate):
        part = slice(max(start - CONTEXT_SECONDS * rate, 0), start + (SEGMENT_SECONDS + CONTEXT_SECONDS) * rate)
        heard = hear(decompose(estimate[..., part], sources[..., part], rate), rate)
        skipped = (start - part.start) // rate * FRAMES_PER_SECOND
        yield heard[..., skipped : skipped + SEGMENT_SECONDS * FRAMES_PER_SECOND].to(torch.float32)
