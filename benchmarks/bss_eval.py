"""BSS Eval v4 beside museval on the same cores: how much faster, with the same values.

python benchmarks/bss_eval.py
python benchmarks/bss_eval.py --seconds 60 --channels 1
python benchmarks/bss_eval.py --folder songs/one          # its vocals.wav and accompaniment.wav

Each takes its turn in one process; its seconds are those of the processor, and the fewest count, so that other work on
the machine counts for little. Exits with status 1 where a window differs by
more than 0.01 dB, or where we are less than ten times as fast.
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmodel import audio
from lossmodel.metrics.bss_eval_images import bss_eval_images

MAX_DIFFERENCE_DB = 0.01
MIN_SPEEDUP = 10.0


def main() -> int:
    options = _options()
    museval = museval_metrics()
    sources, rate = _stems(options.folder) if options.folder else _noise(options.seconds, options.channels)
    estimates = _separated(sources)
    ours, theirs = [], []
    for _ in range(options.repeats):
        ours.append(_timed(lambda: _ours(estimates, sources, rate)))
        theirs.append(_timed(lambda: _theirs(museval, estimates, sources, rate)))
    found, expected = ours[-1][0], theirs[-1][0]
    apart = float(np.nanmax(np.abs(found - expected)))
    fastest = [min(seconds for _, seconds in each) for each in (ours, theirs)]
    speedup = fastest[1] / fastest[0]
    length = f"{sources.shape[-1] / rate:g} s, {sources.shape[1]} channels, {torch.get_num_threads()} threads"
    print(f"{length}: ours {fastest[0]:.3f} s, museval {fastest[1]:.3f} s, {speedup:.1f} times as fast")
    print(f"{found[0].size} windows, SDR ISR SIR SAR: largest difference {apart:.1e} dB")
    return int(not (apart <= MAX_DIFFERENCE_DB and speedup >= MIN_SPEEDUP))


def museval_metrics() -> ModuleType:
    """Load museval's arithmetic alone: importing the package asks for the ffmpeg program."""
    folder = importlib.util.find_spec("museval").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("museval_metrics", Path(folder) / "metrics.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _ours(estimates: Tensor, sources: Tensor, rate: int) -> NDArray[np.float64]:
    found = bss_eval_images(estimates[None], sources[None], window=rate)
    return torch.stack([found.sdr, found.isr, found.sir, found.sar])[:, 0].numpy()


def _theirs(museval: ModuleType, estimates: Tensor, sources: Tensor, rate: int) -> NDArray[np.float64]:
    true, heard = (each.transpose(1, 2).numpy() for each in (sources, estimates))
    return np.stack(museval.bss_eval(true, heard, window=rate, hop=rate)[:4])


def _timed(work: Callable[[], NDArray[np.float64]]) -> tuple[NDArray[np.float64], float]:
    before = time.process_time()
    found = work()
    return found, time.process_time() - before


def _noise(seconds: float, channels: int) -> tuple[Tensor, int]:
    generator = torch.Generator().manual_seed(1)
    return 0.1 * torch.randn(2, channels, int(seconds * 44_100), generator=generator, dtype=torch.float64), 44_100


def _stems(folder: Path) -> tuple[Tensor, int]:
    found = [audio.read(next(folder.glob(f"{name}.*"))) for name in ("vocals", "accompaniment")]
    return torch.stack([torch.from_numpy(each.samples).double() for each in found]), found[0].rate


def _separated(sources: Tensor) -> Tensor:
    """Return each source with some of the other, an echo and a little noise."""
    noise = torch.randn(sources.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return sources + 0.2 * sources.flip(0) + 0.1 * sources.roll(40, -1) + 0.02 * sources.std() * noise


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--channels", type=int, default=2, choices=(1, 2))
    parser.add_argument("--folder", type=Path, help="a song with vocals.* and accompaniment.*")
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
