"""Makes the objective that comes with the package, from the two published listening tests of separated voices.

OMP_NUM_THREADS=1 python benchmarks/default_objective.py --data DIR --work DIR --output lossmodel/objective/default

DIR of --data holds ward2018/ and sisec2018/, each with ratings.csv and sounds/. Features are kept in the work folder:
a second run takes seconds. Prints how well left-out songs, and left-out songs and systems, are predicted.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from lossmodel import manifest
from lossmodel.manifest import Pair
from lossmodel.objective import config, evaluate, store
from lossmodel.objective.fit import fit
from lossmodel.progress import bar
from lossmodel.ratings import table
from lossmodel.ratings.screening import screen

WARD = {"ref": "reference", "Quality": "anchor", "Interferer": "anchor"}
SISEC = {"Ref": "reference", "Anch1": "anchor", "Anch2": "anchor"}
FILES = {"Ref": "ref_vocals", "Anch1": "anchor1_interference", "Anch2": "anchor2_quality"}

SOURCES = [
    "Ward, Wierstorf, Mason, Grais, Plumbley: BSS Eval or PEASS? ICASSP 2018: quality and interference, 11 songs of "
    "DSD100, 24 assessors (github.com/CVSSP/perceptual-study-source-separation)",
    "Ward et al.: listening test of SiSEC MUS 2018: similarity, 10 songs of MUSDB18, 24 assessors "
    "(github.com/CVSSP/listen-sisec-mus-18-subjective-evaluation, MIT)",
]
LIMITS = [
    "Western popular music, 7 s excerpts, separators of 2013 to 2018; generative and vocoded outputs were not rated.",
    "Similarity was rated on other songs by other people than quality and interference.",
    "A score outside calibration is an extrapolation; trust the order more than the number.",
]


def main() -> int:
    options = _options()
    ratings, pairs = published(options.data)
    options.work.mkdir(parents=True, exist_ok=True)
    inputs = {"ratings": options.work / "ratings.csv", "manifest": options.work / "pairs.csv"}
    table.write(inputs["ratings"], ratings)
    manifest.write(inputs["manifest"], pairs)
    recipe, features, screened = config.load(options.recipe), options.work / "features", screen(ratings)
    kept = screened.keep(ratings)
    with bar("leaving songs out") as report:
        evaluation = evaluate.cross_validate(kept, pairs, recipe, cache=features, report=report)
    further = evaluate.cross_validate(kept, pairs, recipe, by="song-and-system", cache=features)
    sys.stdout.write("\n".join([*evaluation.lines(), *further.lines()]) + "\n")
    card = store.describe(recipe, kept, inputs=inputs, evaluation=evaluation)
    about = {"sources": SOURCES, "limits": LIMITS, "screening": screened.to_json(), "further": further.to_json()}
    store.save(fit(kept, pairs, recipe, cache=features), options.output, card={**card, **about})
    return 0


def published(data: Path) -> tuple[pd.DataFrame, list[Pair]]:
    """Return the ratings of both tests and a pair for every rated stimulus."""
    ward, sisec = _ward(data / "ward2018"), _sisec(data / "sisec2018")
    return pd.concat([ward[0], sisec[0]], ignore_index=True), [*ward[1], *sisec[1]]


def _ward(folder: Path) -> tuple[pd.DataFrame, list[Pair]]:
    names = {"subject": "assessor", "experiment": "attribute", "page": "item", "sound": "condition", "rating": "score"}
    raw = pd.read_csv(folder / "ratings.csv").rename(columns=names)
    raw["attribute"] = raw["attribute"].replace("interferer", "interference")
    rated = _tidy(raw, "ward2018", raw["page_order"], WARD)
    files = [(row.item, row.condition, folder / "sounds" / row.item) for row in _stimuli(rated)]
    return rated, [
        Pair(item, name, WARD.get(name, "system"), at / f"{name}.flac", (at / "ref.flac",), at / "Interferer.flac")
        for item, name, at in files
    ]


def _sisec(folder: Path) -> tuple[pd.DataFrame, list[Pair]]:
    names = {"sub": "assessor", "song": "item", "sound": "condition", "rating": "score"}
    raw = pd.read_csv(folder / "ratings.csv").rename(columns=names).assign(attribute="similarity")
    rated = _tidy(raw, "sisec2018", raw["order"], SISEC)
    files = [(row.item, row.condition, folder / "sounds" / row.item) for row in _stimuli(rated)]
    return rated, [
        Pair(
            item, name, SISEC.get(name, "system"), at / f"{FILES.get(name, f'{name}_vocals')}.flac",
            (at / "ref_vocals.flac",), at / "mixture.flac",
        )
        for item, name, at in files
    ]  # fmt: skip


def _tidy(raw: pd.DataFrame, study: str, order: pd.Series, roles: dict[str, str]) -> pd.DataFrame:
    """Return the ratings in our columns; a page rated twice comes as replicates 0 and 1, in its order."""
    raw = raw.assign(
        study=study, session=raw["assessor"], trial=order, position=0, seconds=float("nan"), simulated=False
    )
    raw["assessor"] = study + "-" + raw["assessor"].astype(str)
    raw = raw.sort_values("trial", kind="stable")
    raw["replicate"] = raw.groupby(["assessor", "attribute", "item", "condition"]).cumcount()
    raw["role"] = raw["condition"].map(roles).fillna("system")
    return table.check(raw[list(table.COLUMNS)])


def _stimuli(rated: pd.DataFrame) -> list[pd.Series]:
    return list(rated[["item", "condition"]].drop_duplicates().sort_values(["item", "condition"]).itertuples())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--work", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--recipe", default="compact")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
