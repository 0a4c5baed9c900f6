"""A small network that has listened to ladders: how far an estimate is from its reference, as a dozen percepts.

Another representation than the projections of `decomposition`: levels of mel bands, no phases, learnt patterns in
band and time. What the patterns say of the remix of the moment (reference plus as much of the accompaniment as half
a second suggests) is compared with what they say of the reference: that is leak. What they say of the estimate is
compared with what they say of the steady remix (the same, over the whole excerpt): that is damage, and a leak that
comes and goes is part of it. More and less are counted apart. Whatever the weights, an estimate that is the reference
is at distance 0, and percepts are never negative. It has never met a rating: `pretrain` taught it the order of
ladders on songs that no listening test contains.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, gelu, softplus

from lossmodel import store
from lossmodel.errors import BadInput

KIND: Final = "convnet"
VERSION: Final = 1
"""Version of the card's layout."""

ATTRIBUTES: Final = ("quality", "interference", "similarity")
"""What its own, unrated opinion is about, in the order of `Hearing.severity`."""

POWER_EPSILON = 1e-20
CONTEXT_FRAMES = 43
"""Frames over which the share of accompaniment is estimated, half a second."""

FAINT_POWER_60_DB = 1e-6
"""Power of a reference, relative to the accompaniment's, that is as good as none (-60 dB)."""

LOWEST_BAND_HZ, HIGHEST_BAND_HZ = 60.0, 16_000.0
"""Range of the mel bands in Hz; those above Nyquist are silent in every signal."""

MAX_MATCHING_POWER_GAIN_20_DB = 100.0
"""Power gain (20 dB) beyond which the estimate's level is not matched to the reference's."""


@dataclass(frozen=True)
class Config:
    """Size of the network; `floor` is the power, relative to the reference's loud bands, under which all is quiet."""

    bands: int = 48
    channels: tuple[int, int, int, int] = (24, 32, 48, 48)
    leaks: int = 5
    damages: int = 7
    floor: float = 1e-4

    @property
    def percepts(self) -> int:
        """Return how many percepts there are, those of leaks first."""
        return self.leaks + self.damages

    @property
    def distances(self) -> int:
        """Return how many distances there are: two layers, more and less, mean and worst, of leak and of damage."""
        return 8 * (self.channels[1] + self.channels[3])


@dataclass(frozen=True)
class Comparison:
    """All at least 0, and 0 for the reference itself.

    `distances`, (batch, `Config.distances`), are what every pattern says: leaks first, then as many of damage; for a
    head that holds its weights back strongly. `percepts`, (batch, `Config.percepts`), are their sums, and `severity`,
    (batch, 3), is what the ladders make of those for `ATTRIBUTES`.
    """

    distances: Tensor
    percepts: Tensor
    severity: Tensor


