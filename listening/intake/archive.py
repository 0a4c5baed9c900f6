"""A zip is unpacked under names of our own; what is dangerous in it (bombs, ways out, links) is refused in words."""

import errno
import lzma
import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent

PIECE = 1024 * 1024
DAMAGED = (
    zipfile.BadZipFile, NotImplementedError, EOFError, OverflowError, UnicodeError, struct.error, zlib.error,
    lzma.LZMAError,
)  # fmt: skip
"""What zipfile raises for an archive that is damaged; also EINVAL, for an entry that begins before the file does."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""What no name of a file needs, and no line of a report or table takes."""


@dataclass(frozen=True)
class Limits:
    """What an archive may hold at most."""

    files: int = 10_000
    bytes: int = 8 * 1024**3
    ratio: int = 100
    """Unpacked bytes for a packed one, of the whole: sound packs to a half, silence to a thousandth."""
    spared: int = 512 * 1024**2
    """Bytes up to which the ratio does not matter."""


@dataclass(frozen=True)
class Unpacked:
    """A file out of an archive: the name it has there, and where it lies now; or why it was left out."""

    name: str
    path: Path | None
    problem: str = ""


def unpack(archive: Path, folder: Path, name: str, *, limits: Limits, report: Report = silent) -> list[Unpacked]:
    """Unpack the files of `archive` into `folder`, numbered; `BadInput` (naming it as `name`) where it is no archive.

    Entries that lead out of the archive, links and encrypted ones are left out, each with its reason. An archive that
    exceeds `limits` is refused whole, and nothing of it is left.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir() and not _of_a_file_manager(info)]
            check(infos, archive.stat().st_size, name, limits)
            room(folder, sum(info.file_size for info in infos), name)
            return list(_each(opened, infos, folder, report))
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, DAMAGED) or (isinstance(error, OSError) and error.errno == errno.EINVAL):
            raise BadInput(f"{name}: cannot be unpacked ({error}); make the zip again") from None
        raise


def check(infos: list[zipfile.ZipInfo], packed: int, name: str, limits: Limits) -> None:
    """Raise `BadInput` for more files or bytes than `limits`, or a ratio that only a bomb has."""
    total = sum(info.file_size for info in infos)
    if len(infos) > limits.files:
        raise BadInput(
            f"{name}: contains {len(infos)} files, at most {limits.files} are possible; send several archives"
        )
    if total > limits.bytes:
        raise BadInput(
            f"{name}: {total / 1e9:.1f} GB unpacked, at most {limits.bytes / 1e9:.1f} GB are possible; send parts"
        )
    if total > limits.spared and total > limits.ratio * packed:
        raise BadInput(
            f"{name}: unpacks to {total / max(packed, 1):.0f} times its size, which sounds never do; refused"
        )


def room(folder: Path, size: int, name: str) -> None:
    """Raise `BadInput` where the disc has no room for `size` bytes (and some to spare)."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if size + 64 * PIECE > free:
        raise BadInput(f"{name}: needs {size / 1e6:.0f} MB, the server's disk has {free / 1e6:.0f} MB left; make room")


def _each(opened: zipfile.ZipFile, infos: list[zipfile.ZipInfo], folder: Path, report: Report) -> Iterator[Unpacked]:
    for number, info in enumerate(infos):
        report(number, len(infos))
        name = spelled(info)
        if reason := refused(info, name):
            yield Unpacked(name, None, f"{name}: {reason}; left out")
            continue
        path = folder / f"{number}{_suffix(name)}"
        with opened.open(info) as packed, path.open("wb") as file:
            _copy(packed, file, info.file_size, name)
        yield Unpacked(name, path)


def _copy(packed: object, file: object, promised: int, name: str) -> None:
    written = 0
    while piece := packed.read(PIECE):  # type: ignore[attr-defined]
        written += len(piece)
        if written > promised:
            raise BadInput(f"{name}: is larger than the archive says; refused")
        file.write(piece)  # type: ignore[attr-defined]


def refused(info: zipfile.ZipInfo, name: str) -> str:
    """Return why an entry is left out; "" where it is not."""
    pure = PurePosixPath(name)
    if not pure.parts:
        return "has no name"
    if CONTROL.search(name):
        return "its name holds a control character"
    if pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0]:
        return "its name leads out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link, not a file"
    if info.flag_bits & 1:
        return "is encrypted"
    return ""


def spelled(info: zipfile.ZipInfo) -> str:
    """Return the entry's name: UTF-8 where the archive does not say so, as macOS packs it, else as it is."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name.replace("\\", "/")
    return name.replace("\\", "/")


def _of_a_file_manager(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(info.filename).parts
    return "__MACOSX" in parts or parts[-1:] == (".DS_Store",) or (bool(parts) and parts[-1].startswith("._"))


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if suffix.isascii() and len(suffix) <= 8 else ""
