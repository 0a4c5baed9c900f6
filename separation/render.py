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
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from lossmodel.files import whole, write_json
from lossmodel.progress import Report, silent
from separation import store
from separation.networks.config import WaveUNetConfig
from separation.networks.waveunet import WaveUNet, vocals
from separation.store import Checkpoint

Samples = NDArray[np.float32]
Separator = Callable[[Audio], dict[str, Audio]]

TILE = 1 << 17
"""Frames that a tile advances (at least one grid step): 6 s at 22.05 kHz."""

BLOCK = 1 << 18
"""Frames that are read from a file at once."""


@dataclass(frozen=True)
class Tiling:
    """A tile's input length, its advance, the context before it and what its output has too much in front."""

    input: int
    hop: int
    margin: int
    surplus: int


def tiling(config: WaveUNetConfig, frames: int = TILE) -> Tiling:
    """Return tiles that advance by about `frames` frames on the network's grid."""
    hop = max(1, frames // config.stride) * config.stride
    if config.context:
        window = config.window(hop)
        return Tiling(window.input, hop, window.margin, 0)
    margin = -(-config.margin // config.stride) * config.stride  # padding is wrong within the margin: discard it
    return Tiling(hop + 2 * margin, hop, margin, margin)


def separator(checkpoint: Path | Checkpoint, *, device: str = "cpu") -> Separator:
    """Return a function from a mixture to its `vocals` and `accompaniment`, of the same rate, channels and length."""
    loaded = checkpoint if isinstance(checkpoint, Checkpoint) else store.load(checkpoint, device=device)

    def separate_whole(mixture: Audio) -> dict[str, Audio]:
        parts = list(_vocals(loaded, [mixture.samples], mixture.rate, mixture.channels, mixture.frames))
        voice = np.concatenate(parts, axis=1)
        return {"vocals": Audio(voice, mixture.rate), "accompaniment": Audio(mixture.samples - voice, mixture.rate)}

    return separate_whole


def separate(
    checkpoint: Path, files: Sequence[Path], output: Path, *, device: str = "cpu", report: Report = silent
) -> list[Path]:
    """Separate `files` and return what was written: `<name>.vocals.wav` and `<name>.accompaniment.wav`, 32-bit float.

    A `<name>.json` beside them says which checkpoint did it and its bandwidth: the vocals hold nothing above, the
    accompaniment keeps the mixture's. Each file is whole or absent. `BadInput` names a file that cannot be read.
    """
    loaded = store.load(checkpoint, device=device)
    lengths = [_Source.length(path) for path in files]
    done, written = 0, []
    for path, name, length in zip(files, _names(files), lengths):
        written += _separate_file(loaded, path, output, name, partial(_further, report, done, sum(lengths)))
        done += length
    return written


def _further(report: Report, before: int, frames: int, done: int) -> None:
    report(before + done, frames)


class _Source:
    """An audio file read in blocks; a file that cannot be (MP4) is decoded at once."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self.path = path
        if path.suffix.lower() in {".mp4", ".m4a"}:
            decoded = audio.read(path)
            self._samples, self._at = decoded.samples, 0
            self.rate, self.channels, self.frames = decoded.rate, decoded.channels, decoded.frames
            self._file = None
        else:
            self.rate, self.channels, self.frames = audio.info(path)
            self._file = stack.enter_context(soundfile.SoundFile(str(path)))

    @staticmethod
    def length(path: Path) -> int:
        """Return the frames of a file; `BadInput` when it is missing, empty or no audio."""
        if not path.is_file():
            raise BadInput(f"{path}: no such file")
        frames = audio.read(path).frames if path.suffix.lower() in {".mp4", ".m4a"} else audio.info(path)[2]
        if not frames:
            raise BadInput(f"{path}: empty audio file")
        return frames

    def read(self, frames: int) -> Samples:
        """Return the next `frames` frames (fewer at the end): (channels, frames)."""
        if self._file is None:
            block = self._samples[:, self._at : self._at + frames]
            self._at += frames
        else:
            block = self._file.read(frames, dtype="float32", always_2d=True).T
        if not np.isfinite(block).all():
            raise BadInput(f"{self.path}: holds NaN or infinite samples; render it again")
        return block

    def blocks(self) -> Iterator[Samples]:
        """Yield the whole file block by block."""
        while (block := self.read(BLOCK)).shape[1]:
            yield block


def _separate_file(
    loaded: Checkpoint, path: Path, output: Path, name: str, report: Callable[[int], None]
) -> list[Path]:
    targets = [output / f"{name}.vocals.wav", output / f"{name}.accompaniment.wav"]
    with ExitStack() as stack:
        source, again = _Source(path, stack), _Source(path, stack)
        parts = [stack.enter_context(whole(target)) for target in targets]
        sinks = [stack.enter_context(_sink(part, source)) for part in parts]
        done = 0
        for voice in _vocals(loaded, source.blocks(), source.rate, source.channels, source.frames):
            for sink, samples in zip(sinks, (voice, again.read(voice.shape[1]) - voice)):
                _put(sink, samples)
            done += voice.shape[1]
            report(done)
    facts = {"checkpoint": loaded.fingerprint, "recipe": loaded.recipe.name, "bandwidth_hz": loaded.recipe.rate / 2}
    write_json(output / f"{name}.json", {"mixture": str(path), "rate": source.rate, **facts})
    return targets


def _sink(path: Path, like: _Source) -> soundfile.SoundFile:
    return soundfile.SoundFile(str(path), "w", like.rate, like.channels, subtype="FLOAT", format="WAV")


def _put(sink: soundfile.SoundFile, samples: Samples) -> None:
    try:
        sink.write(samples.T)
    except soundfile.LibsndfileError as error:
        raise BadInput(f"{sink.name}: cannot be written ({error.error_string}); make room on the disc") from None


def _names(files: Sequence[Path]) -> list[str]:
    """Return a name for each file's results: its own, or its folder's where several files are called the same."""
    for names in ([path.stem for path in files], [path.resolve().parent.name for path in files]):
        if len(set(names)) == len(names):
            return names
    raise BadInput("several files have the same name and folder name; separate them into different output folders")


def _vocals(loaded: Checkpoint, blocks: Iterable[Samples], rate: int, channels: int, frames: int) -> Iterator[Samples]:
    """Yield the vocals of a mixture that comes in blocks, `frames` frames in all, at the mixture's rate."""
    own = loaded.recipe.rate
    inward = _resampled(blocks, rate, own, channels)
    outward = _resampled(_tiled(loaded.network, inward, channels), own, rate, channels)
    left = frames
    for block in outward:
        if left and block.shape[1]:
            yield block[:, :left]
        left -= min(left, block.shape[1])
    if left:
        yield np.zeros((channels, left), dtype=np.float32)


def _tiled(network: WaveUNet, blocks: Iterable[Samples], channels: int, frames: int = TILE) -> Iterator[Samples]:
    """Yield the vocals tile by tile, as many frames as came in."""
    tiles = tiling(network.config, frames)
    buffer = np.zeros((channels, tiles.margin), dtype=np.float32)
    left = 0
    for block in blocks:
        buffer = np.concatenate([buffer, block], axis=1)
        left += block.shape[1]
        while buffer.shape[1] >= tiles.input:
            yield _tile(network, buffer[:, : tiles.input], tiles)
            buffer, left = buffer[:, tiles.hop :], left - tiles.hop
    while left > 0:
        missing = max(0, tiles.input - buffer.shape[1])
        buffer = np.pad(buffer, ((0, 0), (0, missing)))
        yield _tile(network, buffer[:, : tiles.input], tiles)[:, :left]
        buffer, left = buffer[:, tiles.hop :], left - tiles.hop


def _tile(network: WaveUNet, mixture: Samples, tiles: Tiling) -> Samples:
    """Return a tile's vocals. A network for another number of channels hears each channel by itself."""
    config = network.config
    device = next(network.parameters()).device
    x = torch.from_numpy(np.ascontiguousarray(mixture)).to(device)
    alike = config.channels == len(x)
    x = x.unsqueeze(0) if alike else x.unsqueeze(1).expand(-1, config.channels, -1)  # (batch, channels, input)
    with torch.inference_mode():
        y = vocals(network(x), config.sources)[..., tiles.surplus : tiles.surplus + tiles.hop]
    return (y[0] if alike else y.mean(1)).cpu().numpy()


def _resampled(blocks: Iterable[Samples], source: int, target: int, channels: int) -> Iterator[Samples]:
    if source == target:
        yield from blocks
        return
    converter = soxr.ResampleStream(source, target, channels, dtype="float32", quality="VHQ")
    for block in blocks:
        yield converter.resample_chunk(np.ascontiguousarray(block.T)).T
    yield converter.resample_chunk(np.zeros((0, channels), dtype=np.float32), last=True).T
