"""What is measured on a delivered file, all at once: shape, levels, faults of its waveform, its header's promise."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.errors import BadInput

OVERSAMPLING = 4
"""BS.1770-4, Annex 2: at least four times, for rates about 48 kHz."""

FLAT_RUN_SAMPLES = 3
"""Equal samples in a row, at the largest value of the file, from which on they count as clipped."""

MAX_DELIVERED_SECONDS = 20 * 60.0
"""Longest file that is looked at: a long song. It is held in memory, so albums and nights are refused."""

MAX_DELIVERED_SAMPLES = 150_000_000
"""Samples of all channels together, for the same reason."""

PEAK_BLOCK_SECONDS, PEAK_OVERLAP_SECONDS = 10.0, 0.01
"""A file is oversampled in blocks, so that four times of it is never held."""

ENVELOPE_POINTS = 400
"""Points of the waveform that is drawn of a file."""


@dataclass(frozen=True)
class Measured:
    """A file's figures. `loudness` is in LUFS (None: too short or too quiet), `true_peak` and `dc` are linear."""

    rate: int
    channels: int
    frames: int
    promised: int = 0
    """Frames that a cut-off file's header promises; 0 where the file is whole."""
    peak: float = 0.0
    true_peak: float = 0.0
    loudness: float | None = None
    dc: float = 0.0
    flat: int = 0
    """Samples in flat tops: clipped before the file was written."""
    not_finite: int = 0
    envelope: tuple[float, ...] = ()
    """Largest absolute sample in each of (up to) `ENVELOPE_POINTS` stretches of equal length."""

    @property
    def seconds(self) -> float:
        """Return the length in seconds."""
        return self.frames / self.rate

    @property
    def silent(self) -> bool:
        """Tell whether it counts as silent (below -80 dBFS)."""
        return self.peak < audio.SILENT_PEAK_80_DBFS

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_json` made of it."""
        return cls(**{**stored, "envelope": tuple(stored.get("envelope", ()))})


def measure(path: Path, name: str = "") -> Measured:
    """Return the figures of a file; NaN counts, but is measured as 0. Raises `BadInput` naming it as `name`."""
    sound, promised = load(path, name or str(path))
    finite = np.isfinite(sound.samples)
    bad = int(finite.size - np.count_nonzero(finite))
    clean = audio.Audio(np.where(finite, sound.samples, np.float32(0)), sound.rate) if bad else sound
    loudness = audio.loudness(clean)
    return Measured(
        rate=clean.rate, channels=clean.channels, frames=clean.frames, promised=promised,
        peak=clean.peak, true_peak=true_peak(clean), loudness=loudness if np.isfinite(loudness) else None,
        dc=float(np.abs(clean.samples.mean(axis=1, dtype=np.float64)).max()),
        flat=flat_samples(clean.samples), not_finite=bad, envelope=envelope(clean.samples),
    )  # fmt: skip


def load(path: Path, name: str) -> tuple[audio.Audio, int]:
    """Return the sound of a file, NaN and all, and the frames that its header promises where there are fewer, else 0.

    Raises `BadInput` for a file that is empty, no audio, longer than is ever read, or a video without sound.
    """
    if not path.stat().st_size:
        raise BadInput(f"{name}: is empty (0 bytes); copy or export it again")
    if Path(name).suffix.lower() in {".mp4", ".m4a"}:
        return _first_stream(path, name), 0
    try:
        info = soundfile.info(str(path))
        if info.frames > MAX_DELIVERED_SECONDS * info.samplerate or info.frames * info.channels > MAX_DELIVERED_SAMPLES:
            raise BadInput(f"{name}: longer than {MAX_DELIVERED_SECONDS / 60:g} min; cut an excerpt first")
        samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise BadInput(
            f"{name}: cannot be read as audio ({str(error.error_string).rstrip('.')}); export it as WAV or FLAC"
        ) from None
    if not len(samples):
        raise BadInput(f"{name}: has no samples; export it again")
    sound = audio.Audio(np.ascontiguousarray(samples.T), int(rate))
    return sound, audio.promised_frames(path, sound.frames, sound.channels)


def _first_stream(path: Path, name: str) -> audio.Audio:
    try:
        return audio.read_stems(path)[0]
    except BadInput as error:
        raise BadInput(str(error).replace(str(path), name)) from None


def true_peak(sound: audio.Audio) -> float:
    """Return the largest absolute value between the samples (BS.1770-4, Annex 2): of the signal oversampled by four.

    >>> import numpy as np
    >>> tone = np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4)[None].astype(np.float32)  # its samples are at ±0.71
    >>> round(true_peak(audio.Audio(tone, 48000)), 1)
    1.0
    """
    block, overlap = (round(seconds * sound.rate) for seconds in (PEAK_BLOCK_SECONDS, PEAK_OVERLAP_SECONDS))
    starts = range(0, sound.frames, block)
    return max(sound.peak, *(_oversampled_peak(sound, start, start + block, overlap) for start in starts))


def _oversampled_peak(sound: audio.Audio, start: int, end: int, overlap: int) -> float:
    """Return the peak between two samples of the oversampled signal, computed with some more at either side."""
    before = min(start, overlap)
    part = sound.samples[:, start - before : end + overlap]
    up = soxr.resample(part.T, sound.rate, OVERSAMPLING * sound.rate, quality="MQ")
    own = up[OVERSAMPLING * before : OVERSAMPLING * (before + end - start)]
    return float(np.abs(own).max(initial=0.0))


def flat_samples(samples: NDArray[np.float32]) -> int:
    """Return how many samples stand in runs of three or more equal ones at the largest value of their channel.

    >>> flat_samples(np.array([[0.0, 0.9, 0.9, 0.9, 0.1, -0.9, 0.9, 0.9]], np.float32))
    3
    """
    return sum(_flat(channel) for channel in samples)


def envelope(samples: NDArray[np.float32], points: int = ENVELOPE_POINTS) -> tuple[float, ...]:
    """Return the largest absolute sample of each of `points` stretches, rounded to three places: a drawn waveform."""
    loudest = np.abs(samples).max(axis=0)
    edges = np.linspace(0, loudest.size, min(points, loudest.size), endpoint=False).astype(int)
    return tuple(round(float(value), 3) for value in np.maximum.reduceat(loudest, edges))


def _flat(channel: NDArray[np.float32]) -> int:
    top = np.abs(channel).max(initial=0.0)
    if top < 0.1:
        return 0
    at = np.abs(channel) >= top * (1 - 2**-14)
    same = np.concatenate(([False], at[1:] & at[:-1] & (np.sign(channel[1:]) == np.sign(channel[:-1])), [False]))
    edges = np.flatnonzero(np.diff(same.astype(np.int8)))
    runs = edges[1::2] - edges[::2] + 1
    return int(runs[runs >= FLAT_RUN_SAMPLES].sum())
