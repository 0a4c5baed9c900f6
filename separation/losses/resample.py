"""Another sampling rate inside the graph: band-limited interpolation by polyphase filters.

From rate a to b with b/a = p/q in lowest terms, output sample n lies at input position n q/p. Each of the p
fractional positions has its own windowed-sinc filter; filter i gives the outputs i, i + p, i + 2p …, each q inputs.
"""

from functools import lru_cache
from math import gcd

import torch
from torch import Tensor
from torch.nn import functional as F

ZERO_CROSSINGS = 16
"""Zero crossings of the sinc on each side."""

ROLLOFF_SHARE = 0.95
"""Cut-off as a share of the lower Nyquist frequency."""


def resample(x: Tensor, source: int, target: int) -> Tensor:
    """Return `x` at `target` Hz instead of `source` Hz; gradients pass.

    Shape: (…, time) to (…, ceil(time · target / source)).

    >>> resample(torch.ones(1, 100), 22050, 44100).shape
    torch.Size([1, 200])
    """
    if source == target:
        return x
    p, q = target // gcd(source, target), source // gcd(source, target)
    filters = _filters(p, q).to(x)
    half = (filters.shape[1] - q) // 2
    frames = -(-x.shape[-1] * p // q)
    flat = F.pad(x.reshape(-1, 1, x.shape[-1]), (half, half + 2 * q))
    y = F.conv1d(flat, filters.unsqueeze(1), stride=q)  # (signals, p, time / q)
    return y.transpose(1, 2).flatten(1)[:, :frames].reshape(*x.shape[:-1], frames)


@lru_cache(maxsize=8)
def _filters(p: int, q: int) -> Tensor:
    """Return the p filters, each summing to one: (p, 2 half + q)."""
    cutoff = ROLLOFF_SHARE * min(1.0, p / q)  # relative to the input's Nyquist frequency
    half = int(ZERO_CROSSINGS / cutoff) + 1
    taps = torch.arange(-half, half + q, dtype=torch.float64)
    distance = taps - torch.arange(p, dtype=torch.float64).unsqueeze(1) * q / p
    taper = torch.cos(distance.clamp(-half, half) * torch.pi / half / 2) ** 2
    filters = torch.sinc(cutoff * distance) * taper
    return (filters / filters.sum(1, keepdim=True)).float()
