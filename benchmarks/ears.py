"""What each ear adds: distances without a fit, and as one more feature of a head, nested. A part of docs/objective.md.

OMP_NUM_THREADS=1 python benchmarks/ears.py --data DIR --work DIR [--page docs/objective.md] [--ear whisper=FOLDER …]
                                            [--only degradation …]

DIR of --data holds ward2018/, sisec2018/, gensvs2025/ and codec2024/; features and distances are kept in the work
folder. Ears that come with a package are heard where they are installed; those of the user where they are named.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from objective_honesty import agreement, by_study, inner_agreement, means_of
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
from lossmodel.objective.fitting.fit import Rated, fit_means
from lossmodel.objective.fitting.regression import Numbers
from lossmodel.progress import Report, bar
from lossmodel.ratings.screening import screen

START, END = "<!-- ears: written by benchmarks/ears.py -->\n", "<!-- end of ears -->"
ASKED = {"degradation": "", "quality": "_remix", "similarity": ""}
"""Attributes that ears are held against, and whether the closest remix stands in the reference's place."""

SECTION = """
## Ears

What encoders hear that others trained, and that no rating has met ([ears](ears.md)), beside the shipped heads. None
adds to degradation what the levels do not have: where one is taken, nested, it costs. None is in the shipped objective.
Against quality and similarity of ward2018 and sisec2018 the same benchmark measures them (`--only quality`); those
figures are not taken yet.

"""
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
        if options.only and rated.attribute not in options.only:
            continue
        with bar(rated.attribute) as report:
            columns = _heard(rated, pairs, [*map(_Remembering, ears.values())], options.work / "ears", report)
        for name, column in columns.items():
            rows += _rows(rated, recipe, name, column)
    text = HEADING + "| rated | ear | alone | head without it | added | nested |\n|---|---|---|---|---|---|"
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
) -> dict[str, Numbers]:
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


def _rows(rated: Rated, recipe: FitRecipe, name: str, column: Numbers) -> list[str]:
    """Return a line of the table for each study that asked for the attribute."""
    text = features_of([name])[bool(ASKED[rated.attribute])]
    members = {member: (*texts, text) for member, texts in rated.members.items()}
    place = list(dict.fromkeys(each for texts in members.values() for each in texts)).index(text)
    with_ear = replace(rated, members=members, raw=np.insert(rated.raw, place, column, axis=1))
    said = [-column, means_of(rated, recipe), means_of(with_ear, recipe), _nested([rated, with_ear], recipe)]
    return [
        f"| {rated.attribute}, {study[0].study[0]} | {name} | "
        + " | ".join("{:.3f} / {:.3f}".format(*agreement(study, each)) for each in said) + " |"
        for study in by_study(rated)
    ]  # fmt: skip


@torch.no_grad()
def _nested(choices: Sequence[Rated], recipe: FitRecipe) -> Numbers:
    """Return what the choice that does best in inner folds, without the item, predicts of each item."""
    predicted = np.zeros(len(choices[0].item))
    for item in np.unique(choices[0].item):
        own = choices[0].item == item
        best = max(choices, key=lambda each: inner_agreement(each.only(~own), recipe))
        predicted[own] = fit_means(best.only(~own), recipe)(torch.from_numpy(best.raw[own]).float()).mean.numpy()
    return predicted


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--work"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--only", action="append", choices=[*ASKED])
    parser.add_argument("--ear", action="append", default=[])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
