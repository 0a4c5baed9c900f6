"""Ears whose weights the user has, read by the package `transformers`: Whisper, CLAP and MERT.

Nothing is ever fetched: a folder as `save_pretrained` or a download of the hub leaves it; of Whisper also a file of
openai-whisper (`base.pt`). How frames are taken follows what compared best without a fit: the first layers of Whisper
and MERT, the last of CLAP.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional as F

from lossmodel.errors import BadInput
from lossmodel.files import sha256
from lossmodel.objective.ears.mels import mel_power

NOT_INSTALLED: Final = "is read by the package transformers; pip install 'hearback[ears]' adds it"

FIRST_LAYERS = 3
"""Layers whose mean stands for a moment, the embedding of the input included."""

WHISPER_SECONDS, WHISPER_HOP = 30, 160
LOUDEST = 1e-10

OPENAI_NAMES: Final = {
    "blocks.": "layers.",
    ".attn.query.": ".self_attn.q_proj.",
    ".attn.key.": ".self_attn.k_proj.",
    ".attn.value.": ".self_attn.v_proj.",
    ".attn.out.": ".self_attn.out_proj.",
    ".attn_ln.": ".self_attn_layer_norm.",
    ".mlp.0.": ".fc1.",
    ".mlp.2.": ".fc2.",
    ".mlp_ln.": ".final_layer_norm.",
    "ln_post.": "layer_norm.",
    "positional_embedding": "embed_positions.weight",
}
"""What parts of an encoder are called by openai-whisper and by transformers."""


class Whisper:
    """What is said, and how: the mean of the first layers of Whisper's encoder, a frame every 20 ms."""

    name, rate = "whisper", 16_000

    def __init__(self, weights: Path) -> None:
        _require("whisper")
        self.weights = _hash(weights)
        from transformers import WhisperModel

        self._encoder = _still(_openai(weights) if weights.is_file() else _read(WhisperModel, weights).encoder)
        self._mels = self._encoder.config.num_mel_bins

    def embed(self, signal: Tensor) -> Tensor:
        """Return the frames, as `Ear.embed`; of an excerpt longer than 30 s only its beginning."""
        signal = signal[..., : WHISPER_SECONDS * self.rate]
        frames = signal.shape[-1] // (2 * WHISPER_HOP)
        level = (signal.square().mean(-1, keepdim=True) + LOUDEST).sqrt()
        padded = F.pad(signal / level * 0.1, (0, WHISPER_SECONDS * self.rate - signal.shape[-1]))
        power = mel_power(padded, rate=self.rate, window=400, hop=WHISPER_HOP, mels=self._mels)[:, :-1]
        log = power.clamp_min(LOUDEST).log10()
        log = (torch.maximum(log, log.amax((1, 2), keepdim=True) - 8) + 4) / 4
        return _first_layers(self._encoder.to(signal.device), log.transpose(1, 2))[:, :frames]


class Mert:
    """What is played and sung: the mean of MERT's first layers, a frame every 13 ms (Li et al. 2024)."""

    name, rate = "mert", 24_000

    def __init__(self, weights: Path) -> None:
        _require("mert")
        self.weights = _hash(weights)
        from transformers import HubertModel

        self._encoder = _still(_read(HubertModel, weights))
        config = self._encoder.config
        if any(getattr(config, name, False) for name in ("feature_extractor_cqt", "deepnorm")):
            raise BadInput(f"{weights}: a MERT with another front end or depth than HuBERT's; take MERT-v1-95M or -v0")

    def embed(self, signal: Tensor) -> Tensor:
        """Return the frames, as `Ear.embed`."""
        centred = signal - signal.mean(-1, keepdim=True)
        levelled = centred / (centred.square().mean(-1, keepdim=True) + LOUDEST).sqrt()
        return _first_layers(self._encoder.to(signal.device), levelled)


