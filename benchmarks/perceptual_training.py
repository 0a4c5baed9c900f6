"""Does training on what listeners would say pay? Four separators with equal steps and data, judged on unseen songs.

python benchmarks/perceptual_training.py --data DATA --work runs/                       # everything, small, on a CPU
python benchmarks/perceptual_training.py --data DATA --work smoke/ --size smoke         # minutes, proves nothing
python benchmarks/perceptual_training.py --work runs/ --size gpu --stage train --device cuda --jobs 6 --minutes 6

Stages: `prepare` cuts the songs and both listening tests of DATA in two halves (`perceptual_songs`), fits an objective
and a judge (`perceptual_judge`) to each; `train` needs nothing but the work folder; `judge` measures what `train` left.
For each half and seed one network learns by L1 from the half's songs; from its weights four go on for the same number
of steps on the same excerpts: L1, L1 + objective, GAN, GAN + objective. They separate the songs of the other half,
whose judge no training met. Differences are paired by song, averaged over seeds, with 95 % intervals from a bootstrap
over songs. Everything is kept in the work folder: run again, it goes on where it stopped.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import perceptual_songs
import torch

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.files import atomic_folder, read_json, write_json
from lossmodel.overrides import pair
from lossmodel.progress import silent
from separation.config import load
from separation.data import stems
from separation.inference.separator import Separator
from separation.recipe import Recipe
from separation.training.checkpoints import checkpoint
from separation.training.loop import step, train
from separation.training.state import Sources, begin

GAN_WEIGHTS = {"adversarial": 0.2, "matching": 0.4}
SYSTEMS: Mapping[str, Mapping[str, float]] = {
    "L1": {},
    "L1 + objective": {"perceptual": 1.0},
    "GAN": GAN_WEIGHTS,
    "GAN + objective": {"perceptual": 1.0, **GAN_WEIGHTS},
}
"""Losses beside L1, as shares of the gradient."""

WARM_UP_STEPS, TIMED_STEPS = 4, 8
"""Steps by which the pace is found."""

OVERHEAD_SECONDS = 30.0
"""Seconds that a half and seed need beside its steps: to begin five trainings, to separate the songs."""

STEPS_OF_16_BITS = 4
"""Estimates are kept with 14 bits: 60 dB under a voice at -24 LUFS, a third less to carry."""


@dataclass(frozen=True)
class Size:
    """How large a comparison is."""

    first: int
    """Steps of regression that all systems of a seed have in common."""
    steps: int
    """Steps that each system then takes."""
    seeds: int
    songs: int | None
    recipe: Mapping[str, Any]
    perceptual: Mapping[str, Any] = field(default_factory=dict)
    """What the objective's own systems do otherwise than `recipe` says."""


SIZES = {
    "smoke": Size(4, 4, 1, 2, {"rate": 22_050, "batch": 2, "network.levels": 5, "network.filters": 6}),
    "small": Size(1500, 750, 3, None, {"rate": 22_050, "batch": 4, "network.levels": 7, "network.filters": 12}),
    "gpu": Size(
        2000,
        600,
        3,
        None,
        {
            "rate": 44_100,
            "batch": 16,
            "network.levels": 9,
            "network.filters": 16,
            "precision": "bf16-mixed",
            "adversarial.network.windows": [2048, 512, 128],
            "adversarial.network.width": 16,
        },
    ),
}


def main() -> int:
    options = _options()
    size = SIZES[options.size]
    size = replace(size, **{name: value for name in ("first", "steps", "seeds") if (value := getattr(options, name))})
    size = replace(size, perceptual={f"perceptual.{key}": value for key, value in options.form})
    if options.stage in {"prepare", "all"}:
        from perceptual_judge import prepare

        prepare(options.data, options.work, size.songs)
    if options.stage in {"train", "all"}:
        _train(options, size)
    if options.stage in {"judge", "all"}:
        from perceptual_report import judge, page

        judge(options.work, options.work / options.size, peass=options.peass)
        text = page(options.work / options.size, list(SYSTEMS))
        (options.work / f"{options.size}.md").write_text(text, encoding="utf-8")
        print(text)
    return 0


def _train(options: argparse.Namespace, size: Size) -> None:
    """Train what is not trained yet, several halves and seeds at a time if asked."""
    units = [(half, seed) for seed in range(size.seeds) for half in perceptual_songs.HALVES]
    for half in perceptual_songs.HALVES:
        perceptual_songs.learnt(options.work / "songs", half, options.work / "learnt" / half)
    processes = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=processes, initializer=_end_with_parent) as pool:
        if options.minutes:
            size = _fitted(size, pool, options)
        jobs = [pool.submit(_unit, half, seed, options, size) for half, seed in units]
        for job in jobs:
            print(job.result(), flush=True)


