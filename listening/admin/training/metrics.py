"""What a training has written so far, read back for a page: a large file is sampled, never read whole."""

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

METRICS_FILE = "metrics.jsonl"
MAX_BYTES_READ_WHOLE = 400_000
BLOCKS = 200
"""A larger file is read at so many places, spread evenly."""
BLOCK_BYTES = 2_000
RECENT_STEPS = 50
"""Steps whose median duration is the pace of a training."""
NOT_CURVES = {"step", "seconds", "loading", "left_out", "stopped"}
"""Keys of a line that are no losses."""

Points = list[tuple[int, float]]


@dataclass(frozen=True)
class Pace:
    """How fast a training went of late: its last step, and the median seconds of a step."""

    step: int
    seconds: float


def curves(folder: Path) -> dict[str, Points]:
    """Return (step, value) of each loss in the metrics file of a training's folder; empty before the first step.

    Of a large file each point is the mean over the lines of one block.
    """
    found: dict[str, Points] = defaultdict(list)
    for lines in blocks(folder / METRICS_FILE):
        values: dict[str, list[float]] = defaultdict(list)
        for line in lines:
            for key, value in line.items():
                if key not in NOT_CURVES and isinstance(value, int | float):
                    values[key].append(value)
        for key, own in values.items():
            found[key].append((int(lines[-1]["step"]), statistics.fmean(own)))
    return dict(found)


def pace(folder: Path) -> Pace | None:
    """Return the pace of the newest steps; None before there are any."""
    lines = [line for line in tail(folder / METRICS_FILE, 2 * RECENT_STEPS) if "seconds" in line][-RECENT_STEPS:]
    if not lines:
        return None
    return Pace(int(lines[-1]["step"]), statistics.median(float(line["seconds"]) for line in lines))


def tail(path: Path, count: int) -> list[dict[str, Any]]:
    """Return the last `count` lines of a metrics file, oldest first."""
    if not path.is_file():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - count * BLOCK_BYTES // 4))
        return list(_whole_lines(file.read(), from_start=file.tell() <= count * BLOCK_BYTES // 4))[-count:]


def blocks(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield the lines of a metrics file: one by one, or block by block at evenly spread places of a large one."""
    if not path.is_file():
        return
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= MAX_BYTES_READ_WHOLE:
            yield from ([line] for line in _whole_lines(file.read(), from_start=True))
            return
        for number in range(BLOCKS):
            place = (size - BLOCK_BYTES) * number // (BLOCKS - 1)
            file.seek(place)
            if lines := list(_whole_lines(file.read(BLOCK_BYTES), from_start=place == 0)):
                yield lines


def _whole_lines(text: bytes, *, from_start: bool) -> Iterator[dict[str, Any]]:
    """Yield the records of `text`; the first and the last line may be cut and are left out if they are."""
    lines = text.split(b"\n")
    for line in lines[0 if from_start else 1 :]:
        try:
            record = json.loads(line)
        except ValueError:  # cut, or being written at this moment
            continue
        if isinstance(record, dict) and "step" in record:
            yield record
