"""Makes the objective that comes with the package, from the two published listening tests of separated voices.

OMP_NUM_THREADS=1 python benchmarks/default_objective.py --data DIR --work DIR --output lossmodel/objective/default

DIR of --data holds ward2018/ and sisec2018/, each with ratings.csv and sounds/. Features are kept in the work folder:
a second run takes seconds. Prints how well left-out songs, and left-out songs and systems, are predicted.
"""

import argparse
import sys
from pathlib import Path

from published import published

from lossmodel import manifest
from lossmodel.objective import config, store
from lossmodel.objective.fitting import evaluate
from lossmodel.objective.fitting.fit import fit
from lossmodel.progress import bar
from lossmodel.ratings import table
from lossmodel.ratings.screening import screen

SOURCES = [
    "Ward, Wierstorf, Mason, Grais, Plumbley: BSS Eval or PEASS? ICASSP 2018: quality and interference, 11 songs of "
    "DSD100, 24 assessors (github.com/CVSSP/perceptual-study-source-separation)",
    "Ward et al.: listening test of SiSEC MUS 2018: similarity, 10 songs of MUSDB18, 24 assessors "
    "(github.com/CVSSP/listen-sisec-mus-18-subjective-evaluation, MIT)",
]
KNOWN_LIMITS = [
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
    with bar("cross-validating") as report:
        evaluation = evaluate.cross_validate(kept, pairs, recipe, cache=features, report=report)
    further = evaluate.cross_validate(kept, pairs, recipe, by="song-and-system", cache=features)
    sys.stdout.write("\n".join([*evaluation.lines(), *further.lines()]) + "\n")
    card = store.describe(recipe, kept, inputs=inputs, evaluation=evaluation)
    about = {"sources": SOURCES, "limits": KNOWN_LIMITS, "screening": screened.to_json(), "further": further.to_json()}
    store.save(fit(kept, pairs, recipe, cache=features), options.output, card={**card, **about})
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--work", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--recipe", default="compact")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
