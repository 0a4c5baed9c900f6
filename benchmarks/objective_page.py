"""What each part of the objective's form is worth: writes docs/objective.md from the published listening tests.

OMP_NUM_THREADS=1 python benchmarks/objective_page.py --data DIR --work DIR --output docs/objective.md

DIR of --data holds ward2018/, sisec2018/, gensvs2025/ and codec2024/; features are kept in the work folder, the same
one that benchmarks/default_objective.py uses.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ears
import numpy as np
import objective_honesty as honesty
import objective_ridge
import pandas as pd
import torch
from published import degraded, published

from lossmodel.manifest import Pair
from lossmodel.objective import config
from lossmodel.objective.config import FitRecipe
from lossmodel.objective.fitting import fit
from lossmodel.objective.fitting.evaluate import Measures, cross_validate_gathered, measure
from lossmodel.objective.fitting.refit import refitter
from lossmodel.objective.network import Head
from lossmodel.objective.report.curve import learning_curve
from lossmodel.progress import bar
from lossmodel.ratings.screening import screen

DISTANCE_TERMS = ("distance", "excess_db", "lack_db")
TERMS_WITHOUT_REMIX = ("distribution", "lack_db_high", "excess_db_low", "likeness_worst", "modulation_added", "texture")
AVERAGE_OF_WORST_TERM = {
    "leak_level_worst": "leak_level",
    "leak_worst": "leak",
    "leak_level_worst_any": "leak_level_any",
    "leak_worst_any": "leak_any",
    "excess_worst": "excess",
    "blind_level_worst": "blind_level",
    "worst_moments": "wobble",
}
ABOUT = """\
Written by `OMP_NUM_THREADS=1 python benchmarks/objective_page.py --data DIR --work DIR --output docs/objective.md`;
do not edit.

"""
FORM = """\
## The form

An estimate is compared with the reference, the accompaniment and their closest remix in 40 bands and 23 ms frames.
Each comparison gives a *distortion*, which is 0 if the estimate equals the reference (exactly, by construction) and
increases with the difference. A member of the ensemble predicts 100·σ(b − Σ w·log(1 + d/s)) with w ≥ 0, so nothing
scores better than the reference, and more of a distortion never improves a score. Members use different features
(`recipes/compact.toml`); the objective is their mean on the logit, and their disagreement is its spread.

Leak is measured relative to the item's own mixture, which shows how difficult the item is. The worst moments have most
weight (the mean of fourth powers over frames), because people notice the band when it comes through now and then.
Added sound is measured relative to the rest of the reference, so that a voice that is nearly all lost does not score
better than one that is half lost. If there are several references, each phrase of two seconds is compared with the
nearest one.

Leak that counts as interference is what is coherent with the accompaniment beyond chance, and the part of the rest
that follows its loudness and not the reference's: upside down, late or made anew it is heard as the same band. Parts
that are missing, sounds that never stop and a skip are next to 0 for all that was rated. Nothing is fitted to them:
each adds its fixed share to the odds against an estimate (`[flaws]`), so that it caps a good score and moves a bad one
little.

Weights come from non-negative least squares on the logit of mean ratings of systems; reference and anchors fix the
scale's ends with weight 0.1. Three sounds whose rating is known without a test (silence, the reference low-passed at
3.5 kHz and the reference with clicks) set the weights of distortions that no rated system has, and no others. Beyond
the largest rated distortion, where anchors or such sounds show how bad it is, a distortion counts with a third of the
slope on the logarithm. With few raters, the ends of their scale are moved towards those of larger panels.

The features, their constants and the terms of each member were chosen with these tests as a whole, primarily by what is
known about hearing and secondarily by these figures; weights, scales, residuals and intervals are always fitted without
the predicted song. The figures are therefore a little optimistic, and differences of .02 in r are noise at 11 and 10
songs.

## Results on left-out songs

Systems only, leave-one-song-out; r over all stimuli, within-song Spearman ρ, RMSE in points, each with its
95 % interval over songs.

