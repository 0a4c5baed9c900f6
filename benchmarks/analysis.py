"""How long `analyse` takes, and how much memory: a usual test, and a very large one.

    python benchmarks/analysis.py            both
    python benchmarks/analysis.py usual      24 assessors x 16 items x 8 systems x 2 attributes, everything rated
    python benchmarks/analysis.py large      1000 assessors x 50 items x 10 systems, everything rated

Goals: 20 s; 2 min and 2 GB. Each runs in a process of its own, so that the peak is its own.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

SIZES = {"usual": (24, 16, 8, 2), "large": (1000, 50, 10, 1)}
"""Assessors, items, systems, attributes."""
GOALS = {"usual": "20 s", "large": "120 s, 2 GB"}
BYTES_PER_KIB = 1024
BYTES_PER_GB = 1e9


def ratings(assessors: int, items: int, systems: int, attributes: int) -> pd.DataFrame:
    """Ratings around 20 to 80; assessors, items and their pairs with the systems differ. Simulated, and so marked."""
    rng = np.random.default_rng(0)
    frames = []
    for attribute in range(attributes):
        size = (assessors, items, systems)
        scores = np.linspace(20, 80, systems) + 13 * rng.standard_normal(size)
        parts = [(10, (assessors, 1, 1)), (6, (1, items, 1)), (6, (assessors, 1, systems)), (6, (1, items, systems))]
        for sd, shape in parts:
            scores = scores + sd * rng.standard_normal(shape)
        person, item, system = (each.ravel() for each in np.indices(size))
        frames.append(
            pd.DataFrame(
                {
                    "study": "synthetic", "session": person, "assessor": [f"P{each:04d}" for each in person],
                    "attribute": f"attribute{attribute}", "item": [f"item{each:02d}" for each in item],
                    "condition": [f"system{each}" for each in system], "role": "system", "replicate": 0,
                    "trial": item, "position": system, "score": np.clip(scores, 0, 100).ravel(), "seconds": 30.0,
                    "simulated": True,
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def measure(name: str) -> None:
    """Analyse one table and print how long that took, and the peak of memory."""
    from lossmodel.ratings import table
    from lossmodel.ratings.analyse import analyse

    frame = table.check(ratings(*SIZES[name]))
    assert len(frame) == np.prod(SIZES[name])
    start, worked = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        analyse(frame, Path(folder) / "report")
        means = pd.read_csv(Path(folder) / "report" / "conditions.csv").groupby("condition")["mean"].mean()
    seconds, work = time.perf_counter() - start, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_KIB / BYTES_PER_GB
    assert list(means.sort_values().index) == sorted(means.index), "the systems are not in the order they were made"
    took = f"{seconds:.1f} s ({work:.1f} s of processor time), peak {peak:.2f} GB"
    print(f"{name}: {len(frame)} ratings, {took}; goal: {GOALS[name]}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        for each in SIZES:
            subprocess.run([sys.executable, __file__, each], check=True)
