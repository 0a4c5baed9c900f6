"""Tables of ratings and predictions whose truth is known, without any sound."""

import numpy as np
import pandas as pd

from lossmodel.ratings import table

SYSTEMS = 5


def rated(*, songs: int = 12, people: int = 10, noise: float = 8.0, seed: int = 0) -> pd.DataFrame:
    """Every assessor rates every system of every song: the truth, an offset of their own, and noise."""
    rng = np.random.default_rng(seed)
    offsets = rng.normal(0, 6, people)
    rows = [
        {
            "study": "tables", "session": f"p{person}", "assessor": f"p{person}", "attribute": "quality",
            "item": f"song{song}", "condition": f"system{system}", "role": "system", "replicate": 0, "trial": song,
            "position": system, "seconds": 1.0, "simulated": False,
            "score": float(np.clip(truth(song, system) + offsets[person] + rng.normal(0, noise), 0, 100)),
        }
        for person in range(people) for song in range(songs) for system in range(SYSTEMS)
    ]  # fmt: skip
    return table.check(pd.DataFrame(rows))


def truth(song: int, system: int) -> float:
    """Return what a stimulus deserves: systems 15 points apart, songs up to 10."""
    return 15.0 * (system + 1) + 10 * np.sin(song)


def predictions(ratings: pd.DataFrame, *, error: float = 5.0, seed: int = 1) -> pd.DataFrame:
    """Return predictions that miss the mean ratings by `error` points, with honest intervals."""
    means = table.stimulus_means(ratings).rename(columns={"mean": "rated"})
    predicted = np.clip(means["rated"] + np.random.default_rng(seed).normal(0, error, len(means)), 0, 100)
    found = means[["attribute", "item", "condition", "rated"]]
    return found.assign(
        predicted=predicted, low=predicted - 1.645 * error, high=predicted + 1.645 * error, spread=2.0,
        in_calibration=True,
    )  # fmt: skip


def metrics(ratings: pd.DataFrame, *, seed: int = 2) -> pd.DataFrame:
    """Return metrics: one that agrees with listeners, one upside down, one that is noise, one that is always 1."""
    means = table.stimulus_means(ratings)
    rng = np.random.default_rng(seed)
    good = means["mean"] + rng.normal(0, 12, len(means))
    return means[["item", "condition"]].assign(sdr=good / 10, log_mel=-good, sir=rng.normal(0, 1, len(means)), snr=1.0)
