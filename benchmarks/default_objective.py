"""Makes the objective that comes with the package, from published listening tests of separated and coded voices.

OMP_NUM_THREADS=1 python benchmarks/default_objective.py --data DIR --work DIR --output lossmodel/objective/default

DIR of --data holds ward2018/, sisec2018/, gensvs2025/ and codec2024/, each with ratings.csv and sounds/. Features are
kept in the work folder: a second run takes seconds. Prints how well left-out songs, and left-out songs and systems,
are predicted.
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from published import degraded, published

from lossmodel import manifest
from lossmodel.objective import config, store
from lossmodel.objective.fitting import evaluate
from lossmodel.objective.fitting.evaluate import Measures, measure
from lossmodel.objective.fitting.fit import fit
from lossmodel.progress import bar
from lossmodel.ratings import table
from lossmodel.ratings.screening import screen

SOURCES = [
    "Ward, Wierstorf, Mason, Grais, Plumbley: BSS Eval or PEASS? ICASSP 2018: quality and interference, 11 songs of "
    "DSD100, 24 assessors (github.com/CVSSP/perceptual-study-source-separation)",
    "Ward et al.: listening test of SiSEC MUS 2018: similarity, 10 songs of MUSDB18, 24 assessors "
    "(github.com/CVSSP/listen-sisec-mus-18-subjective-evaluation, MIT)",
    "Bereuter et al., WASPAA 2025: degradation by modern and generative separators, 6 excerpts of MUSDB18, 12 ratings "
    "each (github.com/pablebe/gensvs_eval, MIT; its companion page CC BY-SA 4.0)",
    "Stahl et al., IEEE Access 2024: degradation of speech by neural codecs, 12 items, about 11 ratings each "
    "(github.com/BenjSta/bernoulli-var-speech-codec, CC BY 4.0)",
]
KNOWN_LIMITS = [
    "Western popular music, excerpts of 5 to 7 s; quality, interference and similarity of separators of 2013 to 2018.",
    "Degradation joins two tests, of 6 songs and of 12 spoken items, each with a scale of its own: it speaks on "
    "the songs' scale, and of speech its order alone means something.",
    "Similarity was rated on other songs by other people than quality and interference.",
    "A score outside calibration is an extrapolation; trust the order more than the number.",
]


def main() -> int:
    options = _options()
    (ratings, pairs), (further_ratings, further_pairs) = published(options.data), degraded(options.data)
    ratings, pairs = pd.concat([ratings, further_ratings], ignore_index=True), [*pairs, *further_pairs]
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
    told = by_study(evaluation.predictions, kept, "degradation", recipe.seed)
    sys.stdout.write("\n".join(f"degradation, {name}: {each}" for name, each in told.items()) + "\n")
    card = store.describe(recipe, kept, inputs=inputs, evaluation=evaluation)
    about = {"sources": SOURCES, "limits": KNOWN_LIMITS, "screening": screened.to_json(), "further": further.to_json()}
    about["degradation"] = {name: asdict(each) for name, each in told.items()}
    store.save(fit(kept, pairs, recipe, cache=features), options.output, card={**card, **about})
    return 0


def by_study(predictions: pd.DataFrame, ratings: pd.DataFrame, attribute: str, seed: int) -> dict[str, Measures]:
    """Return how well one attribute is predicted in each study that asked for it."""
    study = ratings[ratings["attribute"] == attribute].groupby("item")["study"].first()
    own = predictions[predictions["attribute"] == attribute]
    return {str(name): measure(group, seed) for name, group in own.groupby(own["item"].map(study))}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--work", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--recipe", default="compact")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
