"""A sound's parcel, opened as docs and browser say, with nothing of ours but the words."""

import io
import zlib

import numpy as np
import soundfile


def opened(parcel: bytes, token: str) -> tuple[bytes, int]:
    """Return the FLAC file in `parcel` and the checksum that came with it, word by word in plain numbers."""
    count, file = _fnv(token), bytearray()
    for place in range(0, len(parcel), 4):
        count = (count + 0x9E3779B9) % 2**32
        file += (int.from_bytes(parcel[place : place + 4], "little") ^ _mixed(count)).to_bytes(4, "little")
    length, checksum = (int.from_bytes(file[n : n + 4], "little") for n in (0, 4))
    return bytes(file[8 : 8 + length]), checksum


def heard(parcel: bytes, token: str) -> np.ndarray:
    """Return the 16-bit samples (channel, frame) in `parcel`, once their checksum has been found right."""
    file, checksum = opened(parcel, token)
    samples = soundfile.read(io.BytesIO(file), dtype="int16", always_2d=True)[0].T
    assert zlib.crc32(samples.tobytes("C")) == checksum
    return samples


def _fnv(token: str) -> int:
    value = 2166136261
    for letter in token:
        value = ((value ^ ord(letter)) * 16777619) % 2**32
    return value


def _mixed(word: int) -> int:
    word = ((word ^ word >> 16) * 2246822507) % 2**32
    word = ((word ^ word >> 13) * 3266489909) % 2**32
    return word ^ word >> 16
