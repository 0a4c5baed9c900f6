"""What a CUDA device makes of trainings: right numbers first, then steps a second and memory.

python benchmarks/gpu.py                                     # a minute and a half on an H100
python benchmarks/gpu.py --only regression --steps 30

Right: scores of the objective and outputs of the network are those of the CPU. Fast: the trainer's own step, on noise,
for Wave-U-Net M4 at batch 16 and for the recipes, in float32 (convolutions in TF32, PyTorch's default), in bf16, and
compiled where asked for; after the same steps their losses must agree. Then what the objective and the discriminator
cost beside the network, and the four systems of `perceptual_training.py --size gpu`. Exits with status 1 where numbers
are wrong, with status 2 where there is no CUDA device.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import perceptual_training
import torch

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.objective import store as objectives
from separation.config import load
from separation.networks.config import PUBLISHED_CONFIGS
from separation.networks.waveunet import WaveUNet
from separation.recipe import Recipe
from separation.training.loop import step
from separation.training.state import Sources, begin

MAX_SCORE_DIFFERENCE_POINTS = 0.1
"""Points of 100 by which a score may differ from the CPU's."""

MAX_OUTPUT_DIFFERENCE, MAX_OUTPUT_DIFFERENCE_TF32 = 1e-5, 3e-3
"""What the network's outputs may differ from the CPU's by, relative to their norm."""

MAX_LOSS_DIFFERENCE_SHARE = 0.05
"""Share by which losses after the same steps may differ: bf16 and TF32 round each step differently."""

WARM_UP_STEPS = 3
M4 = {f"network.{name}": value for name, value in PUBLISHED_CONFIGS["M4"].model_dump().items()}
RECIPES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "M4": ("regression", M4),
    "improved": ("improved", {}),
    "perceptual": ("perceptual", {"perceptual.start": 0.0, "perceptual.ramp": 0.0}),
    "perceptual without the objective": ("perceptual", {"losses.perceptual": 0.0}),
    "gan": ("gan", {"adversarial.start": 0.0}),
}
PRECISIONS: Mapping[str, Mapping[str, Any]] = {
    "float32": {},
    "bf16": {"precision": "bf16-mixed"},
    "bf16, compiled": {"precision": "bf16-mixed", "compile": True},
}


def main() -> int:
    options = _options()
    if not torch.cuda.is_available():
        print("no CUDA device here: nothing measured")
        return 2
    torch.manual_seed(0)
    print(
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {options.steps} steps after {WARM_UP_STEPS}",
        flush=True,
    )
    right = [*_scores(), *_outputs()]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for title, recipe, way in _plans(options):
            if time.perf_counter() - began > options.seconds:
                print(f"{title}, {way}: left out, {options.seconds:g} s are over")
                continue
            right.append(_measured(title, way, recipe, Path(folder), options.steps))
    return int(not all(right))


def _scores() -> Iterator[bool]:
    """Say whether the objective's scores are the CPU's."""
    objective, generator = objectives.load(objectives.default()), torch.Generator().manual_seed(1)
    voice, band, damage = (torch.randn(2, 2, 3 * objective.rate, generator=generator) for _ in range(3))
    given = voice + 0.3 * band + 0.2 * damage, voice[:, None], voice + band
    with torch.inference_mode():
        wanted = objective(*given)
        found = objective.cuda()(*(each.cuda() for each in given))
    for name, prediction in wanted.items():
        apart = float((prediction.mean - found[name].mean.cpu()).abs().max())
        print(f"objective, {name}: {apart:.1e} points from the CPU's (at most {MAX_SCORE_DIFFERENCE_POINTS})")
        yield apart <= MAX_SCORE_DIFFERENCE_POINTS


def _outputs() -> Iterator[bool]:
    """Say whether the network's outputs are the CPU's, in float32 and with TF32."""
    network = WaveUNet(PUBLISHED_CONFIGS["M4"]).eval()
    mixture = 0.1 * torch.randn(1, 2, network.config.window(16_384).input)
    allowed = torch.backends.cudnn.allow_tf32
    with torch.inference_mode():
        wanted = network(mixture)
        network.cuda()
        for way, tf32, limit in (("float32", False, MAX_OUTPUT_DIFFERENCE), ("TF32", True, MAX_OUTPUT_DIFFERENCE_TF32)):
            torch.backends.cudnn.allow_tf32 = tf32
            apart = float((network(mixture.cuda()).cpu() - wanted).norm() / wanted.norm())
            print(f"M4's outputs in {way}: {apart:.1e} from the CPU's (at most {limit:.0e})")
            yield apart <= limit
    torch.backends.cudnn.allow_tf32 = allowed


