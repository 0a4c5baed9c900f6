"""Use a separator: any length in flat memory, any rate, any channels; vocals and accompaniment sum to the mixture.

A network that halves its rate L times is equivariant to shifts by 2^L frames and no others. So tiles advance by a
multiple of 2^L and see the real context on both sides: their outputs side by side are the output of one endless window,
without seams, and the size of a tile is a matter of speed and memory only.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soxr
import torch

from lossmodel.errors import BadInput
from lossmodel.files import atomic_file, write_json
from lossmodel.progress import Report, silent
from separation import store
from separation.data.stems import unheard
from separation.inference.choice import FIRST_CHOICE, Choice
from separation.inference.streams import Format, Samples, Sink, Source, cut_off_seconds, expanded
from separation.interruptions import explained
from separation.networks.config import WaveUNetConfig
from separation.networks.waveunet import WaveUNet, vocals
from separation.store import Checkpoint

STEM_FILE_SUFFIX = ".stem.mp4"

TILE_FRAMES = 1 << 17
"""Frames that a tile advances (at least one grid step): 6 s at 22.05 kHz."""

MEMORY_ADVICE = "close other programs; only the network and some seconds of sound need memory, however long the song"


@dataclass(frozen=True)
class Tiling:
    """A tile's input length, its advance, the context before it and what its output has too much in front."""

    input: int
    hop: int
    margin: int
    surplus: int


