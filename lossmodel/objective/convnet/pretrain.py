"""Teach the convnet to hear without a rating: which rung of a ladder is worse, and what kind of degradation it is.

    python -m lossmodel.objective.convnet.pretrain convnet --output lossmodel/objective/convnet/weights --cache DIR

A step takes one lesson: all rungs of some ladders of one excerpt. Where people would hear it get worse, each rung has
to be worse than the one before; where they would not, it may not be; and percepts must tell ladders apart.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lossmodel.cli import run, say
from lossmodel.files import atomic_file
from lossmodel.objective.convnet import curriculum
from lossmodel.objective.convnet import network as convnet
from lossmodel.objective.convnet.curriculum import Lesson
from lossmodel.objective.convnet.network import ATTRIBUTES, Config, Convnet
from lossmodel.objective.ladders import LADDERS
from lossmodel.progress import Report, bar, silent

MIN_SEVERITY_STEP, MAX_SEVERITY_STEP = 0.4, 1.2
"""Severity by which a rung has to be worse than the one before, and beyond which it should not be."""

UNDISTURBED_WEIGHT = 0.5
"""How much it counts that an attribute is disturbed which people say is not."""

LADDER_CLASSIFICATION_WEIGHT = 0.3
"""How much it counts to tell ladders apart."""

LADDERS_A_STEP = 6
FRAMES_A_STEP = 108
"""How much of a lesson a step hears: 1.25 s, from a place that is drawn."""

LEARNING_RATE, WEIGHT_DECAY = 4e-3, 1e-4
CONVOLUTION_RATE_SHARE = 0.03
"""How fast the convolutions learn beside the rest: taught as fast, they forget what people hear and ladders lack."""

ALL_FRAMES: Final = slice(None)
STEPS_PER_STATE = 25
"""Steps after which the state of a training is kept."""

ATTRIBUTE_FALLS: Final = torch.tensor([[ladder.effects[name] == "falls" for name in ATTRIBUTES] for ladder in LADDERS])


def main(
    *,
    output: Path,
    stems: Path | None = None,
    cache: Path | None = None,
    songs: int = 48,
    steps: int = 200,
    seed: int = 1,
) -> None:
    """Train the network of percepts and write it, in about ten minutes on one core.

    Args:
        output: Folder to write: weights and card.
        stems: Folder of songs, each a folder with vocals and accompaniment, or vocals, bass, drums and other.
        cache: Folder for degraded excerpts and the state of training: a second run goes on where the first stopped.
        songs: How many synthetic excerpts.
        steps: How many steps of training.
        seed: Seed of songs, draws and weights.
    """
    config = Config()
    with bar("degrading") as report:
        taught = curriculum.prepare(songs=songs, stems=stems, seed=seed, config=config, cache=cache, report=report)
    with bar("training") as report:
        network = train(taught, steps=steps, seed=seed, config=config, cache=cache, report=report)
    names = sorted({vocals.parent.name for vocals, _ in curriculum.songs_below(stems)}) if stems else []
    card = {"seed": seed, "steps": steps, "synthetic": songs, "stems": names, "excerpts": len(taught)}
    convnet.save(network, output, card=card)
    say(f"{output}: {share_in_order(network, taught):.1%} of the steps of its own ladders are in order")


def train(
    taught: Sequence[Lesson],
    *,
    steps: int,
    seed: int,
    config: Config,
    cache: Path | None = None,
    report: Report = silent,
) -> Convnet:
    """Return the trained network; the same lessons, steps and seed give the same one, interrupted or not."""
    torch.manual_seed(seed)
    student = Student(config)
    optimiser = torch.optim.AdamW(student.groups(), weight_decay=WEIGHT_DECAY)
    kept = cache / f"training-{seed}.safetensors" if cache else None
    first = _restored_step(student, optimiser, kept)
    for step in range(first, steps):
        generator = torch.Generator().manual_seed(1_000_003 * seed + step)
        lesson = taught[int(torch.randint(len(taught), (), generator=generator))]
        for group in optimiser.param_groups:
            group["lr"] = group["full"] * min(1.0, (step + 1) / 30) * (1 - step / steps)
        optimiser.zero_grad()
        training_loss(student, lesson, generator).backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        if (step + 1) % STEPS_PER_STATE == 0:
            _save_state(student, optimiser, step + 1, kept)
        report(step + 1, steps)
    return student.network.eval().requires_grad_(requires_grad=False)


class Student(nn.Module):
    """The network, and what has to tell ladders apart from its percepts; only the first is kept."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.network = Convnet(config)
        self.kinds = nn.Sequential(nn.Linear(2 * config.percepts, 64), nn.GELU(), nn.Linear(64, len(LADDERS)))

    def groups(self) -> list[dict[str, Any]]:
        """Return the parameters with the rate at which each learns."""
        patterns = list(self.network.layers.parameters())
        slow = {id(each) for each in patterns}
        rest = [each for each in self.parameters() if id(each) not in slow]
        rates = ((patterns, CONVOLUTION_RATE_SHARE * LEARNING_RATE), (rest, LEARNING_RATE))
        return [{"params": parameters, "lr": rate, "full": rate} for parameters, rate in rates]

    def logits(self, percepts: Tensor) -> Tensor:
        """Return the logits of ladders, (..., ladders), by the pattern of percepts and by their size."""
        shares = percepts / (percepts.sum(-1, keepdim=True) + 0.05)
        logits: Tensor = self.kinds(torch.cat([shares, percepts], dim=-1))
        return logits


