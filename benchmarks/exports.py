"""How long the ratings of a very large study take to leave the site, and how much memory: 1,000,000 ratings, on SQLite.

    python benchmarks/exports.py [--sittings 10000] [--events]

Makes the study in a new database of its own, writes it in every format, each in a process of its own, and prints the
time and the growth of the peak of memory. `--events` lets each page have told what it played. Goal: 30 s, flat memory.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

from workbench import large_study, prepare

FORMATS = ("csv", "json", "parquet", "webmushra")
GOAL_SECONDS = 30
BYTES_PER_KIB, BYTES_PER_MB = 1024, 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sittings", type=int, default=10_000)
    parser.add_argument("--events", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started(write_study, folder, asked.sittings, asked.events)
        for name in FORMATS:
            started(export, folder, name)


def started(work, *arguments) -> None:  # noqa: ANN001, ANN002
    """Run `work` in a process of its own."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == 0, f"{work.__name__} {arguments}"


def write_study(folder: str, sittings: int, events: bool) -> None:
    prepare(Path(folder))
    study = large_study(sittings)
    if events:
        hear(study)


def hear(study) -> None:  # noqa: ANN001
    """Let each page have told that each stimulus was played once, for ten seconds."""
    from django.utils import timezone

    from listening.models import Event, Slot

    slots = Slot.objects.filter(trial__session__study=study).values_list("pk", "trial_id", "position")
    Event.objects.bulk_create(
        (
            Event(trial_id=trial, slot_id=slot, kind="heard", value=0, until=10, load="a" * 8, order=place, frame=0,
                  at=timezone.now())
            for slot, trial, place in slots.iterator()
        ),
        batch_size=5000,
    )  # fmt: skip


def export(folder: str, name: str) -> None:
    """Write one format and print how long it took."""
    prepare(Path(folder))
    from listening.exports import ratings
    from listening.models import Study

    study, path = Study.objects.get(), Path(folder) / f"ratings.{name}"
    before, start, worked = peak(), time.perf_counter(), time.process_time()
    with path.open("wb") if name == "parquet" else path.open("w", encoding="utf-8", newline="") as file:
        rows = ratings.WRITERS[name](study, file)
    seconds, work = time.perf_counter() - start, time.process_time() - worked
    size, grown = path.stat().st_size / BYTES_PER_MB, peak() - before
    took = f"{seconds:.1f} s ({work:.1f} s of processor time)"
    print(f"{name}: {rows} rows, {size:.0f} MB, {took}; peak grew by {grown:.0f} MB; goal: {GOAL_SECONDS} s")


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_KIB / BYTES_PER_MB


if __name__ == "__main__":
    main()