def tiling(config: WaveUNetConfig, frames: int = TILE_FRAMES) -> Tiling:
    """Return tiles that advance by about `frames` frames on the network's grid."""
    hop = max(1, frames // config.stride) * config.stride
    if config.context:
        window = config.window(hop)
        return Tiling(window.input, hop, window.margin, 0)
    margin = -(-config.margin // config.stride) * config.stride  # padding is wrong within the margin: discard it
    return Tiling(hop + 2 * margin, hop, margin, margin)


def separate(
    checkpoint: Path,
    files: Sequence[Path],
    output: Path,
    *,
    kind: Format = "wav",
    high_band: bool = False,
    device: str = "cpu",
    seed: int | None = None,
    mode: str | None = None,
    report: Report = silent,
    remark: Callable[[str], None] = unheard,
) -> list[Path]:
    """Separate `files` and return what was written: `<name>.vocals.<kind>` and `<name>.accompaniment.<kind>`.

    A `<name>.json` beside them says which checkpoint did it and its bandwidth. The vocals hold nothing above it and the
    accompaniment keeps the mixture's, or with `high_band` the other way round; their sum is the mixture. Each file is
    whole or absent. `seed` is that of the noise beside the mixture, `mode` the one of several answers that is wanted.
    `remark` is told of a file that is cut off: what there is of it is separated. `BadInput` names a file that cannot be
    read, or written, a seed without noise and a mode that the separator does not have.
    """
    if output.exists() and not output.is_dir():
        raise BadInput(f"{output}: is a file; give a folder for the separated files")
    loaded = store.load_separator(checkpoint, device=device)
    choice = Choice.of(loaded, seed=seed, mode=mode)
    files = expanded(files)
    lengths = [Source.length(path) for path in files]
    done, written = 0, []
    with explained(output, MEMORY_ADVICE):
        for path, name, length in zip(files, _names(files), lengths):
            progress = partial(_report_frames, report, done, sum(lengths))
            targets = [output / f"{name}.{source}.{kind}" for source in ("vocals", "accompaniment")]
            written += _separate_file(loaded, path, targets, high_band=high_band, choice=choice, report=progress)
            if cut_off := cut_off_seconds(path):
                remark(f"{path}: cut off, {cut_off:.2f} s less than its header says; copy it again")
            done += length
    return written


def _report_frames(report: Report, before: int, frames: int, done: int) -> None:
    report(before + done, frames)


def _separate_file(
    loaded: Checkpoint,
    path: Path,
    targets: Sequence[Path],
    *,
    high_band: bool,
    choice: Choice,
    report: Callable[[int], None],
) -> list[Path]:
    with ExitStack() as stack:
        source, again = Source(path, stack), Source(path, stack)
        parts = [stack.enter_context(atomic_file(target)) for target in targets]
        kind: Format = "flac" if targets[0].suffix == ".flac" else "wav"
        vocals_to, rest_to = (Sink(part, target, source, kind, stack) for part, target in zip(parts, targets))
        done = 0
        shape = (source.rate, source.channels, source.frames)
        for found in vocals_of(loaded, source.blocks(), *shape, choice=choice, beside=high_band):
            mixture = again.read(found.shape[1])
            voice, low = found[: source.channels], found[source.channels :]
            voice = vocals_to.fitted(voice + (mixture - low) if high_band else voice)
            vocals_to.write(voice)
            rest_to.write(mixture - voice)
            done += found.shape[1]
            report(done)
    facts = {
        "mixture": str(path),
        "rate": source.rate,
        "checkpoint": loaded.fingerprint,
        "recipe": loaded.recipe.name,
        "bandwidth_hz": min(loaded.recipe.rate, source.rate) / 2,
        "above_it": "vocals" if high_band else "accompaniment",
        "cut_off_seconds": round(cut_off_seconds(path), 3),
    } | choice.facts(loaded)
    write_json(targets[0].with_name(targets[0].name.removesuffix(f".vocals.{kind}") + ".json"), facts)
    return list(targets)


def _names(files: Sequence[Path]) -> list[str]:
    """Return a name for each file's results: its own, or its folder's where several files are called the same."""
    for names in ([_name(path) for path in files], [path.resolve().parent.name for path in files]):
        if len(set(names)) == len(names):
            return names
    raise BadInput("several files have the same name and folder name; separate them into different output folders")


def _name(path: Path) -> str:
    """Return a file's name without what tells its format, for which a stem file has two suffixes."""
    stem_file = path.name.lower().endswith(STEM_FILE_SUFFIX)
    return path.name[: -len(STEM_FILE_SUFFIX)] if stem_file else path.stem


def vocals_of(
    loaded: Checkpoint,
    blocks: Iterable[Samples],
    rate: int,
    channels: int,
    frames: int,
    *,
    choice: Choice = FIRST_CHOICE,
    beside: bool = False,
) -> Iterator[Samples]:
    """Yield the vocals of a mixture that comes in blocks, `frames` frames in all, at the mixture's rate.

    With `beside` the mixture, as far as the separator's rate can carry it, comes in further rows.
    """
    own = loaded.recipe.rate
    rows = channels * (1 + beside)
    inward = _resampled(blocks, rate, own, channels)
    outward = _resampled(tiled(loaded.network, inward, channels, choice=choice, beside=beside), own, rate, rows)
    left = frames
    for block in outward:
        if left and block.shape[1]:
            yield block[:, :left]
        left -= min(left, block.shape[1])
    if left:
        yield np.zeros((rows, left), dtype=np.float32)


def tiled(
    network: WaveUNet,
    blocks: Iterable[Samples],
    channels: int,
    frames: int = TILE_FRAMES,
    *,
    choice: Choice = FIRST_CHOICE,
    beside: bool = False,
) -> Iterator[Samples]:
    """Yield the vocals tile by tile, as many frames as came in; with `beside` the mixture in further rows."""
    tiles = tiling(network.config, frames)
    draw, noise = np.random.default_rng(choice.seed), network.config.noise
    buffer = np.zeros((channels + noise, tiles.margin), dtype=np.float32)
    left = 0
    for block in blocks:
        noisy = draw.standard_normal((block.shape[1], noise), dtype=np.float32).T  # by frame: blocks change nothing
        buffer = np.concatenate([buffer, np.concatenate([block, noisy])], axis=1)
        left += block.shape[1]
        while buffer.shape[1] >= tiles.input:
            yield _tile(network, buffer[:, : tiles.input], tiles, choice.answer, beside=beside)
            buffer, left = buffer[:, tiles.hop :], left - tiles.hop
    while left > 0:
        missing = max(0, tiles.input - buffer.shape[1])
        buffer = np.pad(buffer, ((0, 0), (0, missing)))
        yield _tile(network, buffer[:, : tiles.input], tiles, choice.answer, beside=beside)[:, :left]
        buffer, left = buffer[:, tiles.hop :], left - tiles.hop


def _tile(network: WaveUNet, mixture: Samples, tiles: Tiling, answer: int, *, beside: bool) -> Samples:
    """Return a tile's vocals. A network for another number of channels hears each channel by itself."""
    config = network.config
    device = next(network.parameters()).device
    heard = torch.from_numpy(np.ascontiguousarray(mixture)).to(device)
    x, noise = heard[: len(heard) - config.noise], heard[len(heard) - config.noise :]
    alike = config.channels == len(x)
    x = x.unsqueeze(0) if alike else x.unsqueeze(1).expand(-1, config.channels, -1)  # (batch, channels, input)
    x = torch.cat([x, noise.expand(len(x), -1, -1)], dim=1)
    with torch.inference_mode():
        sources = network(x)
        one = sources[:, answer] if config.modes else sources
        y = vocals(one, config.sources)[..., tiles.surplus : tiles.surplus + tiles.hop]
    voice: Samples = (y[0] if alike else y.mean(1)).cpu().numpy()
    middle = mixture[: len(voice), tiles.margin : tiles.margin + tiles.hop]
    return np.concatenate([voice, middle]) if beside else voice


def _resampled(blocks: Iterable[Samples], source: int, target: int, channels: int) -> Iterator[Samples]:
    if source == target:
        yield from blocks
        return
    converter = soxr.ResampleStream(source, target, channels, dtype="float32", quality="VHQ")
    for block in blocks:
        yield converter.resample_chunk(np.ascontiguousarray(block.T)).T
    yield converter.resample_chunk(np.zeros((0, channels), dtype=np.float32), last=True).T
