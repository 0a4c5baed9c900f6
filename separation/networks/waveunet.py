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
from torch.nn.utils.parametrizations import weight_norm

from separation.networks.config import HALF_BAND_FILTER, WaveUNetConfig
from separation.networks.convolution import convolve, fork

LEAKY_RELU_SLOPE = 0.2
"""Negative slope of every LeakyReLU."""

MAX_SPLIT_COST_SHARE = 0.95
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
        inputs = [config.channels + config.noise, *widths]
        padding = 0 if config.context else config.kernel_down // 2
        convs = [nn.Conv1d(i, o, config.kernel_down, padding=padding) for i, o in zip(inputs, widths)]
        self.down = nn.ModuleList(convs[:-1])
        self.bottleneck = convs[-1]
        padding = 0 if config.context else config.kernel_up // 2
        pairs = list(zip(widths[-2::-1], widths[:0:-1]))  # (skip's channels, channels from below), deepest first
        self.up = nn.ModuleList(nn.Conv1d(s + b, s, config.kernel_up, padding=padding) for s, b in pairs)
        self.upsample = nn.ModuleList(Upsample(below, config) for _, below in pairs)
        predicted = len(config.sources) - config.difference
        answers = max(1, len(config.modes))
        self.output = nn.Conv1d(config.filters + config.channels, answers * predicted * config.channels, 1)
        self.apply(_initialise)
        if config.normalisation == "weight":
            for conv in (*self.down, self.bottleneck, *self.up):
                weight_norm(conv)

    def forward(self, mixture: Tensor) -> Tensor:
        """Return the sources of a mixture whose length is a `WaveUNetConfig.window`'s input.

        Shape: (batch, channels + noise, input) to (batch, sources, channels, output), or with modes
        (batch, modes, sources, channels, output).
        """
        x, skips = self.encoded(mixture, self.config.levels)
        x = self.decoded(x, skips, range(self.config.levels))
        return self.sources(x, mixture)

    def encoded(self, mixture: Tensor, depth: int) -> tuple[Tensor, list[Tensor]]:
        """Return the bottleneck's map and the skips of the `depth` deepest levels, the deepest last.

        Where a level's skip is not wanted, only every second frame of its map is computed.
        Shape: (batch, channels + noise, input) to (batch, time, channels) each.
        """
        x, skips = mixture.transpose(1, 2), []
        unwanted = self.config.levels - depth if self.config.resampling == "plain" else 0
        convs = list(cast("Iterable[nn.Conv1d]", self.down))
        for conv in convs[:unwanted]:
            x = _activated(conv, x, 2)
        for conv, frames in zip(convs[unwanted:], self.config.skips(mixture.shape[-1])[unwanted:]):
            skip, x = self._halve(conv, x, frames)
            skips.append(skip)
        return _activated(self.bottleneck, x), skips

    def decoded(self, x: Tensor, skips: list[Tensor], blocks: range) -> Tensor:
        """Return `x` after those upsampling blocks, which take their skips from the end of the list.

        Shape: (batch, time, channels) both.
        """
        for upsample, merge in zip(self.upsample[blocks.start : blocks.stop], self.up[blocks.start : blocks.stop]):
            x = _activated(cast("nn.Conv1d", merge), torch.cat([skips.pop(), upsample(x)], dim=2))
        return x

    def _halve(self, conv: nn.Conv1d, x: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        """Return the centre `frames` of the level's map and every second sample of the map."""
        whole = x.shape[1] - (self.config.kernel_down - 1)
        filtered = self.config.resampling == "filtered"
        if filtered or not (self.split and self.config.context) or whole / 2 + frames > MAX_SPLIT_COST_SHARE * whole:
            full = _activated(conv, x)
            skip = centre(full.transpose(1, 2), frames).transpose(1, 2)
            return skip, halved(full) if filtered else full[:, ::2]
        skip, down = fork(x, conv.weight, conv.bias, frames)
        return F.leaky_relu(skip, LEAKY_RELU_SLOPE), F.leaky_relu(down, LEAKY_RELU_SLOPE)

    def sources(self, x: Tensor, mixture: Tensor) -> Tensor:
        """Return the sources that the last block's map and the mixture make, of each mode if there are any.

        Shape: (batch, time, channels) and (batch, channels, input) to that of `forward`.
        """
        mixture = centre(mixture[:, : self.config.channels], x.shape[1])
        heard = torch.cat([x.to(mixture.dtype), mixture.transpose(1, 2)], dim=2)
        with torch.autocast(x.device.type, enabled=False):  # eight bits would put noise at -48 dB into the vocals
            y = F.linear(heard, self.output.weight.squeeze(2), self.output.bias).transpose(1, 2)
        y = torch.tanh(y) if self.config.output == "tanh" else y
        y = y.reshape(len(y), max(1, len(self.config.modes)), -1, *mixture.shape[1:])  # (batch, modes, predicted, …)
        if self.config.difference:
            y = torch.cat([y, mixture[:, None, None] - y.sum(2, keepdim=True)], dim=2)
        return y if self.config.modes else y.squeeze(1)


class Upsample(nn.Module):
    """Double the rate by putting between two samples their weighted mean, w x[t] + (1 - w) x[t + 1].

    Linear: w = 1/2. Learned (M5): w = sigmoid(v), one v a channel. With context n frames become 2n - 1; without, the
    last sample is held and n become 2n. Filtered: between the middle two of four samples, and n become 2n - 5.
    """

    def __init__(self, channels: int, config: WaveUNetConfig) -> None:
        super().__init__()
        self.hold = not config.context
        self.filtered = config.resampling == "filtered"
        self.v = nn.Parameter(torch.zeros(channels, 1)) if config.upsampling == "learned" else None

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` at twice the rate. Shape: (batch, n, channels) to (batch, 2n - 1, channels) or (…, 2n, …)."""
        if self.filtered:
            between = _interpolated(x, x.shape[1] - 3)
            x = x[:, 1:-1]
            return torch.cat([torch.stack([x[:, :-1], between], dim=2).flatten(1, 2), x[:, -1:]], dim=1)
        if self.hold:
            x = torch.cat([x, x[:, -1:]], dim=1)
        left, right = x[:, :-1], x[:, 1:]
        if self.v is None:
            between = torch.lerp(left, right, 0.5)
        else:
            between = torch.lerp(right, left, self.v.sigmoid().squeeze(1).to(x.dtype))
        y = torch.stack([left, between], dim=2).flatten(1, 2)
        return y if self.hold else torch.cat([y, x[:, -1:]], dim=1)


def halved(x: Tensor) -> Tensor:
    """Return every second of the low-passed frames: even taps are `HALF_BAND_FILTER`, the odd ones the middle."""
    even, odd = x[:, ::2], x[:, 3:-3:2]
    return 0.5 * (odd + _interpolated(even, odd.shape[1]))


def _interpolated(x: Tensor, frames: int) -> Tensor:
    """Return the first `frames` values half-way between the middle two of four neighbouring frames."""
    return torch.stack([weight * x[:, at : at + frames] for at, weight in enumerate(HALF_BAND_FILTER)]).sum(0)


def _activated(conv: nn.Conv1d, x: Tensor, stride: int = 1) -> Tensor:
    """Return every `stride`-th frame of the leaky convolution of (batch, time, channels), padded as the layer says."""
    reach = int(conv.padding[0])
    x = F.pad(x, (0, 0, reach, reach)) if reach else x
    return F.leaky_relu(convolve(x, conv.weight, conv.bias, stride), LEAKY_RELU_SLOPE)


def centre(x: Tensor, frames: int) -> Tensor:
    """Return the middle `frames` frames of the last dimension."""
    start = (x.shape[-1] - frames) // 2
    return x[..., start : start + frames]


def vocals(sources: Tensor, names: Sequence[str]) -> Tensor:
    """Return the vocals among separated sources. Shape: (…, sources, channels, time) to (…, channels, time)."""
    return sources[..., list(names).index("vocals"), :, :]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
