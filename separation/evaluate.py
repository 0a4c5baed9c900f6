"""How well a separator does on songs whose vocals are known: per song, beside doing nothing, the convention named."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.metrics.ratios import si_sdr, snr
from lossmodel.progress import Report, silent
from separation import store
from separation.data import stems
from separation.render import Separator, separator

CONVENTION = "vocals; whole song at its own rate, channels as one vector, best reference; mean and median over songs"
SEGMENT = 10.0
"""An objective hears a song in pieces of so many seconds, those in which somebody sings."""


def evaluate(
    checkpoint: Path, data: Path, *, objective: Path | None = None, device: str = "cpu", report: Report = silent
) -> dict[str, Any]:
    """Return SI-SDR and SDR (plain, dB) of each song under `data`, with an objective its predicted ratings too.

    `mixture_si_sdr` and `mixture_sdr` are what the mixture itself scores. `BadInput` as for training data.
    """
    loaded = store.load(checkpoint, device=device)
    separates = separator(loaded)
    judge = _objective(objective)
    places = stems.find(data)
    songs = []
    for number, place in enumerate(places, start=1):
        songs.append({"song": place.name.removesuffix(".stem.mp4"), **_song(separates, place, judge)})
        report(number, len(places))
    values = {key: [float(song[key]) for song in songs] for key in songs[0] if key != "song"}
    return {
        "checkpoint": loaded.fingerprint,
        "bandwidth_hz": loaded.recipe.rate / 2,
        "convention": CONVENTION,
        "songs": songs,
        "mean": {key: float(np.mean(found)) for key, found in values.items()},
        "median": {key: float(np.median(found)) for key, found in values.items()},
    }


def _song(separates: Separator, place: Path, objective: Any) -> dict[str, Any]:
    named, accompaniment = stems.read(place)
    references = list(named.values())
    mixture = Audio(accompaniment.samples + references[0].samples, accompaniment.rate)
    estimate = separates(mixture)["vocals"]
    found: dict[str, Any] = {
        "si_sdr": _best(si_sdr, estimate, references),
        "sdr": _best(snr, estimate, references),
        "mixture_si_sdr": _best(si_sdr, mixture, references),
        "mixture_sdr": _best(snr, mixture, references),
    }
    return found | (ratings(objective, estimate, references, mixture) if objective else {})


def ratings(objective: Any, estimate: Audio, references: Sequence[Audio], mixture: Audio) -> dict[str, float]:
    """Return the ratings (0 to 100) that an objective predicts, the mean over the song's sung pieces."""
    heard = [_tensor(audio.resample(signal, objective.rate)) for signal in (estimate, *references, mixture)]
    size = round(SEGMENT * objective.rate)
    frames = heard[0].shape[-1]
    starts = range(0, max(1, frames - size // 2), size)
    pieces = [[signal[..., start : start + size] for signal in heard] for start in starts]
    sung = [piece for piece in pieces if piece[1].abs().max() > audio.SILENCE]
    with torch.inference_mode():
        found = [objective(e, torch.stack(r, dim=1), m) for e, *r, m in sung]
    return {name: float(np.mean([float(piece[name].mean) for piece in found])) for name in found[0]}


def _objective(folder: Path | None) -> Any:
    from lossmodel.objective import store as objectives

    return objectives.load(folder) if folder else None


def _best(metric: Any, estimate: Audio, references: Sequence[Audio]) -> float:
    return max(float(metric(_tensor(estimate), _tensor(reference))) for reference in references)


def _tensor(signal: Audio) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(signal.samples)).unsqueeze(0)
