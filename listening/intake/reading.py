"""From files on disk to a grid that can be checked: placed, measured, and aligned with their references."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from listening.intake import manifest
from listening.intake.alignment import align
from listening.intake.grid import Delivered, Grid
from listening.intake.measure import load, measure
from listening.intake.names import ACCOMPANIMENT, Place, is_sound, place
from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.progress import Report, parts, silent

WORKERS = 2
"""Threads that read and measure: libsndfile, soxr and FFTs let go of the interpreter's lock."""

MANIFEST = "manifest"
"""What a file is marked as that said where others belong."""

Paths = Mapping[int, Path]
"""Where each file lies, by its key."""


def read(files: Sequence[Delivered], paths: Paths, grid: Grid, report: Report = silent) -> Grid:
    """Return `grid` (its plan) with `files`: those that are new are placed and measured, and aligned where they stand.

    What cannot be read says so in its `problem`; nothing is raised. Files that are measured already are not read again.
    """
    measuring, aligning = parts(report, 3, 1)
    placed = _placed(files, paths)
    found = _each(lambda file: _measured(file, paths), placed, measuring)
    return aligned(replace(grid, files=tuple(found)), paths, aligning)


def aligned(grid: Grid, paths: Paths, report: Report = silent) -> Grid:
    """Return `grid` with the alignment of every file whose item's reference is another than it was aligned to."""
    stale = [item for item in grid.items if _stale(grid, item)]
    for number, item in enumerate(stale):
        report(number, len(stale))
        grid = grid.changed(*_with_alignment(grid, item, paths))
    report(1, 1)
    return grid


def _placed(files: Sequence[Delivered], paths: Paths) -> list[Delivered]:
    """Return the files with those that are new in their cells; what a new manifest lists goes where it says."""
    new = {file.key for file in files if file.measured is None and not file.problem and not file.placed}
    names = [file.name for file in files]
    listed: dict[str, Place] = {}
    read_now = []
    for file in files:
        if file.key in new and file.name.lower().endswith(".csv"):
            found, reason = manifest.read(file.name, paths[file.key], names)
            listed |= found
            file = replace(file, problem=reason, accepted=file.accepted | (frozenset() if reason else {MANIFEST}))
        read_now.append(file)
    places = place(names)
    return [_at(file, listed.get(file.name) or (places[file.name] if file.key in new else None)) for file in read_now]


def _at(file: Delivered, where: Place | None) -> Delivered:
    return file if where is None else replace(file, item=where.item, column=where.column)


def _measured(file: Delivered, paths: Paths) -> Delivered:
    if file.measured is not None or file.problem or MANIFEST in file.accepted:
        return file
    if not is_sound(file.name):
        return replace(file, problem=f"{file.name}: {no_sound(file.name)}")
    try:
        return replace(file, measured=measure(paths[file.key], file.name))
    except BadInput as error:
        return replace(file, problem=str(error))
    except OSError as error:
        return replace(file, problem=f"{file.name}: cannot be read ({error.strerror}); send it again")


def no_sound(name: str) -> str:
    """Return what is to be said of a file that is no sound by its name."""
    if Path(name).suffix.lower() in {".mov", ".avi", ".mkv", ".webm", ".wmv"}:
        return "is a video; export its sound as WAV or FLAC"
    return "is not a sound (WAV, FLAC, Ogg, MP3 and MP4 can be read); left out"


def _each(do: Callable[[Delivered], Delivered], files: list[Delivered], report: Report) -> list[Delivered]:
    found = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for number, file in enumerate(pool.map(do, files)):
            report(number + 1, len(files))
            found.append(file)
    return found


def _stale(grid: Grid, item: str) -> list[Delivered]:
    reference = grid.reference(item)
    key = reference.key if reference else None
    return [f for f in grid.of_item(item) if f.measured and f.column != ACCOMPANIMENT and f.aligned_to != key]


def _with_alignment(grid: Grid, item: str, paths: Paths) -> list[Delivered]:
    reference = grid.reference(item)
    if reference is None:
        return [replace(file, alignment=None, aligned_to=None) for file in _stale(grid, item)]
    true, _ = load(paths[reference.key], reference.name)

    def one(file: Delivered) -> Delivered:
        if file.key == reference.key or file.measured is None or file.measured.not_finite:
            return replace(file, alignment=None, aligned_to=reference.key)
        own, _ = load(paths[file.key], file.name)
        found = align(audio.resample(own, true.rate).samples, true.samples, true.rate)
        return replace(file, alignment=found, aligned_to=reference.key)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, _stale(grid, item)))
