"""FLAC files made equally long, so that their size does not tell what they hold. Pure.

A PADDING block says nothing and may stand anywhere after STREAMINFO (RFC 9639, 8.3), so the sound stays bit-exact.
"""

SMALLEST = 4
"""Bytes of a PADDING block's header: less room than this cannot be filled."""

_LONGEST = 2**24 - 1
_LAST, _PADDING = 0x80, 1
_STREAMINFO_END = 4 + 4 + 34


def padded(flac: bytes, size: int) -> bytes:
    """Return `flac` with PADDING blocks behind STREAMINFO, `size` bytes long in all.

    Raises `ValueError` for bytes that are no FLAC file, or if `size` is neither their length nor `SMALLEST` beyond it.
    """
    room = size - len(flac)
    if flac[:4] != b"fLaC":
        raise ValueError("no FLAC file: it does not begin with “fLaC”")
    if room == 0:
        return flac
    if room < SMALLEST:
        raise ValueError(f"{len(flac)} bytes cannot be padded to {size}: a PADDING block takes at least {SMALLEST}")
    streaminfo, rest = flac[:_STREAMINFO_END], flac[_STREAMINFO_END:]
    was_last = streaminfo[4] & _LAST
    streaminfo = streaminfo[:4] + bytes([streaminfo[4] & ~_LAST]) + streaminfo[5:]
    return streaminfo + _blocks(room, last=bool(was_last)) + rest


def _blocks(room: int, *, last: bool) -> bytes:
    """Return PADDING blocks of `room` bytes in all, headers included; the last flag only where it was set before."""
    body = min(room - SMALLEST, _LONGEST)
    if 0 < room - SMALLEST - body < SMALLEST:
        body -= SMALLEST
    left = room - SMALLEST - body
    flag = _PADDING | (_LAST if last and not left else 0)
    block = bytes([flag]) + body.to_bytes(3) + bytes(body)
    return block + (_blocks(left, last=last) if left else b"")
