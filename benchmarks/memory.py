"""How much memory a song takes to measure: ten minutes of stereo, by every metric, must stay within 2 GB.

    python benchmarks/memory.py
    python benchmarks/memory.py --seconds 60 --only museval_sdr,sdr

Each family of metrics is measured in a process of its own, then all in one, as `python -m lossmodel metrics` does.
Prints seconds and the largest resident memory of each; exits with status 1 where one is above 2 GB.
"""

import argparse
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.manifest import Pair
from lossmodel.metrics import measure
from lossmodel.metrics.excerpt import load
from lossmodel.metrics.families import FAMILIES, parsed_names

MAX_MEMORY_BYTES = 2e9
RATE = 44_100


def main() -> int:
    options = _options()
    wanted = parsed_names(options.only)
    families = {", ".join(each.names): [name for name in each.names if name in wanted] for each in FAMILIES}
    rows = {"reading alone": [], **{title: names for title, names in families.items() if names}}
    rows |= {"all in one process": list(wanted)}
    peaks = []
    apart = ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1)
    with tempfile.TemporaryDirectory() as folder, apart:
        pair = apart.submit(_song, Path(folder), options.seconds).result()
        for title, names in rows.items():
            print(f"{title:52}", end="", flush=True)
            seconds, peak = apart.submit(_measured, pair, names).result()
            print(f"{seconds:7.1f} s {peak / 1e9:6.2f} GB (≤ {MAX_MEMORY_BYTES / 1e9:.0f} GB)", flush=True)
            peaks.append(peak)
    return int(max(peaks) > MAX_MEMORY_BYTES)


def _measured(pair: Pair, names: list[str]) -> tuple[float, float]:
    """Return the seconds that the metrics of `names` took, and the largest memory of this process; none only reads."""
    excerpt = load(pair)
    before = time.perf_counter()
    measure.values(excerpt, names)
    return time.perf_counter() - before, _peak()


def _song(folder: Path, seconds: float) -> Pair:
    """Write an estimate, a reference and a mixture of stereo noise that repeats every ten seconds."""
    rng = np.random.default_rng(1)
    vocals, others, hiss = (0.1 * rng.standard_normal((2, 10 * RATE)).astype(np.float32) for _ in range(3))
    times = int(np.ceil(seconds / 10))
    for name, sound in (("mix", vocals + others), ("true", vocals), ("heard", vocals + 0.2 * others + 0.1 * hiss)):
        audio.write(folder / f"{name}.wav", Audio(np.tile(sound, times)[:, : int(seconds * RATE)], RATE))
    return Pair("song", "net", "system", folder / "heard.wav", (folder / "true.wav",), folder / "mix.wav")


def _peak() -> float:
    """Return the largest resident memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--only", default="", help="names of metrics, separated by commas")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
