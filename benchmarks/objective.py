"""What the objective costs: scoring against real time, and as a loss against a training step of the Wave-U-Net M4.

python benchmarks/objective.py [--threads 1] [--repeats 3]

Seconds are those of the processor, not of the clock, so that other work on the machine counts for little; the loss and
the network's step take turns on the same batch. Fails where a score of the batch is not that of its excerpts.
"""

import argparse
import sys
import time
from collections.abc import Callable

import torch

from lossmodel.objective import store
from lossmodel.objective.ear.frontend import RATE
from lossmodel.objective.loss import PerceptualLoss
from lossmodel.objective.network import Head, Objective
from separation.networks.config import PUBLISHED_CONFIGS
from separation.networks.waveunet import WaveUNet

BATCH_EXCERPTS = 4
EXCERPT_SECONDS = 7.0


def main() -> int:
    options = _options()
    torch.set_num_threads(options.threads)
    whole = store.load(store.default())
    say(f"{options.threads} thread(s); median of {options.repeats}")
    for name, objective in {"whole ensemble": whole, **{name: only(whole, name) for name in members(whole)}}.items():
        took = median(lambda objective=objective: score(objective), options.repeats)
        speed = f"{EXCERPT_SECONDS / took:.0f} x real time"
        say(f"scoring, {name}: {speed} ({took * 1e3:.0f} ms for {EXCERPT_SECONDS:g} s of stereo)")
    agreed(whole)
    step, loss = training_step(options.repeats), loss_step(whole, options.repeats)
    beside = f"loss forward and backward on its batch: {loss:.2f} s"
    say(f"Wave-U-Net M4 step, batch {BATCH_EXCERPTS}: {step:.1f} s; {beside}")
    say(f"the loss costs {loss / step:.0%} of the step")
    return 0


def members(objective: Objective) -> list[str]:
    """Return the names of all members, in order."""
    return list(dict.fromkeys(name for head in objective.heads.values() for name in head.members))


def only(objective: Objective, member: str) -> Objective:
    """Return an objective of one member, with the attributes that it speaks on."""
    return Objective(
        {of: Head({member: head.members[member]}) for of, head in objective.heads.items() if member in head.members}
    )


def excerpts(count: int, frames: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return noise as estimates, references and mixtures, stereo."""
    generator = torch.Generator().manual_seed(seed)
    voice, band, damage = (torch.randn(count, 2, frames, generator=generator) for _ in range(3))
    return voice + 0.3 * band + 0.2 * damage, voice[:, None], voice + band


@torch.no_grad()
def score(objective: Objective) -> None:
    objective(*excerpts(1, int(EXCERPT_SECONDS * RATE)))


@torch.no_grad()
def agreed(objective: Objective) -> None:
    """Fail where the score of a batch is not that of its excerpts."""
    given = excerpts(BATCH_EXCERPTS, int(EXCERPT_SECONDS * RATE))
    together = objective(*given)
    for number in range(BATCH_EXCERPTS):
        alone = objective(*(each[number : number + 1] for each in given))
        for attribute, found in alone.items():
            assert abs(float(found.mean[0] - together[attribute].mean[number])) < 1e-2, attribute


def training_step(repeats: int) -> float:
    config = PUBLISHED_CONFIGS["M4"]
    network, window = WaveUNet(config), config.window(2 * RATE)
    mixture = torch.randn(BATCH_EXCERPTS, 2, window.input, generator=torch.Generator().manual_seed(1))
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)

    def step() -> None:
        optimiser.zero_grad()
        network(mixture).square().mean().backward()
        optimiser.step()

    return median(step, repeats)


def loss_step(objective: Objective, repeats: int) -> float:
    config = PUBLISHED_CONFIGS["M4"]
    estimate, references, mixture = excerpts(BATCH_EXCERPTS, config.window(2 * RATE).output)
    loss = PerceptualLoss(objective, aggregate="even")  # the dearest: one more pass back for each attribute

    def step() -> None:
        loss(estimate.detach().requires_grad_(), references, mixture).backward()

    return median(step, repeats)


def median(call: Callable[[], object], repeats: int) -> float:
    """Return the median processor time of a call, after one that does not count."""
    call()
    taken = []
    for _ in range(repeats):
        begun = time.process_time()
        call()
        taken.append(time.process_time() - begun)
    return sorted(taken)[repeats // 2]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
