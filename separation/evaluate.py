"""How well a separator does on songs whose vocals are known: per song and frame by frame, beside doing nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from lossmodel.metrics.aggregate import AGGREGATIONS, aggregate, missing, track_median
from lossmodel.metrics.bss_eval_images import bss_eval_images
from lossmodel.metrics.decibels import MAX_RATIO_DB
from lossmodel.metrics.ratios import si_sdr, snr
from lossmodel.progress import Report, silent
from separation import defects, store
from separation.apart import Apart, apart
from separation.data import stems
from separation.inference.separator import Separator

METRIC_CONVENTION = (
    "vocals; si_sdr and sdr: whole song at its own rate, channels as one vector, best reference; museval_*: BSS Eval"
    " v4, windows of 1 s, a song's value is the median of its windows, first reference, a window in which the estimate"
    " is silent and the sources are not has -100; damage_db and leak_db: power of what the vocals lost or gained and of"
    " the accompaniment in them, relative to the reference where it sounds; mean and median over songs, `missing`"
    " counts those without a value"
)
OnSong = Callable[[str, Mapping[str, Any], Mapping[str, Audio]], None]
"""Is told a song's name, its figures and its `vocals`, `reference` and `mixture`, which nobody keeps otherwise."""

SEGMENT_SECONDS = 10.0
"""An objective hears a song in pieces of so many seconds, those in which somebody sings."""


def evaluate(
    checkpoint: Path,
    data: Path,
    *,
    objective: Path | None = None,
    auditors: Sequence[Path] = (),
    device: str = "cpu",
    report: Report = silent,
    on_song: OnSong | None = None,
) -> dict[str, Any]:
    """Return SI-SDR, SDR (plain) and BSS Eval of each song under `data`, in dB, and predicted ratings (0 to 100).

    Ratings are those of `objective`, and of each of the `auditors`, which nobody trained against, as
    `<folder's name>:<attribute>`. `mixture_si_sdr` and `mixture_sdr` are what the mixture itself scores. Each song has
    `damage_db` and `leak_db`, `defects` (`vocals_bandwidth_hz` beside `reference_bandwidth_hz`, `pause_level_db`, and
    where the `worst_second`, the `most_damage` and the `most_leak` are), `windows` (a value a second) and `pieces`
    (ratings every ten seconds); `missing` counts the songs that the mean and median of a metric lack, and the windows
    without a value. `on_song` is told each song's figures and sounds. `BadInput` as for training data.
    """
    loaded = store.load_separator(checkpoint, device=device)
    judges = load_judges(objective, auditors)
    songs, windows, left_out = _measured(Separator(loaded), data, judges, report, on_song)
    numbers = {key: [song[key] for song in songs] for key, value in songs[0].items() if is_number(value)}
    return {
        "checkpoint": loaded.fingerprint,
        "bandwidth_hz": loaded.recipe.rate / 2,
        "convention": METRIC_CONVENTION,
        "songs": songs,
        "left_out": left_out,
        "mean": {key: _over_songs(np.mean, found) for key, found in numbers.items()},
        "median": {key: _over_songs(np.median, found) for key, found in numbers.items()},
        "museval_sdr": {how: _number(aggregate(windows, how)) for how in AGGREGATIONS},
        "missing": {
            "songs": {key: absent for key, found in numbers.items() if (absent := found.count(None))},
            "museval_windows": missing(windows).windows,
        },
    }


def _measured(
    separates: Separator, data: Path, judges: Mapping[str, Any], report: Report, on_song: OnSong | None
) -> tuple[list[dict[str, Any]], list[torch.Tensor], list[str]]:
    """Return each song's figures, its SDR a second, and why others are left out; `BadInput` where all are."""
    places, songs, windows, left_out = stems.find(data), [], [], []
    for number, place in enumerate(places, start=1):
        try:
            truth = Truth.read(place)
        except stems.SilentSong as reason:
            left_out.append(str(reason))
        else:
            estimate = separates(truth.mixture)["vocals"]
            values, sdr = song_figures(estimate, truth, judges)
            songs.append({"song": truth.name, **values})
            windows.append(sdr)
            if on_song:
                on_song(truth.name, values, {"vocals": estimate, **truth.sounds})
        report(number, len(places))
    if not songs:
        raise BadInput(left_out[0])
    return songs, windows, left_out


@dataclass(frozen=True)
class Truth:
    """What a song's separated vocals are measured against."""

    name: str
    references: Sequence[Audio]
    accompaniment: Audio
    mixture: Audio

    @classmethod
    def read(cls, place: Path) -> "Truth":
        """Return a song as it lies on the disk (see `separation.data.stems`)."""
        named, accompaniment = stems.read(place)
        references = list(named.values())
        mixture = Audio(accompaniment.samples + references[0].samples, accompaniment.rate)
        return cls(place.name.removesuffix(".stem.mp4"), references, accompaniment, mixture)

    @property
    def sounds(self) -> dict[str, Audio]:
        """Return what to hear beside the vocals."""
        return {"reference": self.references[0], "mixture": self.mixture}


