"""Is the loader ever what a training waits for? Batches a second beside steps a second, and the waiting in a real run.

python benchmarks/loader.py
python benchmarks/loader.py --recipe regression --songs 20

Makes batches of a recipe from cached synthetic songs, then trains some steps in which the next
batch is prepared by a thread. Exits with status 1 where the median wait is more than 5 % of a step.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from separation.config import load
from separation.data.batch import Batches
from separation.data.excerpts import Excerpts
from separation.data.stems import songs
from separation.data.synthetic import write_songs
from separation.training.loop import train

MAX_WAITING_SHARE = 0.05


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="tiny")
    parser.add_argument("--songs", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    recipe = load(options.recipe, {"data.validation": 0.0, "checkpoint_every": 10_000})
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "songs"
        write_songs(folder, range(options.songs), options.seconds, recipe.rate)
        found = songs(folder, rate=recipe.rate, channels=recipe.channels, cache=Path(place) / ".stems")
        batches = Batches(recipe, Excerpts(found, recipe.window, seed=0, speed=recipe.data.speed))
        began = time.perf_counter()
        for step in range(options.steps):
            batches.make(step)
        alone = (time.perf_counter() - began) / options.steps
        train(recipe, folder, Path(place) / "run", steps=options.steps)
        lines = [json.loads(line) for line in (Path(place) / "run" / "metrics.jsonl").read_text().splitlines()]
    seconds, waits = (statistics.median(line[key] for line in lines[1:]) for key in ("seconds", "loading"))
    heard = recipe.batch * recipe.window.output / recipe.rate
    print(f"{recipe.name}: a batch is made in {1e3 * alone:.1f} ms ({heard / alone:.0f} s of separated sound a second)")
    print(f"a step takes {1e3 * seconds:.0f} ms, of which it waits {1e3 * waits:.2f} ms for its batch")
    return int(waits > MAX_WAITING_SHARE * seconds)


if __name__ == "__main__":
    sys.exit(main())
