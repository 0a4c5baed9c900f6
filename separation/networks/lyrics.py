"""A Wave-U-Net that also reads lyrics: a character at each frame of an upsampling block, beside the voice or alone.

After Stoller, Durand, Ewert (End-to-end lyrics alignment, ICASSP 2019): the same twelve levels down and two up, where
a frame lasts 2^10 samples; a linear layer there gives the probability of each symbol. The other ten blocks make the
separated voice, so both tasks share all that listens. With M4's convolutions and a bottleneck of 59 frames, 352,243
samples are 221 frames of 264 channels and 221,189 samples of vocals.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from separation.networks.config import WaveUNetConfig
from separation.networks.waveunet import WaveUNet


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
        nn.init.xavier_uniform_(self.characters.weight)
        nn.init.zeros_(self.characters.bias)  # type: ignore[arg-type]

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
