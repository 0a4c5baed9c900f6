"""A trained separator in Python: loaded once, then a function from a mixture to what it is made of."""

from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from separation import store
from separation.inference.choice import Choice
from separation.inference.separate import vocals_of
from separation.store import Checkpoint

SOURCES = ("vocals", "accompaniment")


class Separator:
    """Takes mixtures apart into vocals and accompaniment, which sum to the mixture; any rate, length and channels.

    `rate` and `bandwidth_hz`: above half of the network's rate, everything is accompaniment. `card` says what it was
    trained on.
    """

    def __init__(
        self,
        checkpoint: str | PathLike[str] | Checkpoint,
        *,
        device: str = "cpu",
        seed: int | None = None,
        mode: str | None = None,
    ) -> None:
        """Load a checkpoint, or the best (else last) one of a training's folder, onto cpu, cuda or cuda:<number>.

        `seed` is that of the noise beside the mixture, for networks that have one; `mode` is the answer that is wanted
        of a network that has several, else its first. `BadInput` names what does not fit.
        """
        if not isinstance(checkpoint, Checkpoint):
            checkpoint = store.load_separator(Path(checkpoint), device=device)
        self._loaded = checkpoint
        self._choice = Choice.of(self._loaded, seed=seed, mode=mode)
        self.rate = self._loaded.recipe.rate
        self.bandwidth_hz = self.rate / 2
        self.card = self._loaded.card

    def __call__(self, mixture: Audio) -> dict[str, Audio]:
        """Return `vocals` and `accompaniment`, of the mixture's rate, channels and length."""
        shape = (mixture.rate, mixture.channels, mixture.frames)
        parts = list(vocals_of(self._loaded, [mixture.samples], *shape, choice=self._choice))
        voice = np.concatenate(parts, axis=1)
        return {"vocals": Audio(voice, mixture.rate), "accompaniment": Audio(mixture.samples - voice, mixture.rate)}

    def separate_array(self, samples: NDArray[np.floating], rate: int) -> dict[str, NDArray[np.float32]]:
        """Return `vocals` and `accompaniment` of samples at `rate` Hz, in their shape.

        Shape: (frames,) or (channels, frames), in [-1, 1]. `BadInput` for another shape, no frames, NaN or infinity.
        """
        signal = np.asarray(samples, dtype=np.float32)
        if signal.ndim not in {1, 2} or not signal.size or len(np.atleast_2d(signal)) > signal.shape[-1]:
            raise BadInput(f"samples of shape {signal.shape}: give (frames,) or (channels, frames)")
        if not np.isfinite(signal).all():
            raise BadInput("samples: have NaN or infinite values")
        found = self(Audio(np.atleast_2d(signal), rate))
        return {name: part.samples.reshape(signal.shape) for name, part in found.items()}

    def separate_file(self, path: str | PathLike[str]) -> dict[str, Audio]:
        """Return `vocals` and `accompaniment` of an audio file, held in memory; `BadInput` for one that is no audio."""
        return self(audio.read(Path(path)))