def load_judges(objective: Path | None, auditors: Sequence[Path] = ()) -> dict[str, Any]:
    """Return loaded objectives by what their ratings' names begin with."""
    from lossmodel.objective import store as objectives

    folders = ({"": objective} if objective else {}) | {f"{folder.name}:": folder for folder in auditors}
    return {prefix: objectives.load(folder) for prefix, folder in folders.items()}


def song_figures(estimate: Audio, truth: Truth, judges: Mapping[str, Any]) -> tuple[dict[str, Any], torch.Tensor]:
    """Return what is found of a song's separated vocals (see `evaluate`), and its SDR in windows of a second."""
    references, mixture = truth.references, truth.mixture
    found: dict[str, Any] = {
        "si_sdr": _best(si_sdr, estimate, references),
        "sdr": _best(snr, estimate, references),
        "mixture_si_sdr": _best(si_sdr, mixture, references),
        "mixture_sdr": _best(snr, mixture, references),
    }
    windows = _windows(estimate, references[0], truth.accompaniment)
    found |= {f"museval_{name}": _number(track_median(values)) for name, values in windows.items()}
    split = apart(estimate, references[0], truth.accompaniment)
    found |= {"damage_db": split.total_damage, "leak_db": split.total_leak}
    found["defects"] = _defects(estimate, references[0], windows["sdr"].numpy(), split)
    pieces: list[dict[str, float]] = []
    for prefix, objective in judges.items():
        pieces = _merged_pieces(pieces, predicted_ratings(objective, estimate, references, mixture, prefix=prefix))
    found |= {
        name: float(np.mean([piece[name] for piece in pieces])) for name in (pieces or [{}])[0] if name != "start"
    }
    levels = {"damage": split.damage.tolist(), "leak": split.leak.tolist()}
    by_second: dict[str, list[float]] = {name: values.tolist() for name, values in windows.items()} | levels
    found["windows"] = {name: [_number(value) for value in values] for name, values in by_second.items()}
    return found | ({"pieces": pieces} if pieces else {}), windows["sdr"]


def _defects(vocals: Audio, reference: Audio, sdr: NDArray[np.float64], split: Apart) -> dict[str, Any]:
    kept, there = defects.bandwidth(vocals, reference)
    worst = defects.worst_second(sdr)
    damaged, leaking = (defects.worst_second(-level) for level in (split.damage, split.leak))
    return {
        "vocals_bandwidth_hz": kept,
        "reference_bandwidth_hz": there,
        "pause_level_db": defects.pause_level(vocals, reference),
        "worst_second": worst and {"start": worst.start, "museval_sdr": worst.value},
        "most_damage": damaged and {"start": damaged.start, "damage_db": -damaged.value},
        "most_leak": leaking and {"start": leaking.start, "leak_db": -leaking.value},
    }


def predicted_ratings(
    objective: Any, estimate: Audio, references: Sequence[Audio], mixture: Audio, *, prefix: str = ""
) -> list[dict[str, float]]:
    """Return the ratings (0 to 100) that an objective predicts of each sung piece, and its `start` in seconds."""
    heard = [_tensor(audio.resample(signal, objective.rate)) for signal in (estimate, *references, mixture)]
    size = round(SEGMENT_SECONDS * objective.rate)
    frames = heard[0].shape[-1]
    found = []
    for start in range(0, max(1, frames - size // 2), size):
        e, *r, m = (signal[..., start : start + size] for signal in heard)
        if r[0].abs().max() > audio.SILENT_PEAK_80_DBFS:
            with torch.inference_mode():
                opinions = objective(e, torch.stack(r, dim=1), m)
            ratings = {f"{prefix}{name}": float(opinion.mean) for name, opinion in opinions.items()}
            found.append({"start": start / objective.rate, **ratings})
    return found


def _merged_pieces(pieces: list[dict[str, float]], more: list[dict[str, float]]) -> list[dict[str, float]]:
    return [one | other for one, other in zip(pieces, more)] if pieces else more


def _windows(estimate: Audio, reference: Audio, accompaniment: Audio) -> dict[str, torch.Tensor]:
    """Return BSS Eval v4 of the vocals in windows of a second: NaN where a source is silent, -100 dB where we are."""
    signals = [_tensor(each).double() for each in (estimate, reference, accompaniment)]
    found = bss_eval_images(
        signals[0][:, None],
        torch.stack(signals[1:], dim=1),
        window=min(estimate.rate, estimate.frames),
        silent_estimate_db=-MAX_RATIO_DB,
    )
    return {name: getattr(found, name)[0, 0] for name in ("sdr", "isr", "sir", "sar")}


def is_number(value: Any) -> bool:
    """Tell whether a figure of a song is a number, or one that has no value."""
    return value is None or isinstance(value, float)


def _over_songs(how: Callable[[list[float]], Any], found: Sequence[float | None]) -> float | None:
    """Return a statistic of the values that there are; None where there is none."""
    there = [value for value in found if value is not None]
    return _number(how(there)) if there else None


def _number(value: Any) -> float | None:
    """Return a float for JSON, which knows no NaN."""
    return None if np.isnan(float(value)) else float(value)


def _best(metric: Any, estimate: Audio, references: Sequence[Audio]) -> float:
    return max(float(metric(_tensor(estimate), _tensor(reference))) for reference in references)


def _tensor(signal: Audio) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(signal.samples)).unsqueeze(0)
