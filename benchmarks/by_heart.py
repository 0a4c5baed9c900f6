"""How well a small network learns seven seconds of music by heart: a longer look than the tests have time for.

    python benchmarks/by_heart.py
    python benchmarks/by_heart.py --steps 2000 --filters 24

Trains the recipe `tiny` on one synthetic song without any variation, and prints SI-SDR (dB) of the mixture and of the
estimate on that song; exits with status 1 where the estimate is not above 15 dB.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from separation.config import load
from separation.data.synthetic import write_songs
from separation.evaluate import evaluate
from separation.training.loop import train

ENOUGH_DB = 15.0
RATE = 8000
PLAIN = {
    "extends": "tiny", "rate": RATE, "network.levels": 7, "network.kernel_down": 15,
    "data.remix": 0.0, "data.gain": (1.0, 1.0), "data.anywhere": 1.0, "data.seconds": 0.5, "batch": 4,
    "losses.mrstft": 0.0, "optimiser.learning_rate": 1e-3, "optimiser.ema": 0.99,
}  # fmt: skip


def main() -> int:
    options = _options()
    own = {"steps": options.steps, "checkpoint_every": options.steps, "network.filters": options.filters}
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        song, run = Path(folder) / "song", Path(folder) / "run"
        write_songs(song, [3], options.seconds, RATE)
        train(load("tiny", {**PLAIN, **own}), song, run, steps=options.steps)
        scores = evaluate(run, song)["mean"]
    print(f"{options.steps} steps in {time.monotonic() - begun:.0f} s")
    print(f"SI-SDR {scores['mixture_si_sdr']:.1f} dB of the mixture, {scores['si_sdr']:.1f} dB of the estimate")
    return int(scores["si_sdr"] <= ENOUGH_DB)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=7.0, help="length of the song")
    parser.add_argument("--steps", type=int, default=650)
    parser.add_argument("--filters", type=int, default=16, help="of the network's first layer")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
