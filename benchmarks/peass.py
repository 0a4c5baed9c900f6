"""PEASS against published scores: agreement on songs that were left out, the smooth variant, seconds; fits the mapping.

    python benchmarks/peass.py WARD2018            measure
    python benchmarks/peass.py WARD2018 --refit    fit the mapping to all songs first and write it

WARD2018 is the folder of Ward et al. 2018: `sounds/` and `bss_eval_and_peass_clean.csv`.
"""

import csv
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import tyro

from lossmodel.files import write_json
from lossmodel.manifest import Pair
from lossmodel.metrics.excerpt import load
from lossmodel.metrics.peass.decomposition import decompose
from lossmodel.metrics.peass.features import Features, features
from lossmodel.metrics.peass.mapping import INPUTS, WEIGHTS, fit, inputs, scores

NOTE = (
    "Logistic of a line in log-similarities and of what a Gaussian process adds near known stimuli. "
    "Fitted to the scores of PEASS 2.0.1 that Ward et al. 2018 published for separated singing voice "
    "(github.com/CVSSP/perceptual-study-source-separation). "
    "Written by benchmarks/peass.py --refit."
)


def main(ward2018: tyro.conf.Positional[Path], *, refit: bool = False) -> None:
    """Print how PEASS agrees with published scores; with --refit, fit the mapping to them first."""
    torch.set_num_threads(1)
    published = read(ward2018 / "bss_eval_and_peass_clean.csv")
    songs = np.array([song for song, _ in published])
    hard, smooth, seconds = measure(ward2018 / "sounds", list(published))
    if refit:
        write(hard, published)
    print(f"{np.median(seconds):.2f} s of one core for 7 s (median; at most {max(seconds):.2f})")
    for task in INPUTS:
        given = np.array([each[task] for each in published.values()])
        kept = getattr(scores(hard), task)
        moved = (getattr(scores(smooth), task) - kept).abs()
        left_out = leave_out(hard, given, songs, task)
        for name, found in (("all songs", kept.numpy()), ("left-out songs", left_out)):
            r = np.corrcoef(found, given)[0, 1]
            print(f"{task} {name}: mean |difference| {np.abs(found - given).mean():.2f} points, r {r:.3f}")
        print(f"{task} smooth: differs by {moved.mean():.2f} points on average, {moved.max():.2f} at most")


def read(path: Path) -> dict[tuple[str, str], dict[str, float]]:
    """Return the published scores of each (song, system)."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault((row["page"], row["sound"]), {})[row["metric"].lower()] = float(row["score"])
    return dict(sorted(found.items()))


def measure(sounds: Path, stimuli: list[tuple[str, str]]) -> tuple[Features, Features, list[float]]:
    """Return the features of each stimulus, their smooth variant, and the seconds of the former."""
    hard, smooth, seconds = [], [], []
    for song, system in stimuli:
        files = {name: sounds / song / f"{name}.flac" for name in (system, "ref", "Interferer")}
        excerpt = load(
            Pair(song, system, "system", files[system], references=(files["ref"],), mixture=files["Interferer"])
        )
        assert excerpt.others is not None
        sources = torch.stack([excerpt.references[0], excerpt.others[0]])[None]
        start = time.process_time()
        with torch.no_grad():
            components = decompose(excerpt.estimate[None], sources, excerpt.rate)
            hard.append(features(components, excerpt.rate))
            seconds.append(time.process_time() - start)
            smooth.append(features(components, excerpt.rate, smooth=True))
    return together(hard), together(smooth), seconds


def together(found: list[Features]) -> Features:
    """Return features of one each as features of all."""
    return Features(*(torch.cat([getattr(each, name) for each in found]) for name in Features.__annotations__))


def leave_out(found: Features, given: np.ndarray, songs: np.ndarray, task: str) -> np.ndarray:
    """Return each stimulus's score by a mapping that was fitted to the other songs."""
    predicted = np.empty_like(given)
    for song in np.unique(songs):
        here, there = songs == song, songs != song
        known = inputs(found, task).numpy()
        fitted = fit(torch.from_numpy(known[there]), given[there].tolist(), songs=songs[there].tolist())
        predicted[here] = fitted(torch.from_numpy(known[here])).numpy()
    return predicted


def write(found: Features, published: dict[tuple[str, str], dict[str, float]]) -> None:
    """Fit the mapping to all songs and write its weights."""
    card: dict[str, object] = {"note": NOTE, "stimuli": len(published)}
    for task in INPUTS:
        given, songs = [each[task] for each in published.values()], [song for song, _ in published]
        card[task] = asdict(fit(inputs(found, task), given, songs=songs))
    write_json(WEIGHTS, card)


if __name__ == "__main__":
    tyro.cli(main)
