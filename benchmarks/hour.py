"""An hour of stereo, separated in flat memory: at most 1.5 GB, whatever the length.

python benchmarks/hour.py                     # the published M5 at 22.05 kHz on an hour of 44.1 kHz stereo
python benchmarks/hour.py --seconds 600 --recipe tiny

Prints real-time factor and the largest resident memory; exits with status 1 above 1.5 GB.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from separation import store
from separation.config import load
from separation.inference.separate import separate
from separation.networks.waveunet import WaveUNet

MAX_MEMORY_BYTES = 1.5e9
RATE = 44_100


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--recipe", default="regression")
    parser.add_argument("--folder", type=Path, help="where to put 4 GB for a while; a temporary folder if not given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        return _separated(Path(folder), options.seconds, options.recipe)


def _separated(folder: Path, seconds: int, recipe: str) -> int:
    chosen = load(recipe)
    store.save(folder / "checkpoint", WaveUNet(chosen.network).state_dict(), chosen, {"step": 0})
    _write(folder / "long.wav", seconds)
    print(f"before: {_peak() / 1e9:.2f} GB")
    began = time.perf_counter()
    separate(folder / "checkpoint", [folder / "long.wav"], folder / "out")
    spent = time.perf_counter() - began
    frames = soundfile.info(str(folder / "out" / "long.vocals.wav")).frames
    assert frames == seconds * RATE, frames
    print(f"{seconds} s with {recipe}: {spent:.0f} s, real-time factor {spent / seconds:.3f}, {_peak() / 1e9:.2f} GB")
    return int(_peak() > MAX_MEMORY_BYTES)


def _write(path: Path, seconds: int) -> None:
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(str(path), "w", RATE, 2, subtype="PCM_16") as file:
        for _ in range(seconds):
            file.write(0.1 * rng.standard_normal((RATE, 2)).astype(np.float32))


def _peak() -> float:
    """Return the largest resident memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    sys.exit(main())