def _end_with_parent() -> None:
    """Let a job end when whoever began it was killed, instead of training on beside the next run."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _fitted(size: Size, pool: ProcessPoolExecutor, options: argparse.Namespace) -> Size:
    """Return the size with as many steps as the minutes allow, going by some that all jobs take at the same time."""
    kept, began = options.work / options.size / "steps.json", time.perf_counter()
    if not kept.exists():
        each = list(pool.map(_pace, repeat(options, options.jobs), repeat(size)))
        systems = np.mean(each, axis=0)
        rounds = -(-size.seeds * len(perceptual_songs.HALVES) // options.jobs)
        left = (60 * options.minutes - (time.perf_counter() - began)) / rounds - OVERHEAD_SECONDS
        in_common = size.first / size.steps
        steps = max(1, int(left / (in_common * systems[0] + systems.sum())))
        write_json(kept, {"first": round(in_common * steps), "steps": steps, "milliseconds": (1e3 * systems).tolist()})
    found = read_json(kept)
    print(found, flush=True)
    return replace(size, first=found["first"], steps=found["steps"])


def _pace(options: argparse.Namespace, size: Size) -> list[float]:
    """Return the seconds that a step of each system takes here and now."""
    torch.set_num_threads(options.threads)
    half, found, start = perceptual_songs.HALVES[0], [], None
    with tempfile.TemporaryDirectory() as folder:
        for system, losses in SYSTEMS.items():
            whole = {"adversarial.start": 0.0, "perceptual.ramp": 0.0}
            chosen = recipe(losses, size.steps, 0, replace(size, recipe={**size.recipe, **whole}), start)
            objective = options.work / f"half-{half}" / "objective" if "perceptual" in losses else None
            given, place = Sources(options.work / "learnt" / half, objective), Path(folder) / system
            training = begin(chosen, given, place, device=options.device, resumed=False, report=silent)
            taken = [step(training)["seconds"] for _ in range(WARM_UP_STEPS + TIMED_STEPS)]
            training.batches.close()
            checkpoint(training)
            start = start or place / "last"
            found.append(float(np.mean(taken[WARM_UP_STEPS:])))
    return found


def _unit(half: str, seed: int, options: argparse.Namespace, size: Size) -> str:
    """Train all systems of a half and seed and let them separate the other half's songs; say where that is."""
    torch.set_num_threads(options.threads)
    work, place = options.work, options.work / options.size / f"{half}-{seed}"
    unseen = stems.find(work / "songs" / perceptual_songs.other(half))
    for system, losses in SYSTEMS.items():
        output = place / system.replace(" ", "")
        if (output / "estimates").exists():
            continue
        data, start = work / "learnt" / half, place / "shared"
        train(recipe({}, size.first, seed, size), data, start, device=options.device, resume=True)
        chosen = recipe(losses, size.steps, seed, size, start / "last")
        objective = work / f"half-{half}" / "objective" if "perceptual" in losses else None
        train(chosen, data, output, objective=objective, device=options.device, resume=True)
        _separate(output / "last", unseen, output / "estimates", options.device)
    return f"{place}: done"


def recipe(losses: Mapping[str, float], steps: int, seed: int, size: Size, start: Path | None = None) -> Recipe:
    """Return the recipe of a system that learns by L1 and `losses`, from the checkpoint `start` on if there is one."""
    chosen = {
        "seed": seed,
        "steps": steps,
        "checkpoint_every": max(4, steps // 4),
        "data.seconds": 1.2,
        "data.gain": [0.5, 1.0],
        "data.remix": 0.75,
        "data.polarity": True,
        "data.speed": [0.92, 1.08],
        "losses.mrstft": 0.0,
        "losses.balance": True,
        "optimiser.learning_rate": 1e-3,
        "optimiser.ema": 0.995,
        "adversarial.start": 0.1,
        "adversarial.penalty": "r1",
        "adversarial.penalty_weight": 0.01,
        "adversarial.penalty_every": 16,
        "perceptual.ramp": 0.1,
        "perceptual.aggregate": "even",
        "init": start,
        **size.recipe,
        **(size.perceptual if "perceptual" in losses else {}),
        **{f"losses.{name}": value for name, value in losses.items()},
    }
    return load("tiny", chosen)


def _separate(checkpoint: Path, songs: list[Path], folder: Path, device: str) -> None:
    separates = Separator(checkpoint, device=device)
    with atomic_folder(folder) as part:
        for place in songs:
            references, accompaniment = stems.read(place)
            mixture = Audio(references["vocals"].samples + accompaniment.samples, accompaniment.rate)
            vocals = separates(mixture)["vocals"].samples
            grid = 32_768 / STEPS_OF_16_BITS
            rounded = (np.round(vocals * grid) / grid).astype(np.float32)
            audio.write(part / f"{place.name}.flac", Audio(rounded, mixture.rate), subtype="PCM_16")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder that holds ward2018, sisec2018, gensvs2025 and stems")
    parser.add_argument("--work", type=Path, required=True, help="folder for songs, trainings and results")
    parser.add_argument("--stage", choices=("prepare", "train", "judge", "all"), default="all")
    parser.add_argument("--size", choices=sorted(SIZES), default="small")
    parser.add_argument("--first", type=int, help="steps in common, instead of the size's")
    parser.add_argument("--steps", type=int, help="steps of each system, instead of the size's")
    parser.add_argument("--minutes", type=float, help="choose the steps so that training takes about so long")
    parser.add_argument("--seeds", type=int, help="how many, instead of the size's")
    parser.add_argument("--form", nargs="*", type=pair, default=(), metavar="KEY=VALUE", help="of the perceptual term")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=1, help="halves and seeds trained at a time")
    parser.add_argument("--threads", type=int, default=2, help="of each job")
    parser.add_argument("--no-peass", dest="peass", action="store_false")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
