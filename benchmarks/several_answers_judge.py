"""What the judge of `perceptual_judge` says of separated songs of two singers: it was never followed by a training."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import perceptual_judge
from published import published
from several_answers_measure import Separate, TwoSingers, si_sdr

from lossmodel import audio
from lossmodel.manifest import Pair
from lossmodel.progress import bar
from lossmodel.ratings.screening import screen


def fitted(data: Path, kept: Path) -> perceptual_judge.Judge:
    """Return the judge fitted to both published tests under `data`, kept in a file."""
    if not kept.exists():
        ratings, pairs = published(data)
        with bar("fitting the judge") as report:
            judge = perceptual_judge.fit(screen(ratings).keep(ratings), perceptual_judge.hear(pairs, report))
        judge.save(kept)
    return perceptual_judge.Judge.load(kept)


def opinions(judge: perceptual_judge.Judge, separate: Separate, songs: Sequence[TwoSingers]) -> dict[str, Any]:
    """Return the mean of its ratings (0 to 100) over songs, each compared with the reference that is nearer."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = [_written(Path(folder), separate, song) for song in songs]
        said = [judge.ratings(heard) for heard in perceptual_judge.hear(pairs).values()]
    return {f"judge: {name}": float(np.mean([each[name] for each in said])) for name in said[0]}


def _written(folder: Path, separate: Separate, song: TwoSingers) -> Pair:
    estimate = separate(song.mixture)
    nearer = max(song.references, key=lambda each: si_sdr(estimate.samples, each.samples))
    paths = {kind: folder / f"{song.name}.{kind}.wav" for kind in ("estimate", "reference", "mixture")}
    for path, sound in zip(paths.values(), (estimate, nearer, song.mixture)):
        audio.write(path, sound, subtype="FLOAT")
    return Pair(song.name, "estimate", "system", paths["estimate"], (paths["reference"],), paths["mixture"])
