"""Audio files too long for memory: read block by block, written as they come, whole or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.errors import BadInput

Samples = NDArray[np.float32]
Format = Literal["wav", "flac"]

BLOCK_FRAMES = 1 << 18
"""Frames that are read from a file at once."""

DECODED_AT_ONCE = frozenset({".mp4", ".m4a"})
MAX_WAV_BYTES = 0xFFFF_F000
"""Bytes; a longer file is written as RF64, which is WAV with longer numbers."""

STEPS_OF_24_BITS = 2.0**23
"""Steps of 24-bit samples from 0 to full scale."""


class Source:
    """An audio file read in blocks; a file that cannot be (MP4) is decoded at once."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self.path = path
        if path.suffix.lower() in DECODED_AT_ONCE:
            decoded = audio.read(path)
            self._samples, self._at = decoded.samples, 0
            self.rate, self.channels, self.frames = decoded.rate, decoded.channels, decoded.frames
            self._file = None
        else:
            self.rate, self.channels, self.frames = audio.info(path)
            self._file = stack.enter_context(soundfile.SoundFile(str(path)))

    @staticmethod
    def length(path: Path) -> int:
        """Return the frames of a file; `BadInput` when it is missing, empty or no audio."""
        if not path.is_file():
            raise BadInput(f"{path}: no such file")
        frames = audio.read(path).frames if path.suffix.lower() in DECODED_AT_ONCE else audio.info(path)[2]
        if not frames:
            raise BadInput(f"{path}: empty audio file")
        return frames

    def read(self, frames: int) -> Samples:
        """Return the next `frames` frames (fewer at the end): (channels, frames)."""
        if self._file is None:
            block = self._samples[:, self._at : self._at + frames]
            self._at += frames
        else:
            block = self._file.read(frames, dtype="float32", always_2d=True).T
        if not np.isfinite(block).all():
            raise BadInput(f"{self.path}: has NaN or infinite samples; render it again")
        return block

    def blocks(self) -> Iterator[Samples]:
        """Yield the whole file block by block."""
        while (block := self.read(BLOCK_FRAMES)).shape[1]:
            yield block


class Sink:
    """A file that is written block by block: WAV in 32-bit float, or FLAC in 24 bits, which cannot hold more than 1."""

    def __init__(self, path: Path, target: Path, like: Source, kind: Format, stack: ExitStack) -> None:
        """Write `path`, which becomes `target` when it is whole and is called that in messages."""
        self._target = target
        self._exact = kind == "wav"
        long = like.frames * like.channels * 4 > MAX_WAV_BYTES
        kinds = ("FLAC", "PCM_24") if kind == "flac" else ("RF64" if long else "WAV", "FLOAT")
        self._file = stack.enter_context(
            soundfile.SoundFile(str(path), "w", like.rate, like.channels, format=kinds[0], subtype=kinds[1])
        )

    def fitted(self, samples: Samples) -> Samples:
        """Return the samples as this file will hold them, so that what is left of a mixture can be exact."""
        return samples if self._exact else (np.rint(samples * STEPS_OF_24_BITS) / STEPS_OF_24_BITS).astype(np.float32)

    def write(self, samples: Samples) -> None:
        """Write (channels, frames); `BadInput` for a full disc, or samples above full scale that FLAC would clip."""
        if not self._exact and np.abs(samples).max(initial=0.0) > 1:
            raise BadInput(f"{self._target}: a sample above full scale would be clipped in FLAC; write WAV instead")
        try:
            self._file.write(samples.T)
        except soundfile.LibsndfileError as error:
            raise BadInput(f"{self._target}: cannot be written ({error.error_string}); make room on the disk") from None


def cut_off_seconds(path: Path) -> float:
    """Return how much of what a file's header promises is missing, in seconds; 0 for a whole file or a container."""
    if path.suffix.lower() in DECODED_AT_ONCE:
        return 0.0
    rate, channels, frames = audio.info(path)
    promised = audio.promised_frames(path, frames, channels)
    return (promised - frames) / rate if promised else 0.0


def expanded(files: Sequence[Path]) -> list[Path]:
    """Return the files, and in the place of a pattern such as songs/*.wav what it matches and was not named yet."""
    found: list[Path] = []
    for path in files:
        pattern = any(sign in str(path) for sign in "*?[") and not path.exists()
        matches = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor)))) if pattern else [path]
        if not matches:
            raise BadInput(f"{path}: matches no file")
        found += [match for match in matches if not pattern or match not in found]
    return found
