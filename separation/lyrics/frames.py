"""Where the frames of a window lie in its samples: one every 2^(levels - blocks), the middle one in the middle."""

from dataclasses import dataclass

from separation.networks.config import WaveUNetConfig


@dataclass(frozen=True)
class Frames:
    """A window of `input` samples with `count` frames, `spacing` samples apart."""

    input: int
    count: int
    spacing: int

    @property
    def offset(self) -> int:
        """Return the sample on which the first frame is centred: 63,481 of the published window."""
        return (self.input - 1 - (self.count - 1) * self.spacing) // 2

    def seconds(self, rate: int) -> float:
        """Return the time from the first frame to the last."""
        return (self.count - 1) * self.spacing / rate


def frames(config: WaveUNetConfig, blocks: int, samples: int) -> Frames:
    """Return the frames after `blocks` upsampling blocks of a window whose input has `samples` samples.

    >>> frames(WaveUNetConfig(), 2, 352243).offset
    63481
    """
    return Frames(samples, config.frames(samples, blocks), 1 << (config.levels - blocks))
