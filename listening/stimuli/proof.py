"""A sound's proof: the checksum of its decoded samples, which every browser holds against what it has decoded itself.

It is the CRC-32 of zlib and PNG (reflected polynomial 0xEDB88320) over the samples in little-endian order, channel
after channel: 16-bit integers for a file of up to 16 bits a sample, else 32-bit floats, which hold 24 bits exactly. A
browser has them in just this form when it has decoded them, so that it need not turn them into another one first.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from listening.models import Audio
from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.files import sha256


@dataclass(frozen=True)
class Proof:
    """What the samples of a sound are known by: their CRC-32, and the largest of them (0 to 1)."""

    crc32: int
    peak: float


def measured(file: Path | BinaryIO) -> Proof:
    """Return the proof of a sound, decoded from its file as it was written.

    >>> import io, soundfile
    >>> soundfile.write(file := io.BytesIO(), [0.5, -0.25], 8000, format="FLAC", subtype="PCM_16")
    >>> file.seek(0), measured(file)
    (0, Proof(crc32=1526312785, peak=0.5))
    """
    samples = audio.read_stored(file)
    full_scale = 2**15 if samples.dtype == np.int16 else 1
    return Proof(checksum(samples), float(np.abs(samples.astype(np.float64)).max(initial=0.0)) / full_scale)


def checksum(samples: NDArray[np.int16] | NDArray[np.float32]) -> int:
    """Return the CRC-32 of `samples` (channel, frame)."""
    return zlib.crc32(np.ascontiguousarray(samples, samples.dtype.newbyteorder("<")).data)


def crc32(row: Audio) -> int:
    """Return the checksum of a stored sound; one that was stored before there were any gets it here.

    Raises `BadInput` if the file of such a row is not the one that was let in: a damaged sound gets no new checksum.
    """
    if row.crc32 is None:
        if (found := sha256(row.path)) != row.sha256:
            raise BadInput(
                f"{row.file.name} ({row.delivered_as}): its SHA-256 is {found}, but {row.sha256} was imported; "
                "the file has changed since; restore it from a backup"
            )
        proof = measured(row.path)
        Audio.objects.filter(pk=row.pk, crc32=None).update(crc32=proof.crc32, peak=proof.peak)
        row.crc32, row.peak = proof.crc32, proof.peak
    return row.crc32
