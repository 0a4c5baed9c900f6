"""A sound as a picture: time to the right, frequency upwards, darker where it is louder. numpy and zlib alone."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from lossmodel.audio import Audio

WINDOW, COLUMNS, ROWS = 1024, 480, 160
"""Samples of a window; pixels of the picture."""
RANGE_DB = 70.0
"""From full black down to paper."""


def png(sound: Audio) -> bytes:
    """Return the spectrogram of `sound` (the mean of its channels) as a grey PNG of 480 × 160 pixels."""
    return _png(pixels(sound))


def pixels(sound: Audio) -> NDArray[np.uint8]:
    """Return the spectrogram, top row the highest band: 255 (paper) for silence, 0 for a full-scale sine.

    Shape: (rows, columns). Pictures of different sounds compare: the scale is absolute.

    >>> int(pixels(Audio(np.zeros((1, 4096), np.float32), 8000)).min())
    255
    """
    mono = sound.samples.mean(axis=0)
    padded = np.pad(mono, (WINDOW // 2, WINDOW // 2 + 1))
    starts = np.linspace(0, max(len(padded) - WINDOW, 0), COLUMNS).astype(int)
    frames = np.stack([padded[at : at + WINDOW] for at in starts]) * np.hanning(WINDOW)
    magnitude = np.abs(np.fft.rfft(frames)) / (WINDOW / 4)  # a full-scale sine is 1
    edges = np.linspace(0, magnitude.shape[1], ROWS + 1).astype(int)[:-1]
    bands = np.maximum.reduceat(magnitude, edges, axis=1).T[::-1]
    level = 20 * np.log10(np.maximum(bands, 1e-9))
    return np.round(255 * np.clip(-level / RANGE_DB, 0, 1)).astype(np.uint8)


def _png(grey: NDArray[np.uint8]) -> bytes:
    """Return an 8-bit grey PNG (W3C PNG, §11)."""
    rows, columns = grey.shape
    lines = np.pad(grey, ((0, 0), (1, 0))).tobytes()  # each row begins with its filter, 0: none
    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    body = (b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in body)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