class Clap:
    """What kind of sound it is: CLAP's audio embedding of every two seconds (Wu et al. 2023)."""

    name, rate = "clap", 48_000

    def __init__(self, weights: Path) -> None:
        _require("clap")
        self.weights = _hash(weights)
        from transformers import ClapAudioModelWithProjection, ClapFeatureExtractor

        self._encoder = _still(_read(ClapAudioModelWithProjection, weights))
        self._given = ClapFeatureExtractor.from_pretrained(weights, local_files_only=True)

    def embed(self, signal: Tensor) -> Tensor:
        """Return the frames, as `Ear.embed`; each hears four seconds around its moment, repeated to fill ten."""
        size, hop = 4 * self.rate, 2 * self.rate
        signal = F.pad(signal, (0, max(0, size - signal.shape[-1])))
        parts = signal.unfold(-1, size, hop)  # (batch, parts, samples)
        wanted = self._given.nb_max_samples
        filled = parts.flatten(0, 1).repeat(1, -(-wanted // size))[:, :wanted]
        given = self._given
        mels = mel_power(
            0.1 * filled / (filled.square().mean(-1, keepdim=True) + LOUDEST).sqrt(),
            rate=self.rate, window=given.fft_window_size, hop=given.hop_length, mels=given.feature_size,
        )  # fmt: skip
        decibels = 10 * mels.clamp_min(LOUDEST).log10()[:, None]
        short = torch.zeros(len(decibels), 1, dtype=torch.bool, device=signal.device)
        found = self._encoder.to(signal.device)(input_features=decibels, is_longer=short).audio_embeds
        frames: Tensor = found.unflatten(0, parts.shape[:2])
        return frames


def _first_layers(encoder: Any, given: Tensor) -> Tensor:
    layers = encoder(given, output_hidden_states=True).hidden_states[:FIRST_LAYERS]
    return torch.stack(layers).mean(0)


def _require(name: str) -> None:
    if find_spec("transformers") is None:
        raise BadInput(f"ear {name!r} {NOT_INSTALLED}")


def _hash(weights: Path) -> str:
    """Return the hash of a file, or of the hashes of the weights in a folder."""
    files = sorted([*weights.glob("*.safetensors"), *weights.glob("*.bin")]) if weights.is_dir() else [weights]
    return hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()


def _read(kind: Any, folder: Path) -> Any:
    """Return a network from a folder; `BadInput` where it holds another, or a part of its weights is missing."""
    try:
        network, loaded = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise BadInput(f"{folder}: no weights of {kind.__name__} ({str(error).splitlines()[0]})") from None
    if missing := sorted(loaded["missing_keys"]):
        raise BadInput(f"{folder}: no weights of {kind.__name__} ({missing[0]} is missing)")
    return network


def _openai(path: Path) -> Any:
    """Return the encoder of a file of openai-whisper."""
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251 theirs; tensors alone are read
        size, weights = found["dims"], found["model_state_dict"]
        config = WhisperConfig(
            num_mel_bins=size["n_mels"], d_model=size["n_audio_state"], encoder_layers=size["n_audio_layer"],
            encoder_attention_heads=size["n_audio_head"], encoder_ffn_dim=4 * size["n_audio_state"],
            max_source_positions=size["n_audio_ctx"],
        )  # fmt: skip
        encoder = WhisperEncoder(config)
        own = {_renamed(key.removeprefix("encoder.")): w for key, w in weights.items() if key.startswith("encoder.")}
        encoder.load_state_dict(own)
    except (OSError, KeyError, TypeError, RuntimeError) as error:
        raise BadInput(f"{path}: not a file of openai-whisper ({str(error).splitlines()[0]})") from None
    return encoder


def _renamed(name: str) -> str:
    for theirs, ours in OPENAI_NAMES.items():
        name = name.replace(theirs, ours)
    return name


def _still(network: Any) -> Any:
    return network.eval().requires_grad_(requires_grad=False)
