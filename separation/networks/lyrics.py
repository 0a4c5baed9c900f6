"""A Wave-U-Net that also reads lyrics: a character at each frame of an upsampling block, beside the voice or alone.

After Stoller, Durand, Ewert (End-to-end lyrics alignment, ICASSP 2019): the same twelve levels down and two up, where
a frame lasts 2^10 samples; a linear layer there gives the probability of each symbol. The other ten blocks make the
separated voice, so both tasks share all that listens. With M4's convolutions and a bottleneck of 59 frames, 352,243
samples are 221 frames of 264 channels and 221,189 samples of vocals.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from separation.networks.config import WaveUNetConfig
from separation.networks.waveunet import LEAKY_RELU_SLOPE, WaveUNet

USUAL_LEVEL = 1 / 6
"""Root mean square of music (-16 dB), which the first layer makes about 1."""


class LyricsWaveUNet(WaveUNet):
    """Separates as its parent does and says which of `classes` symbols is sung; without `separates` only the latter.

    Then the blocks above the characters do not exist, and of levels without a skip only every second frame is computed:
    the same numbers in less than half the time.
    """

    def __init__(self, config: WaveUNetConfig, *, classes: int, blocks: int, separates: bool = True) -> None:
        super().__init__(config)
        self.blocks = blocks
        self.separates = separates
        if not separates:
            del self.up[blocks:], self.upsample[blocks:], self.output
        self.characters = nn.Conv1d(config.filters * (config.levels - blocks + 1), classes, 1)
        self._initialise()

    def _initialise(self) -> None:
        """Draw the weights of what both tasks share so that a signal keeps its level from layer to layer.

        The parent's, which shrink it to a hundredth, are made up for there by the skips of the upper levels. Characters
        have none, and would be learned not at all for long.
        """
        for conv in (*self.down, self.bottleneck, *self.up[: self.blocks]):
            nn.init.kaiming_normal_(cast("Tensor", conv.weight), LEAKY_RELU_SLOPE)
        with torch.no_grad():
            cast("Tensor", self.down[0].weight).mul_(1 / USUAL_LEVEL)
        nn.init.xavier_uniform_(self.characters.weight)
        nn.init.zeros_(cast("Tensor", self.characters.bias))

    def log_probabilities(self, mixture: Tensor) -> Tensor:
        """Return the logarithm of each symbol's probability at each frame.

        Shape: (batch, channels + noise, input) to (batch, frames, classes).
        """
        return self._read(self.features(mixture))

    def features(self, mixture: Tensor) -> Tensor:
        """Return what the characters are read from: (batch, channels + noise, input) to (batch, frames, channels)."""
        x, skips = self.encoded(mixture, self.blocks)
        return self.decoded(x, skips, range(self.blocks))

    def both(self, mixture: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sources and the symbols' log probabilities, what is shared computed once."""
        x, skips = self.encoded(mixture, self.config.levels)
        x = self.decoded(x, skips, range(self.blocks))
        full = self.decoded(x, skips, range(self.blocks, self.config.levels))
        return self.sources(full, mixture), self._read(x)

    def _read(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            y = F.linear(x.to(self.characters.weight.dtype), self.characters.weight.squeeze(2), self.characters.bias)
            return F.log_softmax(y, dim=2)
