"""Wave-U-Net M4 beside a plain implementation of the same net, in one run, with equality asserted.

python benchmarks/waveunet.py
python benchmarks/waveunet.py --variant M5 --batch 2 --repeats 3
OMP_WAIT_POLICY=passive python benchmarks/waveunet.py          # on a busy machine, where threads wait for each other
python benchmarks/waveunet.py --device cuda --batch 16          # and on a GPU: steps a second, memory, bf16

Training: a step (forward, backward, Adam) at the published window of 147,443 frames. Inference: a song in our tiles
beside the published way, windows of 147,443 frames that give 16,389 each (here they advance by 16,384, so that both
must agree). The two take turns and the fastest time of each counts: other work on the machine only adds. Exits with
status 1 where outputs differ by more than 1e-6, our gradients from those of the plain net in float64 by more than
float32's rounding (in brackets: by how much its own in float32 do), or a ratio falls short.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from separation.inference import separate as rendering
from separation.networks.config import PUBLISHED_CONFIGS, WaveUNetConfig
from separation.networks.waveunet import WaveUNet, centre

MIN_TRAINING_SPEEDUP, MIN_INFERENCE_SPEEDUP = 1.7, 2.0
MAX_OUTPUT_DIFFERENCE = 1e-6
MAX_GRADIENT_DIFFERENCE = 1e-5
"""Largest difference of a layer's gradients in float32, relative to their norm."""
PUBLISHED_HOP = 16_384


def main() -> int:
    options = _options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    config = PUBLISHED_CONFIGS[options.variant]
    ours, plain = WaveUNet(config).to(options.device), Plain(config).to(options.device)
    plain.load_state_dict(ours.state_dict())
    print(f"{options.variant}, {options.device}, {options.threads} threads, torch {torch.__version__}")
    faster = training(ours, plain, options), inference(ours, plain, options)
    if options.device.startswith("cuda"):
        throughput(ours, options)
        return 0
    return int(faster[0] < MIN_TRAINING_SPEEDUP or faster[1] < MIN_INFERENCE_SPEEDUP)


def training(ours: WaveUNet, plain: "Plain", options: argparse.Namespace) -> float:
    """Return how many times as fast a step of ours is, after making sure that both are the same step."""
    mixture, targets = _batch(ours.config, options)
    with torch.no_grad():
        apart = float((ours(mixture) - plain(mixture)).abs().max())
    exact = _gradients(deepcopy(plain).double(), mixture[:1].double(), targets[:1].double())
    turned, theirs = (
        max(float((a - b).norm() / b.norm()) for a, b in zip(_gradients(net, mixture[:1], targets[:1]), exact))
        for net in (ours, plain)
    )
    print(f"outputs differ by {apart:.1e}; gradients from float64's by {turned:.1e} of their norm ({theirs:.1e})")
    assert apart <= MAX_OUTPUT_DIFFERENCE, apart
    assert turned <= MAX_GRADIENT_DIFFERENCE, turned
    steps = [_stepping(net, mixture, targets) for net in (ours, plain)]
    return _compare(f"training step, batch {options.batch}", steps, options)


def _gradients(net: nn.Module, mixture: Tensor, targets: Tensor) -> list[Tensor]:
    """Return the gradient of each weight, in float64."""
    return [each.double() for each in torch.autograd.grad(F.mse_loss(net(mixture), targets), list(net.parameters()))]


def inference(ours: WaveUNet, plain: "Plain", options: argparse.Namespace) -> float:
    """Return how many times as fast a song is separated, after making sure that both separate it alike."""
    channels = ours.config.channels
    song = 0.1 * torch.randn(channels, int(options.seconds * 22_050))
    ways = [
        lambda: torch.cat([torch.from_numpy(tile) for tile in rendering.tiled(ours, [song.numpy()], channels)], dim=1),
        lambda: _published(plain, song, options.device),
    ]
    apart = float((ways[0]() - ways[1]()).abs().max())
    print(f"separated songs differ by {apart:.1e}")
    assert apart <= MAX_OUTPUT_DIFFERENCE, apart
    return _compare(f"separating {options.seconds:g} s", ways, options, seconds=options.seconds)


def throughput(ours: WaveUNet, options: argparse.Namespace) -> None:
    """Print steps a second and memory on a GPU, in float32 and bf16."""
    mixture, targets = _batch(ours.config, options)
    for name, cast in (("float32", nullcontext()), ("bf16", torch.autocast("cuda", torch.bfloat16))):
        torch.cuda.reset_peak_memory_stats()
        with cast:
            seconds = min(_timed(_stepping(ours, mixture, targets))[0] for _ in range(options.repeats + 2))
        memory = torch.cuda.max_memory_allocated() / 2**30
        print(f"{name}: {1 / seconds:.1f} steps/s, {memory:.1f} GiB")


