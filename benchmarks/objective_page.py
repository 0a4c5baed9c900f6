"""What each part of the objective's form is worth: writes docs/objective.md from the published listening tests.

OMP_NUM_THREADS=1 python benchmarks/objective_page.py --data DIR --work DIR --output docs/objective.md

DIR of --data holds ward2018/ and sisec2018/; features are kept in the work folder, the same one that
benchmarks/default_objective.py uses.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from default_objective import published

from lossmodel.objective import config, fit
from lossmodel.objective.config import FitRecipe
from lossmodel.objective.evaluate import Measures, cross_validate_gathered
from lossmodel.progress import bar
from lossmodel.ratings.screening import screen

PLAIN = ("distance", "excess_db", "lack_db")
WITHOUT_REMIX = ("distribution", "lack_db_high", "excess_db_low", "likeness_worst", "modulation_added", "texture")
ABOUT = """\
Written by `OMP_NUM_THREADS=1 python benchmarks/objective_page.py --data DIR --work DIR --output docs/objective.md`;
do not edit.

"""
FORM = """\
## The form

An estimate is compared with the reference, the accompaniment and their closest remix in 40 bands and 23 ms frames.
Each comparison yields a *distortion*: 0 where the estimate is the reference (exactly, by how it is computed), more the
more of it there is. A member of the ensemble predicts 100·σ(b − Σ w·log(1 + d/s)) with w ≥ 0, so nothing sounds better
than the reference and more of a distortion never pays. Members differ in what they measure (`recipes/compact.toml`);
the objective is their mean on the logit, their disagreement its spread. Leak is measured beside the item's own
mixture, which says how hard the item is. Weights come from non-negative least squares on the logit of mean ratings of
systems; reference and anchors hold the scale's ends at weight 0.05. Two sounds whose judgement needs no test, silence
and the reference low-passed at 3.5 kHz, settle the weights of what no rated system has, and no others.

Which features there are, their constants, and which member has which terms was chosen after looking at these tests as
a whole, by what is known of hearing first and by these figures second; weights, scales, residuals and intervals are
always fitted without the song that is predicted. Figures are therefore a little optimistic, and differences of .02 in
r are noise at 11 and 10 songs.

## What left-out songs show

Systems only, leave-one-song-out; r over all stimuli, within-song Spearman ρ, RMSE in points, each with its
95 % interval over songs.

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
    options.output.write_text(text, encoding="utf-8")
    return 0


class Gathered:
    """Ratings and stimuli once; features are gathered again for each recipe from the folder that keeps them."""

    def __init__(self, ratings: Any, pairs: Any, cache: Path, report: Any) -> None:
        self._given = ratings, pairs
        self._cache = cache
        fit.gather(ratings, pairs, config.load("compact"), cache=cache, report=report)

    def rated(self, recipe: FitRecipe) -> list[fit.Rated]:
        """Return features and mean ratings side by side, one an attribute."""
        ratings, pairs = self._given
        spoken = {name for lists in recipe.members.values() for name in lists}
        named = ratings if spoken == {config.GENERAL} else ratings[ratings["attribute"].isin(spoken)]
        return fit.gather(named, pairs, recipe, cache=self._cache)

    def judged(self, recipe: FitRecipe, by: Any = "song") -> Mapping[str, Measures]:
        """Return how well what was left out is predicted, by attribute."""
        return cross_validate_gathered(self.rated(recipe), recipe, by=by).measures


def _only(terms: tuple[str, ...]) -> Callable[[FitRecipe], FitRecipe]:
    return lambda recipe: recipe.model_copy(update={"members": {"one": {config.GENERAL: terms}}})


def _without_mixture(recipe: FitRecipe) -> FitRecipe:
    members = {
        name: {of: tuple(dict.fromkeys(term.split(" / ")[0] for term in terms)) for of, terms in lists.items()}
        for name, lists in recipe.members.items()
    }
    return recipe.model_copy(update={"members": members})


def _without_remix(recipe: FitRecipe) -> FitRecipe:
    members = {
        name: {of: WITHOUT_REMIX if of == "quality" else terms for of, terms in lists.items()}
        for name, lists in recipe.members.items()
    }
    return recipe.model_copy(update={"members": members})


def _without_probes(recipe: FitRecipe) -> FitRecipe:
    return recipe.model_copy(update={"known": {}})


def _member(name: str) -> Callable[[FitRecipe], FitRecipe]:
    return lambda recipe: recipe.model_copy(update={"members": {name: recipe.members[name]}})


VARIANTS: Mapping[str, Callable[[FitRecipe], FitRecipe]] = {
    "plain filterbank distance, ridge": _only(PLAIN),
    "leak not over the mixture's": _without_mixture,
    "quality against the reference, no remix": _without_remix,
    "silence and low-pass not told": _without_probes,
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
    lines = ["| | reference | silence | low-pass 3.5 kHz |", "|---|---|---|---|"]
    for rated in gathered.rated(recipe):
        head = fit.fit_head(rated, recipe)
        found = head(torch.from_numpy(rated.raw).float()).mean.numpy()
        cells = [found[rated.condition == name] for name in ("reference", "silence", "dull")]
        lines.append(f"| {rated.attribute} | " + " | ".join(f"{c.mean():.0f}" if len(c) else "–" for c in cells) + " |")
    return "\n".join(lines) + "\n"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--work", "--output"):
        parser.add_argument(name, type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
