"""What a sound travels in: bytes that tell neither how long its file is nor that two sounds are equal. Pure.

A parcel is a row of little-endian 32-bit words: the length of the FLAC file in bytes, the CRC-32 of its decoded samples
(`listening.stimuli.proof`), the file, and zeros up to the length that all sounds of a trial share. Each word is masked
with one of a row of pseudo-random words, which depends on the sound's token alone: the same address always brings the
same bytes, which a browser may keep, and another address brings others, whatever the sound. This hides a sound from
whoever looks at sizes and bytes; it keeps no secret from somebody who runs `static/participant/parcel.js`, which knows
the way back (docs/assessor-pages.md).
"""

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES = 8
WORD_BYTES = 4
BLOCK_WORDS = 1 << 14
"""Words that are masked at a time: few enough to stay in a processor's cache from one step to the next."""

_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193
_GOLDEN = 0x9E3779B9
_MURMUR, _SHIFTS = (0x85EBCA6B, 0xC2B2AE35), (16, 13)
_MAX_WORD = 0xFFFFFFFF


def sealed(flac: bytes, *, token: str, crc32: int, size: int) -> bytes:
    """Return the parcel of a FLAC file under `token`, `size` bytes long: a multiple of 4, with room for the file.

    Raises `ValueError` for a size that is not.
    """
    if size % WORD_BYTES or size < HEADER_BYTES + len(flac):
        raise ValueError(f"{len(flac)} bytes do not go into a parcel of {size}; take {size_for(len(flac))}")
    words = mask(token, size // WORD_BYTES)
    octets = words.view(np.uint8)
    octets[:HEADER_BYTES] ^= np.array([len(flac), crc32], dtype="<u4").view(np.uint8)
    octets[HEADER_BYTES : HEADER_BYTES + len(flac)] ^= np.frombuffer(flac, dtype=np.uint8)
    return words.tobytes()


def size_for(longest: int) -> int:
    """Return the size of the smallest parcel that holds a file of `longest` bytes.

    >>> size_for(41)
    52
    """
    return HEADER_BYTES + -(-longest // WORD_BYTES) * WORD_BYTES


def mask(token: str, count: int) -> NDArray[np.uint32]:
    """Return the first `count` words that mask the sound behind `token`.

    They are counted up from the token's hash (FNV-1a, 32 bits) by 2^32 over the golden ratio, and each is mixed by the
    last step of MurmurHash3, as in SplitMix: a product, three shifts and another product make neighbours unlike.

    >>> mask("3.1f", 2).tolist()
    [2322613072, 1207925860]
    """
    words = np.empty(count, dtype="<u4")
    counted, scratch = (
        np.arange(1, BLOCK_WORDS + 1, dtype=np.uint32) * np.uint32(_GOLDEN),
        np.empty(BLOCK_WORDS, np.uint32),
    )
    for start in range(0, count, BLOCK_WORDS):
        block = words[start : start + BLOCK_WORDS]
        shifted = scratch[: block.size]
        np.add(counted[: block.size], np.uint32((_hash(token) + start * _GOLDEN) & _MAX_WORD), out=block)
        for shift, factor in zip(_SHIFTS, _MURMUR, strict=True):
            np.right_shift(block, np.uint32(shift), out=shifted)
            block ^= shifted
            block *= np.uint32(factor)
        np.right_shift(block, np.uint32(_SHIFTS[0]), out=shifted)
        block ^= shifted
    return words


def _hash(token: str) -> int:
    value = _FNV_OFFSET
    for byte in token.encode():
        value = ((value ^ byte) * _FNV_PRIME) & _MAX_WORD
    return value