def training_loss(student: Student, lesson: Lesson, generator: torch.Generator) -> Tensor:
    """Return the loss of a step, a scalar, lower is better: the order of rungs, and which ladder they are of."""
    chosen = torch.randperm(len(lesson.ladders), generator=generator)[:LADDERS_A_STEP]
    start = int(torch.randint(max(1, lesson.rungs.shape[-1] - FRAMES_A_STEP + 1), (), generator=generator))
    percepts, severity = _heard(student.network, lesson, chosen, slice(start, start + FRAMES_A_STEP))
    ladders = lesson.ladders[chosen]
    logits = student.logits(percepts)
    kinds = cross_entropy(logits.flatten(0, 1), ladders.repeat_interleave(logits.shape[1]))
    return ranking_loss(severity, ATTRIBUTE_FALLS[ladders]) + LADDER_CLASSIFICATION_WEIGHT * kinds


def ranking_loss(severity: Tensor, falls: Tensor) -> Tensor:
    """Return how far rungs are out of order, 0 if they are not.

    Each has to be worse by `MIN_SEVERITY_STEP` to `MAX_SEVERITY_STEP` on what falls, and by nothing on what does not.

    Shape: severity (ladders, strengths, attributes), falls (ladders, attributes) → scalar.
    """
    steps = severity.diff(dim=1, prepend=torch.zeros_like(severity[:, :1]))
    wanted = (
        (MIN_SEVERITY_STEP - steps).clamp_min(0) + (steps - MAX_SEVERITY_STEP).clamp_min(0) + 2 * (-steps).clamp_min(0)
    )
    return torch.where(falls[:, None], wanted, UNDISTURBED_WEIGHT * severity).mean()


@torch.no_grad()
def share_in_order(network: Convnet, taught: Sequence[Lesson]) -> float:
    """Return the share of all steps down a ladder that the network hears as such, on attributes that fall."""
    right, steps = 0, 0
    for lesson in taught:
        severity = _heard(network, lesson, torch.arange(len(lesson.ladders)))[1]
        worse = severity.diff(dim=1, prepend=torch.zeros_like(severity[:, :1])) > 0
        falls = ATTRIBUTE_FALLS[lesson.ladders][:, None].expand_as(worse)
        right, steps = right + int((worse & falls).sum()), steps + int(falls.sum())
    return right / steps


def _heard(network: Convnet, lesson: Lesson, chosen: Tensor, frames: slice = ALL_FRAMES) -> tuple[Tensor, Tensor]:
    """Return percepts and severities, (ladders, strengths, ...), of the chosen ladders and frames of a lesson."""
    rungs = lesson.rungs[chosen][..., frames].float()
    flat = rungs.flatten(0, 1)
    beside = (each[None, :, frames].float() for each in (lesson.reference, lesson.accompaniment))
    hearing = network.compare(flat, *beside)
    percepts, severity = hearing.percepts, hearing.severity
    return percepts.reshape(*rungs.shape[:2], -1), severity.reshape(*rungs.shape[:2], -1)


def _save_state(student: nn.Module, optimiser: torch.optim.Optimizer, step: int, path: Path | None) -> None:
    if path is None:
        return
    moments = optimiser.state_dict()["state"]
    state = {f"adam.{index}.{name}": value for index, each in moments.items() for name, value in each.items()}
    with atomic_file(path) as part:
        save_file({**student.state_dict(), **state, "step": torch.tensor(step)}, part)


def _restored_step(student: nn.Module, optimiser: torch.optim.Optimizer, path: Path | None) -> int:
    """Put the state that `_save_state` wrote into student and optimiser; return the step to go on with."""
    if path is None or not path.is_file():
        return 0
    state = load_file(path)
    step = int(state.pop("step"))
    moments: dict[int, dict[str, Tensor]] = {}
    for key in [key for key in state if key.startswith("adam.")]:
        _, index, name = key.split(".")
        moments.setdefault(int(index), {})[name] = state.pop(key)
    student.load_state_dict(state)
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    return step


if __name__ == "__main__":
    run(
        {"convnet": main},
        prog="python -m lossmodel.objective.convnet.pretrain",
        description="Train the convnet.",
    )