"""


ACROSS = """
## Across tests

Fitted to one test and applied to the other, with other songs, other people and another question: ratings of similarity
against predictions for sisec2018 by heads fitted to ward2018, and ratings of ward2018 against the similarity fitted to
sisec2018 (r / within-song ρ).

"""
FEW = """
## Few ratings

RMSE in points on held-out songs (a quarter, eight draws), against the mean rating of the whole panel, when fitted to
the first few songs as rated by the first few assessors. First with the raters' own scale; after the slash with the
scale's ends moved towards those of larger panels, with the weight of four raters (`[ends]`).

"""
TRIED = """
## Tried and rejected

All were evaluated with songs left out one by one, on the same ratings; none is in the objective.

- **An offset and a scale of each assessor** (alternating least squares, shrunk): the panels of 24 agree so well that
  means with and without correlate at .9994; r, ρ and RMSE stay within .002, .01 and .1. With one to four raters it has
  no effect either, because their common scale is unknown; `[ends]` supplies it.
- **A pairwise term within songs** (differences of logits, with the weight of the ratings and with three times as much):
  quality ρ .909, RMSE 7.2 to 7.3; no gain.
- **Every ladder and probe as a hinge in the fit** (2,500 inequalities, from songs of the fold): with enough weight to
  fix a third of the failed guards it costs quality .008 in r and half a point of RMSE, similarity half a point; with a
  weight that costs nothing it changes nothing. Instead, single sounds set the effect of distortions that no rated
  system has.
- **Members of the convnet's percepts**: alone r .61 / .75 / .86 (quality, interference, similarity); as one more member
  quality keeps r .93 and gains .009 in ρ for .4 points of RMSE, interference loses .010 in r. The convnet remains an
  auditor of a different kind, which nobody trains against.
- **The convnet's 320 damages as a member** of quality (ridge; weight of one in six): r .938 instead of .934 with the
  members of that time, ρ the same; interference loses .009 in r, similarity .005.
- **Members drawn at random** from all features (100 of 14 each): quality .926 / .918 / 7.8; interference .951 / .927.
- **Noise relative to the remix** (what steady gains do not explain, as partial loudness or noise-to-mask ratio),
  **damage where the voice or where the band is louder**, **contrast, spectral roughness, envelopes**: as one more term
  r .929 to .936.
- **A threshold of hearing** for each distortion, log(1 + (d/s)²)/2: the same r and ρ; the effect of an attack within
  −30 dB of the whole on the reference's interference halves, but clicks score too high. Larger scales have most of
  this effect: quality r .935 with a fifth of the median, .939 with half of it, or with .8 of the lower quartile, which
  is more robust in small studies with one bad system.
- **Ratings of modern separators added** (gensvs2025 in the fit of similarity and quality, with an offset of
  its own, weight 0.1, 0.3 and 1): with excerpts left out its own order within an excerpt stays at .15 to .23, and
  similarity falls to .964, .957 and .937. The same weights do not suit both tests.
- **Degradation by finer levels**: mel levels in windows of 512, 2048 and 4096 samples, MFCC, NSIM and its lower
  quartile, moment by moment, down to 50 dB: r .68, ρ .31 (gensvs2025) and .31, .37 (codec2024); the same down to 70 dB
  .72, .48 and .52, .63. The 2048 window alone with shifts of ±50 ms allowed: r .78 and .40, without .78 and .17.
  Averaging powers over .2 s before levels are compared has more effect than shifts. With colour, slow modulation and
  missing treble in addition: codec2024 r .65, gensvs2025 .66. Phase-free leak (`blind_leak`, `blind_level`) instead of
  `leak`: ρ of gensvs2025 .51 and .59 instead of .67.
- **One scale for both tests of degradation**, the mean of theirs: RMSE 27 instead of 18 points on the songs.
- **Auditory masking** (an internal noise, 15 to 25 dB below the reference's excitation spread over bands and time,
  the same in reference and estimate): at 25 dB r .967 / .941 / .965 and the attack of the whole moves quality by 15.7
  points instead of 16.6; at 15 dB quality falls to .894, low-passed voices count as unimpaired, and the attack still
  moves it by 13.9.
