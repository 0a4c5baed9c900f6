"""The faults of one sound, from its figures: rate, channels, length, offset, polarity, clipping, DC, NaN, levels."""

import math
from collections.abc import Iterator

from listening.intake.grid import Delivered, Grid
from listening.intake.measure import Measured
from listening.intake.names import ACCOMPANIMENT, MIXTURE, is_reference

MAX_DC = 0.005
"""Mean of a channel (-46 dBFS) above which an offset is told."""

MIN_FLAT = 6
"""Samples in flat tops below which a file is not called clipped."""

TAIL_SECONDS = 0.05
"""Difference in length that may be cut without anybody missing something."""

WIDE_LOUDNESS = 12.0
"""LU by which a delivered sound may differ from its reference before that is told."""

Told = tuple[str, str, str, tuple[tuple[str, str, bool], ...]]
"""Kind, level (stop, warn, note), text, fixes (key, label, safe)."""


def of_cell(grid: Grid, file: Delivered) -> Iterator[Told]:
    """Yield what is wrong with a readable file where it stands, after what is to be done to it."""
    for find in (_cut_off, _not_finite, _rate, _channels, _length, _offset, _polarity, _flat, _dc, _level):
        if found := find(grid, file):
            yield found


def late(grid: Grid, file: Delivered) -> int:
    """Return by how many samples at the study's rate a file is still late; 0 where that is not sure."""
    reference = grid.reference(file.item)
    if file.alignment is None or not file.alignment.sure or reference is None or reference.measured is None:
        return 0
    return round(file.alignment.late * grid.plan.rate / reference.measured.rate) - file.treatment.advance


def decibels(value: float) -> float:
    """Return a linear value in dB; minus infinity for 0."""
    return 20 * math.log10(value) if value > 0 else -math.inf


def _figures(file: Delivered) -> Measured:
    assert file.measured is not None  # noqa: S101 - of_cell is for readable files
    return file.measured


def _cut_off(_grid: Grid, file: Delivered) -> Told | None:
    found = _figures(file)
    if not found.promised:
        return None
    text = f"{file.name}: is cut off: its header says {found.promised} samples, but {found.frames} exist"
    return "cut-off", "stop", text, (("accept", "Use what is there", False), ("leave-file", "Leave it out", False))


def _not_finite(_grid: Grid, file: Delivered) -> Told | None:
    count = _figures(file).not_finite
    text = f"{file.name}: holds {count} samples that are NaN or infinite; render it again"
    return ("nan", "stop", text, (("leave-file", "Leave out the file", False),)) if count else None


def _rate(grid: Grid, file: Delivered) -> Told | None:
    rate, wanted = file.treatment.rate or _figures(file).rate, grid.plan.rate
    text = f"{file.name}: {rate} Hz, the study is {wanted} Hz"
    return None if rate == wanted else ("rate", "stop", text, (("resample", f"Resample to {wanted} Hz", True),))


def _channels(grid: Grid, file: Delivered) -> Told | None:
    own, wanted = file.treatment.channels or _figures(file).channels, grid.channels(file.item)
    if own == wanted:
        return None
    if own > wanted:
        text = f"{file.name}: {own} channels, only 1 or 2 are possible; export it in stereo"
        return "channels", "stop", text, (("leave-file", "Leave out the file", False),)
    text = f"{file.name}: mono, but other sounds of {file.item} are stereo"
    return "channels", "stop", text, (("stereo", "Put mono on both channels", True),)