class Convnet(nn.Module):
    """Log-mel maps through four convolutions; distances per channel; non-negative sums of distances."""

    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        self.config = config or Config()
        a, b, c, d = self.config.channels
        self.layers = nn.ModuleList(
            [
                nn.Conv2d(2, a, 5, stride=2, padding=2),
                nn.Conv2d(a, b, 3, stride=2, padding=1),
                nn.Conv2d(b, c, 3, padding=1),
                nn.Conv2d(c, d, 3, stride=2, padding=1),
            ]
        )
        pools = 4 * (b + d)
        self.leak = nn.Parameter(torch.randn(pools, self.config.leaks) - 3)  # softplus: non-negative
        self.damage = nn.Parameter(torch.randn(pools, self.config.damages) - 3)
        self.opinion = nn.Parameter(torch.randn(self.config.percepts, len(ATTRIBUTES)) - 2)
        self.register_buffer("concerns", _concerns(self.config), persistent=False)

    concerns: Tensor

    def forward(self, estimate: Tensor, reference: Tensor, mixture: Tensor, rate: int) -> Comparison:
        """Return what is heard of excerpts of shape (batch, channels, time) at `rate` Hz, 16000 to 48000."""
        return self.compare(*maps(estimate, reference, mixture, rate, self.config))

    def compare(self, estimate: Tensor, reference: Tensor, accompaniment: Tensor) -> Comparison:
        """Return the same from the power maps of `maps`, (batch, bands, frames); the last two may be one for all."""
        moment, steady = (
            closest_remix(estimate, reference, accompaniment, around=each) for each in (_around, _throughout)
        )
        signals = (estimate, reference, moment, steady)
        heard, true, leaky, mixed = (self._patterns(each, accompaniment) for each in signals)
        leak = torch.cat([pooled(*each) for each in zip(leaky, true, strict=True)], dim=1)
        damage = torch.cat([pooled(*each) for each in zip(heard, mixed, strict=True)], dim=1)
        percepts = torch.log1p(torch.cat([leak @ softplus(self.leak), damage @ softplus(self.damage)], dim=1))
        opinion = softplus(self.opinion) * self.concerns
        return Comparison(torch.cat([leak, damage], dim=1), percepts, percepts @ opinion)

    def _patterns(self, power: Tensor, accompaniment: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs of the second and the last layer, (batch, channels, bands, frames)."""
        x = torch.stack([self._level(power), self._level(accompaniment.expand_as(power))], dim=1)
        first = gelu(self.layers[1](gelu(self.layers[0](x))))
        return first, gelu(self.layers[3](gelu(self.layers[2](first))))

    def _level(self, power: Tensor) -> Tensor:
        """Return levels from 0 at the floor to about 1 where the reference is loud."""
        return torch.log1p(power / self.config.floor) / math.log1p(1 / self.config.floor)


def unrated(network: Convnet, rate: int) -> Callable[[Tensor, Tensor, Tensor], dict[str, Tensor]]:
    """Return the network's own opinion as a scorer for guards: 100 at the reference, a third for each severity of 2.2.

    It takes (estimate, references (batch, references, channels, time), mixture); of several references the one that
    the estimate is most like counts, for all attributes. Only the order of its points means something.
    """

    def score(estimate: Tensor, references: Tensor, mixture: Tensor) -> dict[str, Tensor]:
        each = [network(estimate, references[:, k], mixture, rate).severity for k in range(references.shape[1])]
        severities = torch.stack(each, dim=1)  # (batch, references, attributes)
        closest = severities[..., ATTRIBUTES.index("similarity")].argmin(1)
        chosen = severities[torch.arange(len(closest), device=closest.device), closest]
        return dict(zip(ATTRIBUTES, (100 * torch.exp(-chosen / 2)).unbind(1), strict=True))

    return score


def maps(
    estimate: Tensor, reference: Tensor, mixture: Tensor, rate: int, config: Config
) -> tuple[Tensor, Tensor, Tensor]:
    """Return mel powers of estimate, reference and accompaniment, (batch, bands, frames); differentiable.

    Relative to the reference's loud bands; the estimate at the reference's level (by at most 20 dB); windows of 46 ms
    every 12 ms at any rate. The accompaniment is (mix - g·ref)/g with g = <ref, mix>/<ref, ref>.
    """
    along = (reference * mixture).sum((1, 2), keepdim=True)
    gain = (along / reference.square().sum((1, 2), keepdim=True).clamp_min(POWER_EPSILON)).clamp_min(0.01)
    heard = [_mel(each, rate, config.bands) for each in (estimate, reference, mixture / gain - reference)]
    loud = torch.quantile(heard[1].detach().flatten(1), 0.995, dim=1)
    top = torch.maximum(loud, FAINT_POWER_60_DB * heard[2].detach().amax((1, 2))).clamp_min(POWER_EPSILON)[
        :, None, None
    ]
    estimate, reference, accompaniment = (each / top for each in heard)
    wanted, found = (each.mean((1, 2), keepdim=True) + POWER_EPSILON for each in (reference, estimate))
    return (
        estimate * wanted / found.clamp(wanted / MAX_MATCHING_POWER_GAIN_20_DB, wanted * MAX_MATCHING_POWER_GAIN_20_DB),
        reference,
        accompaniment,
    )


def closest_remix(
    estimate: Tensor, reference: Tensor, accompaniment: Tensor, *, around: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return reference + w·accompaniment with the w in [0, 4] of each band that comes closest to the estimate.

    Least squares of power on those of reference and accompaniment: no phases are needed, and what the reference alone
    explains is not taken for accompaniment. `around` averages over the frames that share a w. Of the reference it is
    the reference itself.
    Shape: (batch, bands, frames) thrice → the same.
    """
    excess = estimate - reference
    rr, aa, ra, er, ea = (
        around(one * other)
        for one, other in (
            (reference, reference),
            (accompaniment, accompaniment),
            (reference, accompaniment),
            (excess, reference),
            (excess, accompaniment),
        )
    )
    rr = rr + 0.01 * aa + 1e-12  # where the reference pauses, whatever is heard is accompaniment
    determinant = (rr * aa - ra.square()).clamp_min(0) + 1e-20
    return reference + ((rr * ea - ra * er) / determinant).clamp(0, 4) * accompaniment


def _around(power: Tensor) -> Tensor:
    """Return the mean over `CONTEXT_FRAMES` frames about each."""
    return avg_pool1d(power, CONTEXT_FRAMES, 1, CONTEXT_FRAMES // 2, count_include_pad=False)


def _throughout(power: Tensor) -> Tensor:
    """Return the mean over all frames, (batch, bands, 1)."""
    return power.mean(-1, keepdim=True)


def pooled(estimate: Tensor, other: Tensor) -> Tensor:
    """Return how much more and how much less each channel is, on average and at its worst moments (3-norm).

    Shape: (batch, channels, bands, frames) twice, or once for all → (batch, 4 · channels), at least 0.
    """
    parts = torch.cat([(estimate - other).clamp_min(0), (other - estimate).clamp_min(0)], dim=1).flatten(2)
    worst = (parts.pow(3).mean(2) + 1e-9).pow(1 / 3) - 1e-3
    return torch.cat([parts.mean(2), worst.clamp_min(0)], dim=1)


def save(network: Convnet, folder: Path, *, card: dict[str, object]) -> str:
    """Write the network in float16 as `folder`, whole or not at all; return the SHA-256 that names it."""
    tensors = {name: tensor.half() for name, tensor in network.state_dict().items()}
    form = asdict(network.config)
    return store.save(folder, tensors, {"kind": KIND, "version": VERSION, **card, "form": form})


def load(folder: Path | None = None) -> Convnet:
    """Read what `save` wrote, or the network that comes with the package; `BadInput` when it is missing or damaged."""
    folder = folder or Path(str(files("lossmodel"))) / "objective" / "convnet" / "weights"
    tensors, card = store.load(folder, kind=KIND)
    if card["version"] != VERSION:
        raise BadInput(f"{folder}: written by another version of this project; train it again")
    form = card["form"]
    network = Convnet(Config(**{**form, "channels": tuple(form["channels"])}))
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    return network.eval().requires_grad_(requires_grad=False)


def _mel(signal: Tensor, rate: int, bands: int) -> Tensor:
    """Return mean mel powers over channels, (batch, bands, frames)."""
    size = 4 * round(2048 / 44_100 * rate / 4)
    window = torch.hann_window(size, dtype=signal.dtype, device=signal.device)
    spectra = torch.stft(signal.flatten(0, 1), size, size // 4, window=window, pad_mode="constant", return_complex=True)
    power = (spectra.real.square() + spectra.imag.square()).reshape(*signal.shape[:2], *spectra.shape[1:]).mean(1)
    weights = _weights(rate, size, bands).to(signal.device, signal.dtype)
    return weights @ power * (4 / size**2)


def _concerns(config: Config) -> Tensor:
    """Return which percepts an attribute goes by, (percepts, attributes): damage, leak, both (1 yes, 0 no)."""
    leaks, damages = ([name] * count for name, count in (("leak", config.leaks), ("damage", config.damages)))
    goes_by = {"quality": {"damage"}, "interference": {"leak"}, "similarity": {"damage", "leak"}}
    return torch.tensor([[float(each in goes_by[name]) for name in ATTRIBUTES] for each in leaks + damages])


@cache
def _weights(rate: int, size: int, bands: int) -> Tensor:
    """Return triangles on power, equally spaced in mel (2595 lg(1 + f/700)): (bands, bins).

    They reach from `LOWEST_BAND_HZ` to `HIGHEST_BAND_HZ`.
    """
    low, high = (math.log10(1 + f / 700) for f in (LOWEST_BAND_HZ, HIGHEST_BAND_HZ))
    edges = 700 * (10 ** torch.linspace(low, high, bands + 2, dtype=torch.float64) - 1)
    spacing = rate / size
    centre = edges[1:-1, None]
    left, right = (edges[1:-1] - edges[:-2]).clamp_min(spacing), (edges[2:] - edges[1:-1]).clamp_min(spacing)
    bins = torch.arange(size // 2 + 1, dtype=torch.float64) * spacing
    weights = torch.minimum(1 - (centre - bins) / left[:, None], 1 - (bins - centre) / right[:, None]).clamp(min=0)
    whole = (left + right) / 2 / spacing
    return weights / whole[:, None]
