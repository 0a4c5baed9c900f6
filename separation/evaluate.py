"""How well a separator does on songs whose vocals are known: per song and frame by frame, beside doing nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.metrics.aggregate import AGGREGATIONS, aggregate, track_median
from lossmodel.metrics.bss_eval_images import bss_eval_images
from lossmodel.metrics.ratios import si_sdr, snr
from lossmodel.progress import Report, silent
from separation import store
from separation.data import stems
from separation.render import Separator, separator

CONVENTION = (
    "vocals; si_sdr and sdr: whole song at its own rate, channels as one vector, best reference; museval_*: BSS Eval"
    " v4, windows of 1 s, a song's value is the median of its windows, first reference; mean and median over songs"
)
SEGMENT = 10.0
"""An objective hears a song in pieces of so many seconds, those in which somebody sings."""


def evaluate(
    checkpoint: Path,
    data: Path,
    *,
    objective: Path | None = None,
    auditors: Sequence[Path] = (),
    device: str = "cpu",
    report: Report = silent,
) -> dict[str, Any]:
    """Return SI-SDR, SDR (plain) and BSS Eval of each song under `data`, in dB, and predicted ratings (0 to 100).

    Ratings are those of `objective`, and of each of the `auditors`, which nobody trained against, as
    `<folder's name>:<attribute>`. `mixture_si_sdr` and `mixture_sdr` are what the mixture itself scores. Each song has
    `windows` (a value a second) and `pieces` (ratings every ten seconds). `BadInput` as for training data.
    """
    loaded = store.load(checkpoint, device=device)
    separates = separator(loaded)
    judges = {prefix: _loaded(folder) for prefix, folder in _named(objective, auditors).items()}
    places = stems.find(data)
    songs, windows = [], []
    for number, place in enumerate(places, start=1):
        values, sdr = _song(separates, place, judges)
        songs.append({"song": place.name.removesuffix(".stem.mp4"), **values})
        windows.append(sdr)
        report(number, len(places))
    numbers = {key: [song[key] for song in songs] for key, value in songs[0].items() if _is_number(value)}
    return {
        "checkpoint": loaded.fingerprint,
        "bandwidth_hz": loaded.recipe.rate / 2,
        "convention": CONVENTION,
        "songs": songs,
        "mean": {key: _number(np.nanmean(np.array(found, float))) for key, found in numbers.items()},
        "median": {key: _number(np.nanmedian(np.array(found, float))) for key, found in numbers.items()},
        "museval_sdr": {how: _number(aggregate(windows, how)) for how in AGGREGATIONS},
    }


def _named(objective: Path | None, auditors: Sequence[Path]) -> dict[str, Path]:
    return ({"": objective} if objective else {}) | {f"{folder.name}:": folder for folder in auditors}


def _loaded(folder: Path) -> Any:
    from lossmodel.objective import store as objectives

    return objectives.load(folder)


def _song(separates: Separator, place: Path, judges: Mapping[str, Any]) -> tuple[dict[str, Any], torch.Tensor]:
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
    windows = _windows(estimate, references[0], accompaniment)
    found |= {f"museval_{name}": _number(track_median(values)) for name, values in windows.items()}
    pieces: list[dict[str, float]] = []
    for prefix, objective in judges.items():
        pieces = _beside(pieces, rated(objective, estimate, references, mixture, prefix=prefix))
    found |= {
        name: float(np.mean([piece[name] for piece in pieces])) for name in (pieces or [{}])[0] if name != "start"
    }
    found["windows"] = {name: [_number(value) for value in values] for name, values in windows.items()}
    return found | ({"pieces": pieces} if pieces else {}), windows["sdr"]


def rated(
    objective: Any, estimate: Audio, references: Sequence[Audio], mixture: Audio, *, prefix: str = ""
) -> list[dict[str, float]]:
    """Return the ratings (0 to 100) that an objective predicts of each sung piece, and its `start` in seconds."""
    heard = [_tensor(audio.resample(signal, objective.rate)) for signal in (estimate, *references, mixture)]
    size = round(SEGMENT * objective.rate)
    frames = heard[0].shape[-1]
    found = []
    for start in range(0, max(1, frames - size // 2), size):
        e, *r, m = (signal[..., start : start + size] for signal in heard)
        if r[0].abs().max() > audio.SILENCE:
            with torch.inference_mode():
                opinions = objective(e, torch.stack(r, dim=1), m)
            ratings = {f"{prefix}{name}": float(opinion.mean) for name, opinion in opinions.items()}
            found.append({"start": start / objective.rate, **ratings})
    return found


def _beside(pieces: list[dict[str, float]], more: list[dict[str, float]]) -> list[dict[str, float]]:
    return [one | other for one, other in zip(pieces, more)] if pieces else more


def _windows(estimate: Audio, reference: Audio, accompaniment: Audio) -> dict[str, torch.Tensor]:
    """Return BSS Eval v4 of the vocals in windows of a second, NaN where one side is silent."""
    signals = [_tensor(each).double() for each in (estimate, reference, accompaniment)]
    found = bss_eval_images(
        signals[0][:, None], torch.stack(signals[1:], dim=1), window=min(estimate.rate, estimate.frames)
    )
    return {name: getattr(found, name)[0, 0] for name in ("sdr", "isr", "sir", "sar")}


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, float)


def _number(value: Any) -> float | None:
    """Return a float for JSON, which knows no NaN."""
    return None if np.isnan(float(value)) else float(value)


def _best(metric: Any, estimate: Audio, references: Sequence[Audio]) -> float:
    return max(float(metric(_tensor(estimate), _tensor(reference))) for reference in references)


def _tensor(signal: Audio) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(signal.samples)).unsqueeze(0)
