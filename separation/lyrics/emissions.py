"""What a network reads in a recording: the probability of each symbol at each frame, window by window, as if in one.

A network that halves its rate L times is equivariant to shifts by 2^L samples and no others. Windows advance by a
multiple of that, which is a whole number of frames too: 220 of the published window's 221, 225,280 samples. So there is
no drift and no seam: the windows' frames are those of one endless window.
"""

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent
from separation.lyrics.frames import Frames, frames
from separation.lyrics.viterbi import LOWEST_PROBABILITY, Emissions
from separation.networks.lyrics import LyricsWaveUNet
from separation.store import Checkpoint

SILENT_DB = -60.0
"""Frames at either end of a recording that are so much quieter than its loudest hold no words."""


def emissions(loaded: Checkpoint, recording: Audio, *, report: Report = silent) -> Emissions:
    """Return the log probabilities of a recording at the network's rate and channels; frame t is centred on t frames.

    Silence before and after is read as blank. Shape: (samples // spacing + 1, classes).
    """
    window = window_of(loaded)
    hop = window.count >> loaded.recipe.lyrics.blocks << loaded.recipe.lyrics.blocks
    count = recording.frames // window.spacing + 1
    network = cast("LyricsWaveUNet", loaded.network)
    device = next(network.parameters()).device
    found = []
    for first in range(0, count, hop):
        heard = _excerpt(recording.samples, first * window.spacing - window.offset, window.input)
        with torch.inference_mode():
            here = network.log_probabilities(torch.from_numpy(heard[None]).to(device))[0]
        found.append(here[: min(hop, count - first)].cpu().numpy())
        report(min(first + hop, count), count)
    return _without_silent_ends(np.concatenate(found), recording, window.spacing)


def window_of(loaded: Checkpoint) -> Frames:
    """Return the network's window; `BadInput` for a checkpoint that reads no lyrics."""
    recipe = loaded.recipe
    if not recipe.lyrics.weight:
        raise BadInput(f"recipe {recipe.name} reads no lyrics; give a checkpoint trained by lyrics or lyrics-multitask")
    return frames(recipe.network, recipe.lyrics.blocks, recipe.window.input)


def frame_levels(samples: NDArray[np.float32], spacing: int, count: int) -> NDArray[np.float64]:
    """Return the level of a signal around each frame in dB below its loudest frame: (channels, samples) to (count,)."""
    mono = np.square(samples).mean(axis=0)
    padded = np.pad(mono, (spacing // 2, max(0, count * spacing - spacing // 2 - len(mono))))
    power = padded[: count * spacing].reshape(count, spacing).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12) / max(1e-12, power.max())))


def _without_silent_ends(found: Emissions, recording: Audio, spacing: int) -> Emissions:
    (heard,) = np.nonzero(frame_levels(recording.samples, spacing, len(found)) > SILENT_DB)
    if not heard.size:
        return found
    for ends in (slice(0, heard[0]), slice(heard[-1] + 1, None)):
        found[ends] = np.log(LOWEST_PROBABILITY)
        found[ends, -1] = 0.0
    return found


def _excerpt(samples: NDArray[np.float32], start: int, length: int) -> NDArray[np.float32]:
    """Return samples from `start` on, zeros beyond the ends."""
    out = np.zeros((samples.shape[0], length), dtype=np.float32)
    first, last = max(0, start), min(samples.shape[1], start + length)
    if last > first:
        out[:, first - start : last - start] = samples[:, first:last]
    return out
