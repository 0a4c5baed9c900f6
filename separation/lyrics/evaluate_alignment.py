"""Predicted word onsets beside annotated ones, from two folders of files: a table, a summary and a plot."""

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.files import atomic_folder, read_json, read_text, write_json
from separation.lyrics.scores import LOST_SECONDS, Onsets, SongScores, check_onsets, song_scores, summary

START_COLUMNS = ("word_start", "start", "start_time")
PREDICTION_SUFFIX = "_align"
"""What the published system appends to a song's name."""

SUMMARY_LINES = (
    ("mean AE in s, mean over songs", "mean", "mean_error"),
    ("mean AE in s, median over songs", "median", "mean_error"),
    ("median AE in s, mean over songs", "mean", "median_error"),
    ("PCO@0.1", "mean", "correct_01"),
    ("PCO@0.2", "mean", "correct_02"),
    ("PCO@0.3", "mean", "correct_03"),
    ("PCO@0.5", "mean", "correct_05"),
    ("PCO@1.0", "mean", "correct_10"),
    ("PCS from first to last onset", "mean", "segments"),
    ("PCS of the whole song", "mean", "segments_of_song"),
    ("karaoke", "mean", "karaoke"),
    ("words more than 1 s off", "mean", "lost"),
)
"""What is said of all songs: a name, over songs how, which score."""

Errors = dict[str, Onsets]


def evaluate_alignment(
    annotations: Path, predictions: Path, *, delay: float = 0.0, recordings: Path | None = None
) -> tuple[dict[str, SongScores], Errors]:
    """Return each song's scores and its words' deviations (predicted minus annotated) in seconds.

    Files are matched by name. Annotations are CSV files with a column `word_start`; predictions are CSV (a header, or
    start and end without one) or JSON files as `align` writes them. `delay` is added to every predicted onset.
    `recordings` holds the songs' audio, from which only the length is taken.
    """
    references, predicted = _files(annotations, (".csv",)), _files(predictions, (".csv", ".json"))
    if missing := sorted(references.keys() - predicted.keys()):
        raise BadInput(f"{predictions}: nothing predicted for {missing[0]}; add its file or remove its annotation")
    songs, errors = {}, {}
    for name, path in sorted(references.items()):
        truth, found = read_onsets(path), read_onsets(predicted[name])
        if len(truth) != len(found):
            raise BadInput(f"{predicted[name]}: {len(found)} words, {path} has {len(truth)}; align the same lyrics")
        songs[name] = song_scores(truth, found + delay, _duration(recordings, name))
        errors[name] = found + delay - truth
    return songs, errors


def read_onsets(path: Path) -> Onsets:
    """Return the word onsets of an annotation or prediction, in seconds; `BadInput` names the row that is wrong."""
    onsets = np.array(_json_onsets(path) if path.suffix.lower() == ".json" else _csv_onsets(path), dtype=float)
    check_onsets(onsets, str(path))
    return onsets


def write_report(folder: Path, songs: Mapping[str, SongScores], errors: Errors, *, delay: float) -> None:
    """Write `songs.csv`, `scores.json` and `errors.svg`, all or none."""
    with atomic_folder(folder) as part:
        rows = [{"song": name, **asdict(scores)} for name, scores in songs.items()]
        with (part / "songs.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, rows[0])
            table.writeheader()
            table.writerows(rows)
        found = {"delay": delay, "songs": rows, **summary(songs)}
        write_json(part / "scores.json", json.loads(json.dumps(found), parse_constant=lambda _: None))
        _plot(part / "errors.svg", errors)


def _files(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; give a folder with a file a song")
    found = {
        path.stem.removesuffix(PREDICTION_SUFFIX): path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in suffixes
    }
    if not found:
        raise BadInput(f"{folder}: no {' or '.join(suffixes)} files; give a folder with a file a song")
    return found


def _csv_onsets(path: Path) -> list[float]:
    try:
        rows = [row for row in csv.reader(read_text(path).splitlines()) if any(row)]
    except csv.Error as error:
        raise BadInput(f"{path}: not a CSV file ({error})") from None
    header = [cell.strip() for cell in rows[0]] if rows and not _is_number(rows[0][0]) else []
    column = next((header.index(name) for name in START_COLUMNS if name in header), None if header else 0)
    if column is None:
        raise BadInput(f"{path}: no column {' or '.join(START_COLUMNS)} among {', '.join(header)}; name it so")
    body = rows[1:] if header else rows
    found = []
    for number, row in enumerate(body, start=2 if header else 1):
        if column >= len(row) or not _is_number(row[column]):
            raise BadInput(f"{path}: row {number} has no start time; write seconds such as 12.34")
        found.append(float(row[column]))
    return found


def _json_onsets(path: Path) -> list[float]:
    try:
        return [float(word["start"]) for line in read_json(path)["lines"] for word in line["words"]]
    except (KeyError, TypeError, ValueError):
        raise BadInput(f"{path}: not an alignment; give a file that align wrote") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _duration(recordings: Path | None, name: str) -> float:
    if recordings is None:
        return float("nan")
    for path in sorted(recordings.glob("*")):
        if path.stem == name and path.suffix.lower() in audio.SUFFIXES:
            rate, _, frames = audio.info(path)
            return frames / rate
    raise BadInput(f"{recordings}: no recording of {name}; add it, or leave the recordings out")


def _plot(path: Path, errors: Errors) -> None:
    """Draw each song's deviations as a row of points, within two seconds; what is further off stands at the edge."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1.2 + 0.28 * len(errors)), layout="constrained")
    axes = figure.add_subplot()
    limit = 2 * LOST_SECONDS
    for row, deviation in enumerate(errors.values()):
        axes.plot(np.clip(deviation, -limit, limit), np.full(len(deviation), row), "|", alpha=0.4, color="#1f5fa8")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlim=(-limit * 1.05, limit * 1.05), xlabel="predicted − annotated onset (s)", yticks=range(len(errors)))
    axes.set_yticklabels(list(errors))
    axes.invert_yaxis()
    figure.savefig(path)


def best_delay(errors: Errors) -> float:
    """Return the seconds to add to every onset so that as many are early as late: the median over songs of medians."""
    return -float(np.median([np.median(deviation) for deviation in errors.values()]))


def described(songs: Mapping[str, SongScores]) -> list[str]:
    """Return the summary as lines of text: errors in seconds, shares from 0 to 1."""
    found = summary(songs)
    values = {label: found[over][name] for label, over, name in SUMMARY_LINES}
    lines = [f"{label} {value:.4f}" for label, value in values.items() if np.isfinite(value)]
    return [f"{len(songs)} songs, {sum(scores.words for scores in songs.values())} words", *lines]
