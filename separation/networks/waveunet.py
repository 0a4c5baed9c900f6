"""Wave-U-Net, to the sample: what one filter bank on the waveform hears at twelve time scales.

The trick: with valid convolutions a skip connection needs only the centre of a level's map and the way down only every
second sample of it. Where that is cheaper, the same weights run once with stride 1 on the centre and once with stride 2
on the whole: the numbers are the same, a training step at the published window takes about half the time.
"""

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from separation.networks.config import WaveUNetConfig

SLOPE = 0.2
"""Negative slope of every LeakyReLU."""

WORTH_SPLITTING = 0.95
"""Split a convolution when that needs less than this share of the whole map."""


class WaveUNet(nn.Module):
    """Takes a mixture apart into `config.sources` (Stoller, Ewert, Dixon: Wave-U-Net, ISMIR 2018).

    M2 and later predict all sources but the last; the last is the centre of the mixture minus their sum. Nothing is
    clipped. `split=False` computes every map whole, for comparison.
    """

    def __init__(self, config: WaveUNetConfig, *, split: bool = True) -> None:
        super().__init__()
        self.config = config
        self.split = split
        widths = [config.filters * (level + 1) for level in range(config.levels + 1)]
        inputs = [config.channels, *widths]
        padding = 0 if config.context else config.kernel_down // 2
        convs = [nn.Conv1d(i, o, config.kernel_down, padding=padding) for i, o in zip(inputs, widths)]
        self.down = nn.ModuleList(convs[:-1])
        self.bottleneck = convs[-1]
        padding = 0 if config.context else config.kernel_up // 2
        pairs = list(zip(widths[-2::-1], widths[:0:-1]))  # (skip's channels, channels from below), deepest first
        self.up = nn.ModuleList(nn.Conv1d(s + b, s, config.kernel_up, padding=padding) for s, b in pairs)
        self.upsample = nn.ModuleList(Upsample(below, config) for _, below in pairs)
        predicted = len(config.sources) - config.difference
        self.output = nn.Conv1d(config.filters + config.channels, predicted * config.channels, 1)
        self.apply(_initialise)

    def forward(self, mixture: Tensor) -> Tensor:
        """Return the sources of a mixture whose length is a `WaveUNetConfig.window`'s input.

        Shape: (batch, channels, input) to (batch, sources, channels, output).
        """
        x, skips = mixture, []
        for conv, frames in zip(cast("Iterable[nn.Conv1d]", self.down), self.config.skips(mixture.shape[-1])):
            skip, x = self._halve(conv, x, frames)
            skips.append(skip)
        x = F.leaky_relu(self.bottleneck(x), SLOPE)
        for upsample, merge in zip(self.upsample, self.up):
            x = torch.cat([skips.pop(), upsample(x)], dim=1)
            x = F.leaky_relu(merge(x), SLOPE)
        return self._sources(x, centre(mixture, x.shape[-1]))

    def _halve(self, conv: nn.Conv1d, x: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        """Return the centre `frames` of the level's map and every second sample of the map."""
        reach = self.config.kernel_down - 1
        whole = x.shape[-1] - reach
        if not (self.split and self.config.context) or whole / 2 + frames > WORTH_SPLITTING * whole:
            full = F.leaky_relu(conv(x), SLOPE)
            return centre(full, frames), full[..., ::2]
        skip = conv(centre(x, frames + reach))
        down = F.conv1d(x, conv.weight, conv.bias, stride=2)
        return F.leaky_relu(skip, SLOPE), F.leaky_relu(down, SLOPE)

    def _sources(self, x: Tensor, mixture: Tensor) -> Tensor:
        y: Tensor = self.output(torch.cat([x, mixture], dim=1))
        y = torch.tanh(y) if self.config.output == "tanh" else y
        y = y.reshape(len(y), -1, *mixture.shape[1:])  # (batch, predicted, channels, time)
        if not self.config.difference:
            return y
        return torch.cat([y, mixture.unsqueeze(1) - y.sum(1, keepdim=True)], dim=1)


class Upsample(nn.Module):
    """Double the rate by putting between two samples their weighted mean, w x[t] + (1 - w) x[t + 1].

    Linear: w = 1/2. Learned (M5): w = sigmoid(v), one v a channel. With context n frames become 2n - 1; without, the
    last sample is held and n become 2n.
    """

    def __init__(self, channels: int, config: WaveUNetConfig) -> None:
        super().__init__()
        self.hold = not config.context
        self.v = nn.Parameter(torch.zeros(channels, 1)) if config.upsampling == "learned" else None

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` at twice the rate. Shape: (batch, channels, n) to (batch, channels, 2n - 1) or (…, 2n)."""
        if self.hold:
            x = F.pad(x, (0, 1), mode="replicate")
        left, right = x[..., :-1], x[..., 1:]
        between = (
            torch.lerp(left, right, 0.5) if self.v is None else torch.lerp(right, left, self.v.sigmoid().to(x.dtype))
        )
        y = torch.stack([left, between], dim=-1).flatten(-2)
        return y if self.hold else torch.cat([y, x[..., -1:]], dim=-1)


def centre(x: Tensor, frames: int) -> Tensor:
    """Return the middle `frames` frames of the last dimension."""
    start = (x.shape[-1] - frames) // 2
    return x[..., start : start + frames]


def vocals(sources: Tensor, names: Sequence[str]) -> Tensor:
    """Return the vocals among separated sources. Shape: (batch, sources, channels, time) to (batch, channels, time)."""
    return sources[:, list(names).index("vocals")]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
