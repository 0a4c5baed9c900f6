"""What each ear adds: distances without a fit, and as one more feature of a head, nested. A part of docs/objective.md.

OMP_NUM_THREADS=1 python benchmarks/ears.py --data DIR --work DIR [--page docs/objective.md] [--ear whisper=FOLDER ...]

DIR of --data holds ward2018/, sisec2018/, gensvs2025/ and codec2024/; features and distances are kept in the work
folder. Ears that come with a package are heard where they are installed; those of the user where they are named.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from objective_honesty import measured_by_study, nested_predictions, predictions_of
from published import degraded, published
from torch import Tensor

from lossmodel.files import read_json, sha256, write_json
from lossmodel.manifest import Pair
from lossmodel.objective import config
from lossmodel.objective.config import FitRecipe
from lossmodel.objective.ear import excerpt
from lossmodel.objective.ear.listening import listen
from lossmodel.objective.ears import Ear, distance, features_of, installed, open_ear
from lossmodel.objective.ears.catalogue import PACKAGED
from lossmodel.objective.fitting import fit
from lossmodel.objective.fitting.evaluate import Measures, measure
from lossmodel.objective.fitting.fit import Rated
from lossmodel.progress import Report, bar
from lossmodel.ratings.screening import screen

START, END = "<!-- ears: written by benchmarks/ears.py -->\n", "<!-- end of ears -->"
ASKED = {"degradation": "", "quality": "_remix", "similarity": ""}
"""Attributes that ears are held against, and whether the closest remix stands in the reference's place."""

HEADING = """\
r / within-item ρ with the mean ratings of systems. *Alone* is minus the distance, nothing fitted. *Added* is one more
feature in each member of the head, with items left out one by one; *nested* takes it or leaves it by what predicts best
in inner folds. Degradation and similarity compare with the reference, quality with the closest remix.

"""


def main() -> int:
    options = _options()
    named = dict(each.split("=", 1) for each in options.ear)
    ears = {name: open_ear(name) for name in PACKAGED if installed(name)}
    ears |= {name: open_ear(name, Path(folder)) for name, folder in named.items()}
    recipe, rows = config.load("compact"), []
    for rated, pairs in _gathered(options.data, options.work, recipe):
        without = measured_by_study(rated, predictions_of(rated, recipe), recipe.seed)
        with bar(rated.attribute) as report:
            columns = _heard(rated, pairs, [*map(_Remembering, ears.values())], options.work / "ears", report)
        for name, column in columns.items():
            rows += _rows(rated, recipe, name, column, without)
    text = HEADING + "\n".join(["| rated | ear | alone | head without it | added | nested |", "|---|---|---|---|---|---|"])
    text += "\n" + "\n".join(rows) + "\n"
    sys.stdout.write(text)
    if options.page:
        before, rest = options.page.read_text(encoding="utf-8").split(START)
        options.page.write_text(f"{before}{START}{text}{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0


def _gathered(data: Path, work: Path, recipe: FitRecipe) -> list[tuple[Rated, dict[tuple[str, str], Pair]]]:
    found = []
    for ratings, pairs in (degraded(data), published(data)):
        kept = screen(ratings).keep(ratings)
        kept = kept[kept["attribute"].isin(ASKED)]
        by_name = {(pair.item, pair.condition): pair for pair in pairs}
        found += [(each, by_name) for each in fit.gather(kept, pairs, recipe, cache=work / "features")]
    return found


class _Remembering:
    """An ear that hears the same sound once."""

    def __init__(self, ear: Ear) -> None:
        self.name, self.rate, self.weights, self._ear = ear.name, ear.rate, ear.weights, ear
        self._known: dict[bytes, Tensor] = {}

    def embed(self, signal: Tensor) -> Tensor:
        key = signal.numpy().tobytes()
        if key not in self._known:
            self._known = {**dict(list(self._known.items())[-1:]), key: self._ear.embed(signal)}
        return self._known[key]


@torch.no_grad()
def _heard(
    rated: Rated, pairs: Mapping[tuple[str, str], Pair], ears: Sequence[Ear], cache: Path, report: Report
) -> dict[str, np.ndarray]:
    """Return each ear's distance of each row; 0 for references, and for probes, which then say nothing of it."""
    found = {ear.name: np.zeros(len(rated.item)) for ear in ears}
    remix = ASKED[rated.attribute]
    for row, (item, condition, role) in enumerate(zip(rated.item, rated.condition, rated.role)):
        if role in {fit.SYSTEM, fit.ANCHOR}:
            pair = pairs[item, condition]
            name = f"{remix}-{sha256(pair.estimate)[:24]}.json"
            paths = {ear: cache / f"{ear.name}-{ear.weights[:8]}{name}" for ear in ears}
            if not all(path.exists() for path in paths.values()):
                read = excerpt.read(pair)
                scene = listen(read.estimate, read.references, read.mixture)
                for ear, path in paths.items():
                    write_json(path, float(distance(scene, ear, remix=bool(remix))[0]))
            for ear, path in paths.items():
                found[ear.name][row] = read_json(path)
        report(row + 1, len(rated.item))
    return found


def _rows(
    rated: Rated, recipe: FitRecipe, name: str, column: np.ndarray, without: Mapping[str, Measures]
) -> list[str]:
    """Return a line of the table for each study that asked for the attribute."""
    text = features_of([name])[bool(ASKED[rated.attribute])]
    members = {member: (*texts, text) for member, texts in rated.members.items()}
    place = list(dict.fromkeys(each for texts in members.values() for each in texts)).index(text)
    with_ear = replace(rated, members=members, raw=np.insert(rated.raw, place, column, axis=1))
    alone = _alone(rated, column, recipe.seed)
    added = measured_by_study(rated, predictions_of(with_ear, recipe), recipe.seed)
    nested = measured_by_study(rated, nested_predictions([rated, with_ear], recipe), recipe.seed)
    return [
        f"| {rated.attribute}, {study} | {name} | " + " | ".join(map(_cell, (alone[study], without[study], added[study],
        nested[study]))) + " |"
        for study in without
    ]  # fmt: skip


def _alone(rated: Rated, column: np.ndarray, seed: int) -> dict[str, Measures]:
    rows = rated.systems
    nothing = {"low": 0.0, "high": 100.0, "in_calibration": True}
    said = pd.DataFrame({"item": rated.item[rows], "rated": rated.score[rows], "predicted": -column[rows], **nothing})
    return measured_by_study(rated, said, seed)


def _cell(found: Measures) -> str:
    return f"{found.pearson.value:.3f} / {found.within.value:.3f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--work"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--ear", action="append", default=[])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
