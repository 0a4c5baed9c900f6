"""What a Wave-U-Net looks like and how long its inputs and outputs are: numbers only, no torch.

With valid convolutions every length follows from the bottleneck's width x. Going up, a level maps x to
2x - 1 (interpolation) minus k_up - 1 (convolution); going down it maps n to n - (k_down - 1), then every second sample.
Unrolled over L levels:

    output(x) = 2^L x - k_up (2^L - 1)
    input(x)  = 2^L (x + k_down - 1) + (k_down - 2) (2^L - 1)

so the context lost on each side, (input - output) / 2, does not depend on x. The filters of `resampling = "filtered"`
are convolutions too: going down they add to the kernel, going up they cost context like a longer one.
"""

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

HALF_BAND_FILTER = (-1 / 16, 9 / 16, 9 / 16, -1 / 16)
"""A sample half-way between the middle two of four: the shortest half-band filter that keeps cubics."""


@dataclass(frozen=True)
class Window:
    """Frames that go in and frames that come out, centred in them."""

    input: int
    output: int

    @property
    def margin(self) -> int:
        """Return the frames of context needed on each side."""
        return (self.input - self.output) // 2


class WaveUNetConfig(BaseModel):
    """A Wave-U-Net (Stoller, Ewert, Dixon, ISMIR 2018); the defaults are its M4."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    levels: int = Field(default=12, ge=1, le=16)
    filters: int = Field(default=24, ge=1)
    """Level i has filters * (i + 1) channels."""
    kernel_down: int = Field(default=15, ge=3)
    kernel_up: int = Field(default=5, ge=3)
    channels: int = Field(default=2, ge=1, le=2)
    sources: tuple[str, ...] = ("accompaniment", "vocals")
    context: bool = True
    """Valid convolutions on real context; otherwise zero padding."""
    difference: bool = True
    """The last source is the mixture minus the others."""
    upsampling: Literal["linear", "learned"] = "linear"
    output: Literal["tanh", "linear"] = "tanh"
    resampling: Literal["plain", "filtered"] = "plain"
    """Filtered: half-band filters before samples are dropped and between samples that are put in, against aliases."""
    normalisation: Literal["none", "weight"] = "none"
    """Weight: each filter's length and direction are learned apart (Salimans, Kingma, 2016). Unlike statistics of the
    signal this leaves every frame independent of the window it is in."""
    noise: int = Field(default=0, ge=0)
    """Channels of seeded noise beside the mixture, in older checkpoints. Trainings learn to ignore it, so it
    is refused in recipes (docs/several-answers.md)."""
    modes: tuple[str, ...] = ()
    """Answers that the network gives side by side, named from the quietest vocals to the loudest, such as lead and all;
    one of them is chosen at use."""

    @model_validator(mode="after")
    def _kernels_are_odd(self) -> Self:
        for name in ("kernel_down", "kernel_up"):
            if getattr(self, name) % 2 == 0:
                raise ValueError(f"{name} = {getattr(self, name)}: give an odd number")
        if "vocals" not in self.sources or len(self.sources) < 2:
            raise ValueError(f"sources = {self.sources}: at least two, one of them vocals")
        if self.resampling == "filtered" and not (self.context and self.upsampling == "linear"):
            raise ValueError("resampling = filtered: needs context = true and upsampling = linear")
        if len(self.modes) == 1 or len(set(self.modes)) < len(self.modes):
            raise ValueError(f"modes = {self.modes}: give none, or at least two different names")
        return self

    @property
    def stride(self) -> int:
        """Return the grid in frames on which the network is equivariant to shifts: 2 to the number of levels."""
        return 1 << self.levels

    @property
    def margin(self) -> int:
        """Return the frames on each side of an output frame that can influence it (at most)."""
        return (self._input(0) - self._output(0)) // 2

    def window(self, frames: int) -> Window:
        """Return the smallest window whose output holds at least `frames` frames.

        >>> WaveUNetConfig().window(16384)
        Window(input=147443, output=16389)
        """
        if not self.context:
            padded = -(-frames // self.stride) * self.stride
            return Window(padded, padded)
        width = -(-(frames - self._output(0)) // self.stride)
        return Window(self._input(width), self._output(width))

    def frames(self, samples: int, blocks: int) -> int:
        """Return the frames after the first `blocks` upsampling blocks, for an input of `samples` samples.

        One frame every 2^(levels - blocks) samples; the middle one is the middle of the input.

        >>> WaveUNetConfig().frames(352243, 2)
        221
        """
        return (self.bottleneck(samples) << blocks) - self._reach_up * ((1 << blocks) - 1)

    def skips(self, frames: int) -> list[int]:
        """Return how many frames of each level's skip connection an input of `frames` frames needs, top level first."""
        if not self.context:
            return [frames >> level for level in range(self.levels)]
        width = self.bottleneck(frames)
        lengths = []
        for _ in range(self.levels):
            lengths.append(2 * width - self._reach_up + self.kernel_up - 1)
            width = 2 * width - self._reach_up
        return lengths[::-1]

    def bottleneck(self, frames: int) -> int:
        """Return the bottleneck's width for an input of `frames` frames; ValueError if that fits no window."""
        if not self.context:
            width, rest = divmod(frames, self.stride)
        else:
            width, rest = divmod(frames - self._input(0), self.stride)
        if rest or width < 1 or (self.context and self._output(width) < 1):
            raise ValueError(f"{frames} frames fit no window of this network; use window()")
        return width

    @property
    def _reach_down(self) -> int:
        return self.kernel_down + (2 * len(HALF_BAND_FILTER) - 2 if self.resampling == "filtered" else 0)

    @property
    def _reach_up(self) -> int:
        return self.kernel_up + (2 * len(HALF_BAND_FILTER) - 4 if self.resampling == "filtered" else 0)

    def _output(self, width: int) -> int:
        return self.stride * width - self._reach_up * (self.stride - 1)

    def _input(self, width: int) -> int:
        return self.stride * (width + self.kernel_down - 1) + (self._reach_down - 2) * (self.stride - 1)


class DiscriminatorConfig(BaseModel):
    """A small multi-period and multi-resolution STFT discriminator."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    periods: tuple[int, ...] = (2, 3, 5, 7)
    windows: tuple[int, ...] = (1024, 512, 256)
    """STFT lengths in frames; hops are a quarter."""
    width: int = Field(default=16, ge=1)


_M1 = WaveUNetConfig(channels=1, context=False, difference=False)
PUBLISHED_CONFIGS = {
    "M1": _M1,
    "M2": _M1.model_copy(update={"difference": True}),
    "M3": WaveUNetConfig(channels=1),
    "M4": WaveUNetConfig(),
    "M5": WaveUNetConfig(upsampling="learned"),
    "M6": WaveUNetConfig(sources=("bass", "drums", "other", "vocals")),
    "M7": WaveUNetConfig(channels=1, filters=34),
}
"""The published variants by their names in the paper."""
