"""Audio files in and out: read, resample, check, write. No torch, so that the web process may load it.

Samples are float32 arrays of shape (channels, frames) in [-1, 1]; rates are in Hz.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyloudnorm
import soundfile
import soxr
from numpy.typing import NDArray

from lossmodel.errors import BadInput
from lossmodel.files import whole

LONGEST = 2 * 60 * 60.0
"""Longest file that is read, in seconds."""

SILENCE = 1e-4
"""Peak below which a file is called silent (-80 dBFS)."""

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3", ".mp4", ".m4a"})
STEMS = ("mixture", "drums", "bass", "other", "vocals")
"""Order of the streams in a stem MP4 (the MUSDB18 convention)."""


@dataclass(frozen=True)
class Audio:
    """Samples of shape (channels, frames), float32, and their rate in Hz."""

    samples: NDArray[np.float32]
    rate: int

    @property
    def channels(self) -> int:
        """Return the number of channels."""
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """Return the length in samples per channel."""
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        """Return the length in seconds."""
        return self.frames / self.rate

    @property
    def peak(self) -> float:
        """Return the largest absolute sample value."""
        return float(np.abs(self.samples).max(initial=0.0))


def read(path: Path, *, rate: int | None = None, channels: int | None = None) -> Audio:
    """Read a WAV, FLAC, Ogg or MP3 file (or the first stream of an MP4), at its own rate unless `rate` is given.

    `channels=1` averages the channels, `channels=2` doubles a mono file. Raises `BadInput` for a file that is
    missing, unreadable, empty, longer than `LONGEST` or that holds NaN or infinite samples.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    audio = read_stems(path)[0] if path.suffix.lower() in {".mp4", ".m4a"} else _read_soundfile(path)
    if not np.isfinite(audio.samples).all():
        raise BadInput(f"{path}: holds NaN or infinite samples; render it again")
    return resample(with_channels(audio, channels), rate or audio.rate)


def read_stems(path: Path) -> list[Audio]:
    """Read every audio stream of a stem MP4, in the file's order (for MUSDB18: `STEMS`)."""
    import av  # FFmpeg's hundred megabytes are for containers alone

    try:
        with av.open(str(path)) as container:
            count = len(container.streams.audio)
        stems = [_read_stream(path, index) for index in range(count)]
    except (av.FFmpegError, OSError) as error:
        raise BadInput(f"{path}: cannot be decoded ({error})") from None
    if not stems:
        raise BadInput(f"{path}: no audio stream")
    return stems


def info(path: Path) -> tuple[int, int, int]:
    """Return (rate in Hz, channels, frames) of a WAV, FLAC, Ogg or MP3 file without decoding it."""
    try:
        found = soundfile.info(str(path))
    except soundfile.LibsndfileError as error:
        raise BadInput(f"{path}: cannot be read as audio ({error.error_string})") from None
    return int(found.samplerate), int(found.channels), int(found.frames)


def write(path: Path, audio: Audio, *, subtype: Literal["PCM_16", "PCM_24", "FLOAT"] = "PCM_24") -> None:
    """Write `audio` in the format of the suffix, whole or not at all. FLAC holds PCM only; WAV holds all three."""
    with whole(path) as part:
        soundfile.write(str(part), audio.samples.T, audio.rate, subtype=subtype)


def resample(audio: Audio, rate: int) -> Audio:
    """Return `audio` at `rate` Hz by soxr's very-high-quality band-limited interpolation; unchanged if it has it."""
    if rate == audio.rate:
        return audio
    samples = soxr.resample(audio.samples.T, audio.rate, rate, quality="VHQ").T
    return Audio(np.ascontiguousarray(samples, dtype=np.float32), rate)


def with_channels(audio: Audio, channels: int | None) -> Audio:
    """Return `audio` with 1 or 2 channels: the mean of its channels, or mono doubled; unchanged for None."""
    if channels is None or channels == audio.channels:
        return audio
    mono = audio.samples.mean(axis=0, keepdims=True)
    return Audio(np.repeat(mono, channels, axis=0), audio.rate)


def loudness(audio: Audio) -> float:
    """Return integrated loudness in LUFS (ITU-R BS.1770-4); minus infinity for silence or under 0.4 s."""
    if audio.seconds < 0.4 or audio.peak == 0.0:
        return float("-inf")
    return float(pyloudnorm.Meter(audio.rate).integrated_loudness(audio.samples.T.astype(np.float64)))


def check(audio: Audio, name: str, *, seconds: float = LONGEST) -> None:
    """Raise `BadInput` for audio that nobody can judge: silent, or longer than `seconds`."""
    if audio.seconds > seconds:
        raise BadInput(f"{name}: {audio.seconds:.1f} s long, at most {seconds:g} s is possible; cut an excerpt")
    if audio.peak < SILENCE:
        raise BadInput(f"{name}: silent (peak {audio.peak:.1e}); choose another excerpt")


def _read_soundfile(path: Path) -> Audio:
    rate, _, frames = info(path)
    if frames == 0:
        raise BadInput(f"{path}: empty audio file")
    if frames > LONGEST * rate:
        raise BadInput(f"{path}: longer than {LONGEST / 3600:g} h; cut it first")
    try:
        samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise BadInput(f"{path}: cannot be read as audio ({error.error_string})") from None
    return Audio(np.ascontiguousarray(samples.T), int(rate))


def _read_stream(path: Path, index: int) -> Audio:
    import av

    with av.open(str(path)) as container:
        stream = container.streams.audio[index]
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
        frames = [
            part.to_ndarray() for frame in (*container.decode(stream), None) for part in resampler.resample(frame)
        ]
        rate = int(stream.rate)
    if not frames:
        raise BadInput(f"{path}: stream {index} is empty")
    return Audio(np.ascontiguousarray(np.concatenate(frames, axis=1), dtype=np.float32), rate)