def _plans(options: argparse.Namespace) -> Iterator[tuple[str, Recipe, str]]:
    """Yield title, recipe and way of everything that is to be measured."""
    chosen = {title: load(name, overrides) for title, (name, overrides) in RECIPES.items()}
    size = perceptual_training.SIZES["gpu"]
    for system, losses in perceptual_training.SYSTEMS.items():
        recipe = perceptual_training.recipe(losses, size.steps, 0, size)
        chosen[f"comparison, {system}"] = _from_the_start(recipe)
    wanted = {title: recipe for title, recipe in chosen.items() if not options.only or title in options.only}
    for title, recipe in wanted.items():
        for way in ("float32", "bf16"):
            yield title, _with_precision(recipe, way), way
    for title in (title for title in options.compile if title in wanted):
        yield title, _with_precision(wanted[title], "bf16, compiled"), "bf16, compiled"


def _with_precision(recipe: Recipe, way: str) -> Recipe:
    return recipe.model_copy(update={"precision": "32-true", **PRECISIONS[way]})


def _from_the_start(recipe: Recipe) -> Recipe:
    """Return a recipe whose terms all weigh what they weigh in the end."""
    at_once = {"start": 0.0}
    return recipe.model_copy(
        update={
            "perceptual": recipe.perceptual.model_copy(update={**at_once, "ramp": 0.0}),
            "adversarial": recipe.adversarial.model_copy(update=at_once),
        }
    )


FLOAT32_LOSSES: dict[str, float] = {}
"""Of each title, the loss in float32."""


def _measured(title: str, way: str, recipe: Recipe, folder: Path, steps: int) -> bool:
    """Print what the trainer's step costs, and say whether its loss is that of float32."""
    data = _noise(folder / f"{recipe.rate}", recipe.rate)
    given = Sources(data, objectives.default() if "perceptual" in recipe.losses.weights else None)
    began = time.perf_counter()
    training = begin(recipe, given, folder / "runs" / f"{title}-{way}", device="cuda", resumed=False, report=_no_report)
    records = [step(training) for _ in range(WARM_UP_STEPS)]
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    warm = time.perf_counter()
    records += [step(training) for _ in range(steps)]
    torch.cuda.synchronize()
    spent = (time.perf_counter() - warm) / steps
    training.batches.close()
    memory, waiting = (
        torch.cuda.max_memory_allocated() / 2**30,
        np.median([each["loading"] for each in records[WARM_UP_STEPS:]]),
    )
    loss = float(np.mean([each["l1"] for each in records[-5:]]))
    apart = abs(loss / FLOAT32_LOSSES.setdefault(title, loss) - 1)
    print(
        f"{title}, batch {recipe.batch}, {way}: {1 / spent:.1f} steps/s ({1e3 * spent:.1f} ms, of which"
        f" {1e3 * waiting:.1f} ms for data), {memory:.1f} GiB, L1 {loss:.5f} ({apart:.1%} from float32's),"
        f" ready after {warm - began:.1f} s",
        flush=True,
    )
    return apart <= MAX_LOSS_DIFFERENCE_SHARE


def _no_report(_done: int, _of: int) -> None:
    """Report nothing."""


def _noise(folder: Path, rate: int) -> Path:
    """Return a folder with two songs of coloured noise."""
    draw = np.random.default_rng(0)
    for song in ("one", "two"):
        for kind, level in (("vocals", 0.1), ("accompaniment", 0.2)):
            path = folder / song / f"{kind}.wav"
            if not path.exists():
                samples = np.cumsum(draw.standard_normal((2, 10 * rate)), axis=1)
                samples -= np.linspace(samples[:, 0], samples[:, -1], samples.shape[1], axis=1)
                audio.write(path, Audio((level * samples / np.abs(samples).max()).astype(np.float32), rate))
    return folder


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=80.0, help="start nothing new after so many")
    parser.add_argument("--only", nargs="*", help="titles to measure; all if not given")
    parser.add_argument("--compile", nargs="*", default=["M4"], help="titles to measure compiled, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
