"""Who can tell a separated voice from a true one? Small discriminators that hear the mixture beside the candidate.

Several periods look at the waveform folded (after Kong, Kim, Bae: HiFi-GAN, 2020), several windows at its complex STFT
(after Kumar et al.: improved RVQGAN, 2023). Given the mixture, «true» means the voice that is in it, not any voice.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from separation.networks.config import DiscriminatorConfig

Judgement = tuple[Tensor, list[Tensor]]
"""A map of scores (real is high) and the features that led to it."""


class Discriminator(nn.Module):
    """Judges sounds, beside something to compare them with or alone; `channels` counts the channels of both."""

    def __init__(self, config: DiscriminatorConfig, channels: int) -> None:
        super().__init__()
        folded = [Period(period, channels, config.width) for period in config.periods]
        spectral = [Spectrum(window, channels, config.width) for window in config.windows]
        self.judges = nn.ModuleList([*folded, *spectral])

    def forward(self, sound: Tensor, beside: Tensor | None) -> list[Judgement]:
        """Return one judgement a judge. Shape: (batch, channels, time) both."""
        heard = sound if beside is None else torch.cat([sound, beside], dim=1)
        return [judge(heard) for judge in self.judges]


class Period(nn.Module):
    """Looks at every `period`-th sample side by side."""

    def __init__(self, period: int, channels: int, width: int) -> None:
        super().__init__()
        self.period = period
        self.convs = _stack([channels, width, 2 * width, 4 * width, 4 * width], kernel=(5, 1), stride=(3, 1))
        self.score = weight_norm(nn.Conv2d(4 * width, 1, (3, 1), padding=(1, 0)))

    def forward(self, x: Tensor) -> Judgement:
        """Judge (batch, channels, time)."""
        x = F.pad(x, (0, -x.shape[-1] % self.period))
        return _judge(x.reshape(*x.shape[:2], -1, self.period), self.convs, self.score)


class Spectrum(nn.Module):
    """Looks at real and imaginary parts of an STFT."""

    window: Tensor

    def __init__(self, window: int, channels: int, width: int) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(window), persistent=False)
        self.convs = _stack([2 * channels, width, width, 2 * width, 2 * width], kernel=(9, 3), stride=(2, 1))
        self.score = weight_norm(nn.Conv2d(2 * width, 1, 3, padding=1))

    def forward(self, x: Tensor) -> Judgement:
        """Judge (batch, channels, time)."""
        size = len(self.window)
        spectrum = torch.stft(
            x.flatten(0, 1).float(), size, size // 4, window=self.window, normalized=True, return_complex=True
        )
        parts = torch.view_as_real(spectrum).reshape(
            *x.shape[:2], *spectrum.shape[1:], 2
        )  # (batch, channel, bin, frame, part)
        return _judge(parts.movedim(-1, 2).flatten(1, 2), self.convs, self.score)


def _stack(widths: list[int], *, kernel: tuple[int, int], stride: tuple[int, int]) -> nn.ModuleList:
    padding = (kernel[0] // 2, kernel[1] // 2)
    pairs = pairwise(widths)
    return nn.ModuleList(weight_norm(nn.Conv2d(i, o, kernel, stride, padding)) for i, o in pairs)


def _judge(x: Tensor, convs: nn.ModuleList, score: nn.Module) -> Judgement:
    features = []
    for conv in convs:
        x = F.leaky_relu(conv(x), 0.1)
        features.append(x)
    return score(x), features
