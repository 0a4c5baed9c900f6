"""What is done to a delivered sound before it is let in: only what somebody asked for, and it is told in words."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np

from lossmodel.audio import Audio, resample, with_channels
from lossmodel.errors import BadInput


@dataclass(frozen=True)
class Treatment:
    """The changes to one sound, in the order of its fields; nothing is changed by default.

    `advance` (samples at the new rate) cuts a delay off the beginning and fills the end with silence; negative values
    delay. `start` (s) and `frames` choose the excerpt after that; `fade` is in milliseconds at either end.
    """

    rate: int | None = None
    channels: int | None = None
    without_dc: bool = False
    invert: bool = False
    advance: int = 0
    start: float = 0.0
    frames: int | None = None
    fade: float = 0.0

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return the treatment that `stored` (of `to_json`) describes; unknown keys raise `BadInput`."""
        if unknown := set(stored) - {field.name for field in fields(cls)}:
            raise BadInput(
                f"no treatment is called {min(unknown)!r}; known are {', '.join(f.name for f in fields(cls))}"
            )
        return cls(**stored)

    def to_json(self) -> dict[str, Any]:
        """Return the fields that change something."""
        defaults = asdict(type(self)())
        return {name: value for name, value in asdict(self).items() if value != defaults[name]}

    def applied(self, sound: Audio) -> Audio:
        """Return `sound` as treated. Padding with silence is the only thing that is added."""
        sound = resample(sound, self.rate or sound.rate)
        samples = with_channels(sound, self.channels).samples
        if self.without_dc:
            samples = samples - samples.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
        if self.invert:
            samples = -samples
        samples = _cut(_advanced(samples, self.advance), round(self.start * sound.rate), self.frames)
        return Audio(np.ascontiguousarray(_faded(samples, self.fade * sound.rate / 1000)), sound.rate)

    def told(self, sound: Audio) -> str:
        """Return in words what `applied(sound)` does; empty where it leaves every sample as it was."""
        rate = self.rate or sound.rate
        return "; ".join(filter(None, (*self._told_of_shape(sound), *self._told_of_time(rate, sound))))

    def _told_of_shape(self, sound: Audio) -> tuple[str, ...]:
        channels = {1: "channels averaged to mono", 2: "mono put on both channels"}
        return (
            f"resampled from {sound.rate} to {self.rate} Hz" if self.rate not in {None, sound.rate} else "",
            channels.get(self.channels or 0, "") if self.channels not in {None, sound.channels} else "",
            "DC offset removed" if self.without_dc else "",
            "polarity inverted" if self.invert else "",
        )

    def _told_of_time(self, rate: int, sound: Audio) -> tuple[str, ...]:
        way = "advanced" if self.advance > 0 else "delayed"
        before = round(sound.frames * rate / sound.rate)
        return (
            f"{way} by {abs(self.advance)} samples ({1000 * abs(self.advance) / rate:.1f} ms)" if self.advance else "",
            f"excerpt from {self.start:.3f} s" if self.start else "",
            _told_of_length(self.frames, before - round(self.start * rate), rate),
            f"faded in and out over {self.fade:g} ms" if self.fade else "",
        )


def _told_of_length(frames: int | None, before: int, rate: int) -> str:
    if frames is None or frames == before:
        return ""
    if frames > before:
        return f"{frames - before} samples of silence added at the end"
    return f"cut to {frames / rate:.3f} s ({frames} samples)"


def _advanced(samples: np.ndarray, by: int) -> np.ndarray:
    """Return `samples` moved to the left by `by`, with silence where there is no sound; same length."""
    if not by:
        return samples
    moved = np.zeros_like(samples)
    length = samples.shape[1] - abs(by)
    if length > 0 and by > 0:
        moved[:, :length] = samples[:, by:]
    elif length > 0:
        moved[:, -length:] = samples[:, :length]
    return moved


def _cut(samples: np.ndarray, start: int, frames: int | None) -> np.ndarray:
    part = samples[:, start:] if frames is None else samples[:, start : start + frames]
    lacking = 0 if frames is None else frames - part.shape[1]
    return np.pad(part, ((0, 0), (0, lacking))) if lacking > 0 else part


def _faded(samples: np.ndarray, length: float) -> np.ndarray:
    """Return `samples` with a raised cosine of `length` samples at either end."""
    size = min(round(length), samples.shape[1] // 2)
    if size < 1:
        return samples
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(size) + 0.5) / size)).astype(np.float32)
    window = np.ones(samples.shape[1], np.float32)
    window[:size], window[-size:] = ramp, ramp[::-1]
    return samples * window
