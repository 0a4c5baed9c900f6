"""From cross-validated predictions to what is known of an objective: agreement, errors, what to rate next."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import pandas as pd

from lossmodel.cells import write_csv
from lossmodel.files import atomic_file, read_json
from lossmodel.manifest import Pair
from lossmodel.metrics import cached
from lossmodel.objective.config import FitRecipe
from lossmodel.objective.fitting.evaluate import Evaluation
from lossmodel.objective.fitting.refit import refitter
from lossmodel.objective.network import Objective
from lossmodel.objective.report import agreement, curve, page
from lossmodel.objective.report import contents as reports
from lossmodel.objective.report.agreement import compare_with_metrics, estimate, sampled
from lossmodel.objective.report.contents import Suggestion
from lossmodel.objective.report.residuals import COLUMN_OF, residuals
from lossmodel.objective.report.suggest import suggest
from lossmodel.objective.score import score
from lossmodel.progress import Report as Progress
from lossmodel.progress import parts, silent
from lossmodel.ratings.table import stimulus_means
from lossmodel.store import CARD_FILE

LEFT_OUT_LABELS: Final = {"song": "songs left out", "song-and-system": "songs and systems left out"}


def gather(
    evaluation: Evaluation,
    ratings: pd.DataFrame,
    pairs: Sequence[Pair],
    recipe: FitRecipe,
    *,
    cache: Path | None = None,
    report: Progress = silent,
) -> reports.Report:
    """Return the report of an evaluation of `ratings` on `pairs`.

    Metrics and features that lie in the folder `cache` are not computed again. Every draw comes from the recipe's
    seed.
    """
    measuring, learning = parts(report, 1, 1)
    values = measured(ratings, pairs, cache=cache, report=measuring)
    refit = refitter(ratings, pairs, recipe, cache=cache)
    curves = curve.learning_curve(ratings, refit, seed=recipe.seed, report=learning)
    return assemble(evaluation, ratings, values, curves, seed=recipe.seed)


def measured(
    ratings: pd.DataFrame, pairs: Sequence[Pair], *, cache: Path | None = None, report: Progress = silent
) -> pd.DataFrame:
    """Return every metric of each rated system: item, condition and a column a metric."""
    rated = ratings.loc[ratings["role"] == "system", ["item", "condition"]].drop_duplicates()
    needed = set(rated.itertuples(index=False, name=None))
    wanted = [pair for pair in pairs if (pair.item, pair.condition) in needed]
    return cached.values(wanted, folder=cache and cache / "metrics", report=report)


def assemble(
    evaluation: Evaluation,
    ratings: pd.DataFrame,
    values: pd.DataFrame,
    curves: Mapping[str, curve.Curve],
    *,
    seed: int,
) -> reports.Report:
    """Return the report of tables: predictions, the tidy ratings, metrics by stimulus, learning curves."""
    means = stimulus_means(ratings)
    groups = evaluation.predictions.groupby("attribute", sort=False)
    attributes = [
        _attribute(str(name), own, ratings[ratings["attribute"] == name], values, curves.get(str(name)), seed)
        for name, own in groups
    ]
    next_ones = suggest(evaluation.predictions, values, means)
    found = {
        "left_out": LEFT_OUT_LABELS[evaluation.by],
        "attributes": attributes,
        "suggestions": [each.model_dump() for each in next_ones],
    }
    return reports.Report.model_validate(_finite(found))


def rank(
    objective: Objective,
    ratings: pd.DataFrame,
    pairs: Sequence[Pair],
    *,
    most: int = 30,
    cache: Path | None = None,
    report: Progress = silent,
) -> list[Suggestion]:
    """Return the systems of `pairs` from whose rating the objective would learn most, with the reasons.

    `ratings` are those that it was fitted to; the auditors, and the distance to what was rated, are known from those
    of their stimuli that are among `pairs`.
    """
    systems = [pair for pair in pairs if pair.role == "system"]
    listening, measuring = parts(report, 1, 2)
    candidates = _foreseen(objective, systems, listening)
    values = cached.values(systems, folder=cache and cache / "metrics", report=measuring)
    return suggest(candidates, values, stimulus_means(ratings), most=most)


def rank_further(
    found: reports.Report,
    evaluation: Evaluation,
    objective: Objective,
    ratings: pd.DataFrame,
    pairs: Sequence[Pair],
    further: Sequence[Pair],
    *,
    cache: Path | None = None,
) -> reports.Report:
    """Return the report with `further` systems, which nobody has rated, among those that are suggested.

    The rated ones are judged by fits that had not heard their song, `further` by the objective itself.
    """
    if not further:
        return found
    candidates = pd.concat([evaluation.predictions, _foreseen(objective, further, silent)], ignore_index=True)
    values = [measured(ratings, pairs, cache=cache), cached.values(further, folder=cache and cache / "metrics")]
    chosen = suggest(candidates, pd.concat(values, ignore_index=True), stimulus_means(ratings))
    return found.model_copy(update={"suggestions": tuple(chosen)})


def _foreseen(objective: Objective, systems: Sequence[Pair], report: Progress) -> pd.DataFrame:
    """Return what the objective makes of systems, one row each and attribute, as `suggest` takes it."""
    rows = [
        {
            "item": each.item, "condition": each.condition, "attribute": attribute, "predicted": opinion.mean,
            "spread": opinion.spread, "in_calibration": opinion.in_calibration,
        }
        for each in score(objective, systems, report=report)
        for attribute, opinion in each.opinions.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def write_suggestions(path: Path, found: Sequence[Suggestion]) -> None:
    """Write suggestions as CSV, whole or not at all: a row each, best first, the reasons separated by `;`."""
    table = pd.DataFrame([each.model_dump() for each in found])
    table["reasons"] = ["; ".join(each.reasons) for each in found]
    with atomic_file(path) as part:
        write_csv(part, table.round(3))


def publish(folder: Path, report: reports.Report | None, pairs: Sequence[Pair]) -> None:
    """Write `report.json` (where there is a report) and `report.html` beside the card that stands in `folder`.

    The page names the stimuli's sounds by their paths relative to it.
    """
    sounds = {(pair.item, pair.condition): pair.estimate.resolve() for pair in pairs}

    def heard(item: str, condition: str) -> str:
        sound = sounds.get((item, condition))
        return quote(Path(os.path.relpath(sound, folder.resolve())).as_posix()) if sound else ""

    if report is not None:
        report.write(folder)
    with atomic_file(folder / reports.PAGE_FILE) as part:
        part.write_text(page.document(report, read_json(folder / CARD_FILE), heard), encoding="utf-8")


def lines(report: reports.Report) -> list[str]:
    """Return, for people, a line a metric beside the objective, and what more ratings would buy."""
    found = [
        f"{each.name}, {rival.metric} alone: {_figures(rival.measures)}; objective less {rival.metric}: "
        f"{_figures(rival.differences)}"
        for each in report.attributes
        for rival in each.rivals
    ]
    return [*found, *(f"{each.name}: {each.curve.sentence}" for each in report.attributes if each.curve)]


def _figures(measures: Mapping[str, reports.Interval]) -> str:
    words = {"pearson": "r", "spearman": "rho", "within": "within songs", "rmse": "RMSE"}
    told = (
        f"{word} {page.number(name, each.value)} [{page.reach(name, each)}]"
        for name, word in words.items()
        if (each := measures[name]).value is not None
    )
    return ", ".join(told).replace(page.MINUS_SIGN, "-")


def _attribute(
    name: str, own: pd.DataFrame, ratings: pd.DataFrame, values: pd.DataFrame, law: curve.Curve | None, seed: int
) -> dict[str, Any]:
    draws = sampled(own, seed)
    means = stimulus_means(ratings).rename(columns={"n": "people"})
    stimuli = own.merge(means[["item", "condition", "people", "half_width"]], on=["item", "condition"])
    return {
        "name": name,
        "simulated": bool(ratings["simulated"].any()),
        "stimuli": stimuli.to_dict("records"),
        "measures": {each: asdict(estimate(draws[each], len(own))) for each in (*agreement.MEASURES, "coverage")},
        "residuals": {by: [asdict(each) for each in residuals(own, ratings, by)] for by in COLUMN_OF},
        "rivals": [asdict(each) for each in compare_with_metrics(own, values, seed=seed)],
        "curve": {**asdict(law), "sentence": law.sentence} if law else None,
    }


def _finite(value: Any) -> Any:
    """Return plain values with None for what is not a finite number."""
    if isinstance(value, Mapping):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