- **A noise floor under everything** (stationary, the same in reference and estimate, at a level below the reference's
  loudest bands; an attack within −30 dB of the whole moves scores on two songs by at most 29, 17 and 17
  points without it): at 25 dB quality falls to .841 and moves by 19 points, at 20 dB to .809 and moves by 31, at 20 dB
  plus a tenth of each band's mean power to .655 and still moves by 11. Raising only the floors of loudness and level,
  to 30 and 20 dB: quality stays at .940 and .939 and moves by 27; interference falls by .012 and .027 and moves by 12
  and 11.
- **Weaker compression** (powers to the 0.4 and 0.5): quality .932 and .925, the same attack 24 and 21 points.
- **Every distortion relative to the rest of the reference**, not only added sound: quality r .907, similarity .840;
  relative to onsets too: quality .925.
- **Faster remixes** (0.4, 0.7 and 1.2 s instead of 2 s): quality r .924 to .931.
- **Weights from a Beta distribution** (a rating near an end of the scale says less about the logit), half, full and
  double: quality r .936, ρ .891 to .900, RMSE 7.1; the others unchanged. The **median** over assessors: RMSE
  quality 7.7, interference 7.0.
"""


def main() -> int:
    options = _options()
    ratings, pairs = published(options.data)
    recipe = config.load("compact")
    kept = screen(ratings).keep(ratings)
    with bar("features") as report:
        gathered = Gathered(kept, pairs, options.work / "features", report)
    full = gathered.judged(recipe)
    text = "# The objective: its form and what it reaches\n\n" + ABOUT + FORM
    text += _table(
        {"whole": full, "song and system left out": gathered.judged(recipe, by="song-and-system")}, exact=True
    )
    text += "\n## What each part is worth\n\nThe same without, or with only, a part (r / within-song ρ / RMSE).\n\n"
    text += _table({"whole": full, **{name: gathered.judged(make(recipe)) for name, make in VARIANTS.items()}})
    text += "\n## Probes\n\nMean prediction for sounds that every song yields, by an objective fitted to all songs.\n\n"
    text += _probes(gathered, recipe)
    text += ACROSS + _across(gathered, recipe)
    text += _degradation(gathered, options.data, recipe)
    text += _ears(options.output)
    text += honesty.intervals(cross_validate_gathered(gathered.rated(recipe), recipe).predictions)
    text += honesty.resplits(gathered.rated(recipe), recipe)
    text += _ridge(gathered, recipe)
    text += FEW + _few(gathered, recipe)
    text += TRIED
    options.output.write_text(text, encoding="utf-8")
    return 0


class Gathered:
    """Ratings and stimuli once; features are gathered again for each recipe from the folder that keeps them."""

    def __init__(self, ratings: Any, pairs: Any, cache: Path, report: Any) -> None:
        self.given = ratings, pairs
        self.cache = cache
        fit.gather(ratings, pairs, config.load("compact"), cache=cache, report=report)

    def rated(self, recipe: FitRecipe) -> list[fit.Rated]:
        """Return features and mean ratings side by side, one an attribute."""
        ratings, pairs = self.given
        spoken = {name for lists in recipe.members.values() for name in lists}
        named = ratings if spoken == {config.GENERAL} else ratings[ratings["attribute"].isin(spoken)]
        return fit.gather(named, pairs, recipe, cache=self.cache)

    def judged(self, recipe: FitRecipe, by: Any = "song") -> Mapping[str, Measures]:
        """Return how well what was left out is predicted, by attribute."""
        return cross_validate_gathered(self.rated(recipe), recipe, by=by).measures


def _only(terms: tuple[str, ...]) -> Callable[[FitRecipe], FitRecipe]:
    return lambda recipe: recipe.model_copy(update={"members": {"one": {config.GENERAL: terms}}})


def _with_terms(change: Callable[[str, Sequence[str]], Sequence[str]]) -> Callable[[FitRecipe], FitRecipe]:
    """Return what changes the terms of every member, given the attribute and the terms; none is kept twice."""

    def changed(recipe: FitRecipe) -> FitRecipe:
        members = {
            name: {of: tuple(dict.fromkeys(change(of, terms))) for of, terms in lists.items()}
            for name, lists in recipe.members.items()
        }
        return recipe.model_copy(update={"members": members})

    return changed


def _on_average(term: str) -> str:
    feature, *rest = term.split(" / ")
    return " / ".join([AVERAGE_OF_WORST_TERM.get(feature, feature), *rest])


def _without_probes(recipe: FitRecipe) -> FitRecipe:
    return recipe.model_copy(update={"known": {}})


def _member(name: str) -> Callable[[FitRecipe], FitRecipe]:
    return lambda recipe: recipe.model_copy(update={"members": {name: recipe.members[name]}})


VARIANTS: Mapping[str, Callable[[FitRecipe], FitRecipe]] = {
    "plain filterbank distance, ridge": _only(DISTANCE_TERMS),
    "leak not over the mixture's": _with_terms(lambda _, terms: [term.split(" / ")[0] for term in terms]),
    "quality against the reference, no remix": _with_terms(
        lambda of, terms: TERMS_WITHOUT_REMIX if of == "quality" else terms
    ),
    "worst moments count as all others": _with_terms(lambda _, terms: [*map(_on_average, terms)]),
    "silence, low-pass and clicks not told": _without_probes,
    **{f"member {name} alone": _member(name) for name in config.load("compact").members},
}


def _table(rows: Mapping[str, Mapping[str, Measures]], *, exact: bool = False) -> str:
    attributes = list(next(iter(rows.values())))
    lines = ["| |" + "|".join(f" {name} " for name in attributes) + "|", "|---" * (len(attributes) + 1) + "|"]
    for name, found in rows.items():
        lines.append(f"| {name} | " + " | ".join(_cell(found.get(each), exact=exact) for each in attributes) + " |")
    return "\n".join(lines) + "\n"


def _cell(found: Measures | None, *, exact: bool) -> str:
    if found is None:
        return "–"
    if exact:
        return (
            f"r {found.pearson}, ρ {found.within}, RMSE {found.rmse}; 90 % interval holds {found.coverage:.0%}, "
            f"{found.calibrated:.0%} in calibration, n = {found.stimuli}"
        )
    return f"{found.pearson.value:.3f} / {found.within.value:.3f} / {found.rmse.value:.1f}"


@torch.no_grad()
def _probes(gathered: Gathered, recipe: FitRecipe) -> str:
    lines = ["| | reference | silence | low-pass 3.5 kHz | clicks |", "|---|---|---|---|---|"]
    for rated in gathered.rated(recipe):
        head = fit.fit_head(rated, recipe)
        found = head(torch.from_numpy(rated.raw).float()).mean.numpy()
        cells = [found[rated.condition == name] for name in ("reference", *config.PROBES)]
        lines.append(f"| {rated.attribute} | " + " | ".join(f"{c.mean():.0f}" if len(c) else "–" for c in cells) + " |")
    return "\n".join(lines) + "\n"


def _across(gathered: Gathered, recipe: FitRecipe) -> str:
    """Return how heads of one test order the stimuli of the other."""
    ratings, pairs = gathered.given
    heads = {each.attribute: fit.fit_head(each, recipe) for each in gathered.rated(recipe)}

    def said(asked: str, fitted: str) -> pd.DataFrame:
        return foreseen(ratings[ratings["attribute"] == asked], pairs, recipe, gathered.cache, (fitted, heads[fitted]))

    quality, interference = (said("similarity", name) for name in ("quality", "interference"))
    both = np.stack([quality["predicted"], interference["predicted"]])
    rows = {
        ("similarity", "quality"): quality,
        ("similarity", "interference"): interference,
        ("similarity", "mean of quality and interference"): quality.assign(predicted=both.mean(axis=0)),
        ("similarity", "lower of quality and interference"): quality.assign(predicted=both.min(axis=0)),
        ("quality", "similarity"): said("quality", "similarity"),
        ("interference", "similarity"): said("interference", "similarity"),
    }
    lines = ["| asked | fitted | r | ρ |", "|---|---|---|---|"]
    for (asked, fitted), predicted in rows.items():
        found = measure(predicted, recipe.seed)
        lines.append(f"| {asked} | {fitted} | {found.pearson} | {found.within} |")
    return "\n".join(lines) + "\n"


def _degradation(gathered: Gathered, data: Path, recipe: FitRecipe) -> str:
    """Return the section on degradation, also as the similarity of sisec2018 sees it."""
    ratings, pairs = degraded(data)
    (rated,) = fit.gather(screen(ratings).keep(ratings), pairs, recipe, cache=gathered.cache)
    (similar,) = (each for each in gathered.rated(recipe) if each.attribute == "similarity")
    songs = ratings[ratings["study"] == "gensvs2025"]
    asked = ("similarity", fit.fit_head(similar, recipe))
    found = measure(foreseen(songs, pairs, recipe, gathered.cache, asked), recipe.seed)
    return honesty.degradation(rated, recipe, {"similarity of sisec2018, zero-shot": found})


@torch.no_grad()
def foreseen(
    ratings: pd.DataFrame, pairs: Sequence[Pair], recipe: FitRecipe, cache: Path, asked: tuple[str, Head]
) -> pd.DataFrame:
    """Return what a head that was fitted to one attribute says of systems that were rated on another."""
    attribute, head = asked
    (rated,) = fit.gather(ratings.assign(attribute=attribute), pairs, recipe, cache=cache)
    systems = rated.only(rated.systems)
    found = head(torch.from_numpy(systems.raw).float())
    columns = {"low": found.low, "high": found.high, "in_calibration": found.in_calibration, "predicted": found.mean}
    said = {name: values.numpy() for name, values in columns.items()}
    return pd.DataFrame({"item": systems.item, "rated": systems.score, **said})


def _ridge(gathered: Gathered, recipe: FitRecipe) -> str:
    few = recipe.model_copy(update={"members": {"few": {"general": objective_ridge.FEW}}, "flaws": {}})
    members, ridge = (
        next(each for each in gathered.rated(chosen) if each.attribute == "quality") for chosen in (recipe, few)
    )
    return objective_ridge.section(members, ridge, recipe)


def _ears(page: Path) -> str:
    """Return the section on ears with the table that benchmarks/ears.py wrote into the page."""
    stands = page.read_text(encoding="utf-8") if page.exists() else ears.START + ears.END
    return ears.SECTION + ears.START + stands.split(ears.START)[1].split(ears.END)[0] + ears.END + "\n"


def _few(gathered: Gathered, recipe: FitRecipe) -> str:
    ratings, pairs = gathered.given
    alone = recipe.model_copy(update={"ends": config.Ends(raters=0)})
    curves = [
        learning_curve(ratings, refitter(ratings, pairs, each, cache=gathered.cache), seed=1)
        for each in (alone, recipe)
    ]
    text = []
    for attribute, told in curves[1].items():
        plain = {(point.songs, point.raters): point for point in curves[0][attribute].points}
        songs, raters = (sorted({getattr(point, of) for point in told.points}) for of in ("songs", "raters"))
        cells = {(point.songs, point.raters): point for point in told.points}
        text.append(f"| {attribute} | " + " | ".join(f"{count} raters" for count in raters) + " |")
        text.append("|---" * (len(raters) + 1) + "|")
        for number in songs:
            row = [(plain[number, many], cells[number, many]) for many in raters]
            text.append(f"| {number} songs | " + " | ".join(f"{a.rmse:.1f} / {b.rmse:.1f}" for a, b in row) + " |")
        text.append("")
    return "\n".join(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--work", "--output"):
        parser.add_argument(name, type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
