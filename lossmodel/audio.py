"""Audio files in and out: read, resample, check, write. No torch, so that the web process may load it.

Samples are float32 arrays of shape (channels, frames) in [-1, 1]; rates are in Hz.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from lossmodel.errors import BadInput
from lossmodel.files import atomic_file

if TYPE_CHECKING:
    import av

MAX_SECONDS = 2 * 60 * 60.0
"""Longest file that is read, in seconds."""

SILENT_PEAK_80_DBFS = 1e-4
"""Peak below which a file is called silent (-80 dBFS)."""

CONTAINERS = frozenset({".mp4", ".m4a"})
SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3"}) | CONTAINERS
_BYTES_PER_SAMPLE = {"PCM_U8": 1, "PCM_S8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
_STREAMED_BYTES = 2**32 - 2**16
"""Size of a `data` chunk from which on it was written before the length was known."""

STEM_STREAMS = ("mixture", "drums", "bass", "other", "vocals")
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
    missing, unreadable, empty, longer than `MAX_SECONDS` or that holds NaN or infinite samples.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    if not path.stat().st_size:
        raise BadInput(f"{path}: empty (0 bytes); copy or render it again")
    audio = read_stems(path)[0] if path.suffix.lower() in CONTAINERS else _read_soundfile(path)
    if not np.isfinite(audio.samples).all():
        raise BadInput(f"{path}: has NaN or infinite samples; render it again")
    return resample(with_channels(audio, channels), rate or audio.rate)


def read_stored(file: Path | BinaryIO) -> NDArray[np.int16] | NDArray[np.float32]:
    """Return the samples (channel, frame) as a file holds them: integers of up to 16 bits, else float32.

    Raises `BadInput` for a file that cannot be read.
    """
    try:
        with soundfile.SoundFile(file) as opened:
            dtype = "int16" if opened.subtype in {"PCM_S8", "PCM_U8", "PCM_16"} else "float32"
            samples = opened.read(dtype=dtype, always_2d=True)
    except soundfile.LibsndfileError as error:
        raise BadInput(f"{file}: cannot be read as audio ({error.error_string})") from None
    return np.ascontiguousarray(samples.T)


def read_stems(path: Path) -> list[Audio]:
    """Read every audio stream of a stem MP4, in the file's order (for MUSDB18: `STEM_STREAMS`)."""
    import av  # FFmpeg's hundred megabytes are for containers alone

    try:
        with _opened(path) as container:
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


def promised_frames(path: Path, frames: int, channels: int) -> int:
    """Return the frames that the header of a WAV, FLAC, Ogg or MP3 file promises, where more than `frames`; else 0.

    libsndfile quietly shortens a WAV to what is there, so the size of its `data` chunk is read here.
    """
    info = soundfile.info(str(path))
    if info.frames > frames:
        return int(info.frames)
    frame = _BYTES_PER_SAMPLE.get(info.subtype, 0) * channels
    promised = _data_bytes(path) // frame if frame else 0
    return promised if promised > frames else 0


def write(path: Path, audio: Audio, *, subtype: Literal["PCM_16", "PCM_24", "FLOAT"] = "PCM_24") -> None:
    """Write `audio` in the format of the suffix, whole or not at all. FLAC holds PCM only; WAV holds all three.

    `BadInput` where the disc does not take it, of which libsndfile knows no more.
    """
    with atomic_file(path) as part:
        try:
            soundfile.write(str(part), audio.samples.T, audio.rate, subtype=subtype)
        except soundfile.LibsndfileError as error:
            raise BadInput(f"{path}: cannot be written ({error.error_string}); make room on the disk") from None


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
    import pyloudnorm  # and scipy.signal: tens of MB, which a web process that measures nothing goes without

    if audio.seconds < 0.4 or audio.peak == 0.0:
        return float("-inf")
    return float(pyloudnorm.Meter(audio.rate).integrated_loudness(audio.samples.T.astype(np.float64)))


def check(audio: Audio, name: str, *, seconds: float = MAX_SECONDS) -> None:
    """Raise `BadInput` for audio that nobody can judge: silent, or longer than `seconds`."""
    check_length(audio, name, seconds=seconds)
    check_heard(audio.peak, name)


def check_length(audio: Audio, name: str, *, seconds: float = MAX_SECONDS) -> None:
    """Raise `BadInput` for audio longer than `seconds`."""
    if audio.seconds > seconds:
        raise BadInput(f"{name}: {audio.seconds:.1f} s long, at most {seconds:g} s is possible; cut an excerpt")


def check_heard(peak: float, name: str) -> None:
    """Raise `BadInput` for a sound that is called silent: what a reference and a mixture must not be."""
    if peak < SILENT_PEAK_80_DBFS:
        raise BadInput(f"{name}: silent (peak {peak:.1e}); choose another excerpt")


def _read_soundfile(path: Path) -> Audio:
    rate, _, frames = info(path)
    if frames == 0:
        raise BadInput(f"{path}: empty audio file")
    if frames > MAX_SECONDS * rate:
        raise BadInput(f"{path}: longer than {MAX_SECONDS / 3600:g} h; cut it first")
    try:
        samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise BadInput(f"{path}: cannot be read as audio ({error.error_string})") from None
    return Audio(np.ascontiguousarray(samples.T), int(rate))


def _data_bytes(path: Path) -> int:
    """Return the size that the `data` chunk of a RIFF file promises; 0 for other files and streamed ones."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or not file.read(4) or file.read(4) != b"WAVE":
            return 0
        while len(head := file.read(8)) == 8:
            size = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                return 0 if size >= _STREAMED_BYTES else size
            file.seek(size + size % 2, 1)
    return 0


def _opened(path: Path) -> "av.container.InputContainer":
    """Return an open container; titles and names in it that are no UTF-8 are left out."""
    import av

    return av.open(str(path), metadata_errors="ignore")


def _read_stream(path: Path, index: int) -> Audio:
    import av

    with _opened(path) as container:
        stream = container.streams.audio[index]
        if stream.codec_context is None:
            raise BadInput(f"{path}: stream {index} is in no format that is known; export it as WAV or FLAC")
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
        frames = [
            part.to_ndarray() for frame in (*container.decode(stream), None) for part in resampler.resample(frame)
        ]
        rate = int(stream.rate)
    if not frames:
        raise BadInput(f"{path}: stream {index} is empty")
    return Audio(np.ascontiguousarray(np.concatenate(frames, axis=1), dtype=np.float32), rate)
