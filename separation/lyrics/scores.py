"""How far aligned words are from where they are sung, song by song and in all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lossmodel.errors import BadInput

Onsets = NDArray[np.float64]

TOLERANCES_SECONDS = {
    "correct_01": 0.1, "correct_02": 0.2, "correct_03": 0.3, "correct_05": 0.5, "correct_10": 1.0,
}  # fmt: skip
LOST_SECONDS = 1.0
"""A word further off than this is lost to whoever reads along."""

KARAOKE_SHAPE, KARAOKE_LOCATION, KARAOKE_SCALE, KARAOKE_PEAK = 1.12244251, -0.22270315, 0.29779424, 1.6857
"""The skewed normal density that listeners' verdicts on shifted lyrics follow, in seconds, and its highest value
(Lizé Masclef, Vaglio, Moussallam, ISMIR 2021)."""


@dataclass(frozen=True)
class SongScores:
    """What is told of one song. Errors in seconds, lower is better; shares from 0 to 1, higher is better."""

    mean_error: float
    median_error: float
    correct_01: float
    """Share of words at most 0.1 s off (PCO@0.1), and so on."""
    correct_02: float
    correct_03: float
    correct_05: float
    correct_10: float
    segments: float
    """Share of the time from the first to the last onset during which the right word is shown (MIREX 2020)."""
    segments_of_song: float
    """The same of the whole song, silence before and after included (Fujihara 2011); NaN if nobody knows how long."""
    karaoke: float
    """Mean verdict of listeners who read along; 0.96 for exact times, for they prefer words a little early."""
    lost: float
    """Share of words more than 1 s off; lower is better."""
    words: int


def song_scores(reference: Onsets, predicted: Onsets, duration: float = float("nan")) -> SongScores:
    """Return how well `predicted` onsets meet the annotated ones, both in seconds, word for word.

    Shape: (words,) both.

    >>> song_scores(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.25, 3.0])).correct_02
    0.6666666666666666
    """
    deviation = predicted - reference
    error = np.abs(deviation)
    shares: Any = {name: float((error <= tolerance).mean()) for name, tolerance in TOLERANCES_SECONDS.items()}
    return SongScores(
        mean_error=float(error.mean()),
        median_error=float(np.median(error)),
        **shares,
        segments=_shown_right(reference, predicted, reference[-1] - reference[0]),
        segments_of_song=_shown_right(
            np.concatenate([[0.0], reference, [duration]]),
            np.concatenate([[0.0], np.minimum(predicted, duration), [duration]]),
            duration,
        ),
        karaoke=float(_karaoke(deviation).mean()),
        lost=float((error > LOST_SECONDS).mean()),
        words=len(reference),
    )


def summary(songs: Mapping[str, SongScores]) -> dict[str, dict[str, float]]:
    """Return mean, median and standard deviation of every score over songs, each song counting once.

    `mean_error` under `mean` is the field's mean AE (the mean of songs' means), under `median` its median over songs.
    """
    rows = [asdict(scores) for scores in songs.values()]
    found = {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0] if name != "words"}
    ways: dict[str, Any] = {"mean": np.mean, "median": np.median, "std": np.std}
    return {how: {name: float(way(values)) for name, values in found.items()} for how, way in ways.items()}


def check_onsets(onsets: Onsets, name: str) -> None:
    """Raise `BadInput` for times that are no numbers, are negative or go backwards."""
    if len(onsets) < 2:
        raise BadInput(f"{name}: {len(onsets)} words; scores need at least two")
    if not np.isfinite(onsets).all() or onsets.min() < 0:
        at = int(np.flatnonzero(~(np.isfinite(onsets) & (onsets >= 0)))[0])
        raise BadInput(f"{name}: word {at + 1} starts at {onsets[at]}; write seconds from 0 on")
    if (backwards := np.flatnonzero(np.diff(onsets) < 0)).size:
        at = int(backwards[0])
        raise BadInput(
            f"{name}: word {at + 2} starts at {onsets[at + 1]:.3f} s, before word {at + 1} ({onsets[at]:.3f} s);"
            " sort the rows or correct the time"
        )


def _shown_right(reference: Onsets, predicted: Onsets, duration: float) -> float:
    """Return the share of `duration` in which both say the same word."""
    if not duration > 0:
        return float("nan")
    overlap = np.minimum(reference[1:], predicted[1:]) - np.maximum(reference[:-1], predicted[:-1])
    return float(np.maximum(overlap, 0).sum() / duration)


def _karaoke(deviation: Onsets) -> Onsets:
    density = stats.skewnorm.pdf(deviation, KARAOKE_SHAPE, KARAOKE_LOCATION, KARAOKE_SCALE)
    return np.asarray(density / KARAOKE_PEAK)
