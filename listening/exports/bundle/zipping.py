"""A zip that is sent while it is made: no more of it is in memory than the piece that is sent next."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

SUMS = "SHA256SUMS"
"""The last file: the SHA-256 of all others, as `sha256sum --check` reads it."""

_DATE = (1980, 1, 1, 0, 0, 0)
"""The same study gives the same zip, whenever it is made."""


@dataclass(frozen=True)
class Entry:
    """One file of a zip, its content piece by piece; what is compressed already is stored."""

    name: str
    pieces: Iterable[bytes]
    stored: bool = False


def zipped(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield a zip of `entries` and of their checksums, piece by piece."""
    sink, sums = _Sink(), []
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]
        for entry in entries:
            digest = hashlib.sha256()
            for _written in _write(archive, entry, digest):
                yield from sink.drained()
            sums.append(f"{digest.hexdigest()}  {entry.name}\n")
        for _written in _write(archive, Entry(SUMS, ["".join(sums).encode()]), hashlib.sha256()):
            yield from sink.drained()
    yield from sink.drained()


def _write(archive: zipfile.ZipFile, entry: Entry, digest: Any) -> Iterator[int]:
    """Write one file, and yield after each piece."""
    info = zipfile.ZipInfo(entry.name, _DATE)
    info.compress_type = zipfile.ZIP_STORED if entry.stored else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    with archive.open(info, "w", force_zip64=True) as file:
        for piece in entry.pieces:
            digest.update(piece)
            yield file.write(piece)


class _Sink:
    """A file that cannot be sought in, and gives out what was written since it was last asked."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """There is nothing to wait for."""

    def drained(self) -> list[bytes]:
        pieces, self._pieces = self._pieces, []
        return pieces
