"""PEASS against published scores, on the songs fitted to and on songs left out; how far from known is how wrong.

    python benchmarks/peass.py WARD2018            measure, and print the tables of docs/metrics.md
    python benchmarks/peass.py WARD2018 --refit    fit the mapping to all songs first and write it

WARD2018 is the folder of Ward et al. 2018: `sounds/` and `bss_eval_and_peass_clean.csv`.
"""

import csv
import time
from dataclasses import asdict
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import torch
import tyro

from lossmodel.files import write_json
from lossmodel.manifest import Pair
from lossmodel.metrics.excerpt import load
from lossmodel.metrics.peass.decomposition import decompose
from lossmodel.metrics.peass.features import Features, features
from lossmodel.metrics.peass.mapping import INPUTS, WEIGHTS_FILE, fit, inputs, mappings, scores

SONGS_LEFT_OUT = 5
"""Songs of the test (16 in all) whose stimuli were not to hand when the mapping was fitted."""

DISTANCES = (0.0, 0.25, 0.5, 0.75, 1.0, np.inf)
"""Edges of the classes of distance, in log-similarities."""

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
    given = {task: np.array([each[task] for each in published.values()]) for task in INPUTS}
    print(f"{np.median(seconds):.2f} s of one core for 7 s (median; at most {max(seconds):.2f})")
    for task in INPUTS:
        moved = (getattr(scores(smooth), task) - getattr(scores(hard), task)).abs()
        print(f"{task} smooth: differs by {moved.mean():.2f} points on average, {moved.max():.2f} at most")
    print("\n".join(["", *accuracy(hard, given, songs), "", *by_distance(hard, given, songs)]))


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


def accuracy(found: Features, given: dict[str, np.ndarray], songs: np.ndarray) -> list[str]:
    """Return a table of how far scores lie from the published ones, in points: songs fitted to, one left out, five."""
    lines = ["| score | songs | median | 95 % within | largest | r |", "|---|---|---|---|---|---|"]
    for task, published in given.items():
        ways = {
            "fitted to": (getattr(scores(found), task).numpy(), published),
            "each left out": (leave_out(found, published, songs, task), published),
            f"{SONGS_LEFT_OUT} of {len(np.unique(songs))} left out": leave_several_out(found, published, songs, task)[
                :2
            ],
        }
        for name, (ours, theirs) in ways.items():
            apart, r = np.abs(ours - theirs), np.corrcoef(ours, theirs)[0, 1]
            numbers = f"{np.median(apart):.1f} | {np.percentile(apart, 95):.1f} | {apart.max():.1f} | {r:.3f}"
            lines.append(f"| {task.upper()} | {name} | {numbers} |")
    return lines


def by_distance(found: Features, given: dict[str, np.ndarray], songs: np.ndarray) -> list[str]:
    """Return a table of the error of left-out songs by the distance to the nearest stimulus that was fitted to."""
    ranges = [f"{low:g} to {high:g}" if high < np.inf else f"over {low:g}" for low, high in pairwise(DISTANCES)]
    lines = [f"| score | {' | '.join(ranges)} |", "|---|" + "---|" * len(ranges)]
    for task, published in given.items():
        ours, theirs, distance = leave_several_out(found, published, songs, task)
        cells = []
        for low, high in pairwise(DISTANCES):
            apart = np.abs(ours - theirs)[(low <= distance) & (distance < high)]
            cells.append(f"{np.median(apart):.1f}, {apart.max():.1f}" if len(apart) else "–")
        lines.append(f"| {task.upper()} | {' | '.join(cells)} |")
    return lines


def leave_several_out(
    found: Features, given: np.ndarray, songs: np.ndarray, task: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, published scores and distances to what was fitted to, for every choice of songs left out.

    The kernel's width is that of the mapping of all songs.
    """
    known, width = inputs(found, task), mappings()[task].width[0]
    rows = []
    for out in combinations(np.unique(songs), SONGS_LEFT_OUT):
        here = torch.from_numpy(np.isin(songs, out))
        fitted = fit(known[~here], given[~here.numpy()].tolist(), widths=(width,))
        near = torch.cdist(known[here], known[~here]).amin(1)
        rows.append((fitted(known[here]).numpy(), given[here.numpy()], near.numpy()))
    ours, theirs, distances = (np.concatenate(each) for each in zip(*rows))
    return ours, theirs, distances


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
    write_json(WEIGHTS_FILE, card)


if __name__ == "__main__":
    tyro.cli(main)