def _length(grid: Grid, file: Delivered) -> Told | None:
    own, rate = grid.frames(file), grid.plan.rate
    excerpt = grid.plan.excerpts.get(file.item)
    if excerpt is not None:
        lacking = round(excerpt.start * rate) + excerpt.frames - own
        text = f"{file.name}: ends {lacking} samples ({lacking / rate:.3f} s) before the excerpt; filled with silence"
        return (
            ("length", "warn", text, (("trim", "Cut the item to its shortest sound", False),)) if lacking > 0 else None
        )
    if own > grid.plan.longest * rate:
        text = f"{file.name}: {own / rate:.1f} s long, at most {grid.plan.longest:g} s are possible"
        return "long", "stop", text, (("excerpt", f"Use the loudest {_seconds(grid):g} s of the reference", True),)
    shortest = min(grid.frames(other) for other in grid.of_item(file.item) if other.measured)
    if own == shortest:
        return None
    text = f"{file.name}: {own - shortest} samples ({(own - shortest) / rate:.3f} s) longer than the shortest sound"
    return (
        "length",
        "stop",
        text,
        (("trim", "Cut the item to its shortest sound", own - shortest <= TAIL_SECONDS * rate),),
    )


def _seconds(grid: Grid) -> float:
    return min(10.0, grid.plan.longest)


def _offset(grid: Grid, file: Delivered) -> Told | None:
    by = late(grid, file)
    if not by or file.column == ACCOMPANIMENT:
        return None
    way = "late" if by > 0 else "early"
    text = f"{file.name}: {abs(by)} samples ({1000 * abs(by) / grid.plan.rate:.1f} ms) {way} against the reference"
    return "offset", "warn", text, (("shift", f"Shift it by {abs(by)} samples", True), ("accept", "Leave it", False))


def _polarity(_grid: Grid, file: Delivered) -> Told | None:
    found = file.alignment
    if found is None or file.column == ACCOMPANIMENT or found.inverted == file.treatment.invert:
        return None
    text = f"{file.name}: its polarity is inverted against the reference (correlation {found.correlation:.2f})"
    return "polarity", "warn", text, (("invert", "Invert it", True), ("accept", "Leave it", False))


def _flat(_grid: Grid, file: Delivered) -> Told | None:
    found = _figures(file)
    if found.flat >= MIN_FLAT:
        top = f"{decibels(found.peak):.1f} dBFS"
        text = f"{file.name}: clipped before it was exported: {found.flat} samples in flat tops at {top}"
        return "clipping", "warn", text, (("accept", "Leave it", False),)
    return None


def _dc(_grid: Grid, file: Delivered) -> Told | None:
    found = _figures(file).dc
    if found <= MAX_DC or file.treatment.without_dc:
        return None
    text = f"{file.name}: DC offset of {found:.4f} ({decibels(found):.0f} dBFS)"
    return "dc", "warn", text, (("without-dc", "Remove the offset", True), ("accept", "Leave it", False))


def _level(grid: Grid, file: Delivered) -> Told | None:
    found = _figures(file)
    if found.silent:
        must_sound = is_reference(file.column) or file.column in {MIXTURE, "hidden-reference"}
        fixes = (("leave-item", "Leave out the item", False),) if must_sound else ()
        return "silent", "stop" if must_sound else "note", f"{file.name}: silent (below -80 dBFS)", fixes
    if found.loudness is None:
        return "unmeasured", "note", f"{file.name}: too short or too quiet for its loudness to be measured", ()
    return _too_loud(grid, file, found, found.loudness) or _unlike(grid, file, found.loudness)


def _too_loud(grid: Grid, file: Delivered, found: Measured, loudness: float) -> Told | None:
    gain = 0.0 if grid.plan.loudness is None else grid.plan.loudness - loudness
    over = decibels(found.true_peak) + gain
    if over <= 0:
        return None
    text = f"{file.name}: its true peak would be {over:+.1f} dBTP; all sounds of {file.item} are turned down by this"
    return "true-peak", "note", text, ()


def _unlike(grid: Grid, file: Delivered, loudness: float) -> Told | None:
    reference = grid.reference(file.item)
    own = reference.measured.loudness if reference and reference.measured else None
    if own is None or abs(loudness - own) < WIDE_LOUDNESS:
        return None
    text = f"{file.name}: {loudness:.1f} LUFS as delivered, the reference {own:.1f} LUFS"
    return "loudness", "note", text, ()