class Plain(nn.Module):
    """The published network, every map whole, as one would write it from the paper; weights as in `WaveUNet`."""

    def __init__(self, config: WaveUNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.filters * (level + 1) for level in range(config.levels + 1)]
        ins = [config.channels, *widths]
        convs = [nn.Conv1d(i, o, config.kernel_down) for i, o in zip(ins, widths)]
        self.down, self.bottleneck = nn.ModuleList(convs[:-1]), convs[-1]
        pairs = list(zip(widths[-2::-1], widths[:0:-1]))
        self.up = nn.ModuleList(nn.Conv1d(s + b, s, config.kernel_up) for s, b in pairs)
        self.upsample = nn.ModuleList(PlainUpsample(b, config) for _, b in pairs)
        predicted = len(config.sources) - config.difference
        self.output = nn.Conv1d(config.filters + config.channels, predicted * config.channels, 1)

    def forward(self, mixture: Tensor) -> Tensor:
        """Return the sources. Shape: (batch, channels, input) to (batch, sources, channels, output)."""
        x, skips = mixture, []
        for conv in self.down:
            x = F.leaky_relu(conv(x), 0.2)
            skips.append(x)
            x = x[:, :, ::2]
        x = F.leaky_relu(self.bottleneck(x), 0.2)
        for upsample, conv in zip(self.upsample, self.up):
            x = upsample(x)
            x = F.leaky_relu(conv(torch.cat([centre(skips.pop(), x.shape[-1]), x], 1)), 0.2)
        middle = centre(mixture, x.shape[-1])
        y = torch.tanh(self.output(torch.cat([x, middle], 1)))
        y = y.reshape(len(y), -1, *middle.shape[1:])
        return torch.cat([y, (middle - y.sum(1)).unsqueeze(1)], 1)


class PlainUpsample(nn.Module):
    """Linear or learned interpolation, n to 2n - 1."""

    def __init__(self, channels: int, config: WaveUNetConfig) -> None:
        super().__init__()
        self.v = nn.Parameter(torch.zeros(channels, 1)) if config.upsampling == "learned" else None

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, channels, n) as (batch, channels, 2n - 1)."""
        if self.v is None:
            return F.interpolate(x, 2 * x.shape[-1] - 1, mode="linear", align_corners=True)
        weight = torch.sigmoid(self.v)
        between = weight * x[..., :-1] + (1 - weight) * x[..., 1:]
        return torch.cat([torch.stack([x[..., :-1], between], -1).flatten(-2), x[..., -1:]], -1)


def _published(plain: Plain, song: Tensor, device: str) -> Tensor:
    window = plain.config.window(PUBLISHED_HOP)
    padded = F.pad(song, (window.margin, window.input))
    with torch.inference_mode():
        tiles = [
            plain(padded[None, :, at : at + window.input].to(device))[0, -1, :, :PUBLISHED_HOP].cpu()
            for at in range(0, song.shape[1], PUBLISHED_HOP)
        ]
    return torch.cat(tiles, dim=1)[:, : song.shape[1]]


def _batch(config: WaveUNetConfig, options: argparse.Namespace) -> tuple[Tensor, Tensor]:
    window = config.window(PUBLISHED_HOP)
    mixture = 0.1 * torch.randn(options.batch, config.channels, window.input)
    targets = 0.1 * torch.randn(options.batch, len(config.sources), config.channels, window.output)
    return mixture.to(options.device), targets.to(options.device)


def _stepping(net: nn.Module, mixture: Tensor, targets: Tensor) -> Callable[[], None]:
    optimiser = torch.optim.Adam(net.parameters(), 1e-6)

    def step() -> None:
        optimiser.zero_grad()
        F.mse_loss(net(mixture), targets).backward()
        optimiser.step()
        if mixture.is_cuda:
            torch.cuda.synchronize()

    return step


def _compare(
    what: str, ways: list[Callable[[], object]], options: argparse.Namespace, *, seconds: float | None = None
) -> float:
    times = list(_in_turn(ways, options.repeats))
    wall, cpu = ([min(each[way][of] for each in times) for way in (0, 1)] for of in (0, 1))
    real = f", {wall[0] / seconds:.3f} and {wall[1] / seconds:.3f} of real time" if seconds else ""
    print(
        f"{what}: {wall[0]:.2f} s beside {wall[1]:.2f} s, {wall[1] / wall[0]:.2f} times as fast{real}"
        f" (CPU time {cpu[0]:.2f} s beside {cpu[1]:.2f} s, {cpu[1] / cpu[0]:.2f} times)"
    )
    return wall[1] / wall[0]


def _in_turn(ways: list[Callable[[], object]], repeats: int) -> Iterator[list[tuple[float, float]]]:
    for way in ways:
        way()
    for _ in range(repeats):
        yield [_timed(way) for way in ways]


def _timed(way: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of wall clock and of all cores."""
    wall, cpu = time.perf_counter(), time.process_time()
    way()
    return time.perf_counter() - wall, time.process_time() - cpu


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", default="M4", choices=("M4", "M5"))
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the song that is separated")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
