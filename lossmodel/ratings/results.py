"""What an analysis computes from a ratings table, before anything is drawn or written.

Each panel (one study, one attribute, people or simulated) is analysed twice: all assessors, and those whom the
screening keeps. Nothing is pooled over panels.
"""

from dataclasses import dataclass

import pandas as pd

from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent
from lossmodel.ratings import describe
from lossmodel.ratings.across import Across, across
from lossmodel.ratings.comparisons import comparisons
from lossmodel.ratings.describe import Summary
from lossmodel.ratings.estimate import Estimate
from lossmodel.ratings.expertise import Expertise, expertise
from lossmodel.ratings.inference import anova, mixed_anova, pairs
from lossmodel.ratings.inference.anova import Effect
from lossmodel.ratings.inference.assumptions import Check, assumptions
from lossmodel.ratings.inference.cube import cube
from lossmodel.ratings.inference.pairs import Difference
from lossmodel.ratings.inference.preference import Preference, preference
from lossmodel.ratings.opinion import Opinion, opinion
from lossmodel.ratings.order import Drift, drift
from lossmodel.ratings.panels import PanelKey, panels
from lossmodel.ratings.predicted import Agreement, Predictions, agreement
from lossmodel.ratings.reliability import reliability
from lossmodel.ratings.screening import Screening, screen, with_and_without
from lossmodel.ratings.thresholds import Rules

MAX_MARGIN_POINTS = 100.0
EVERYBODY_EXCLUDED = "The screening excludes every assessor: the results below use all ratings, without screening."


@dataclass(frozen=True, eq=False)
class Findings:
    """What one set of assessors of a panel found; `letters` are by condition, `effects` of systems only.

    `preference` is None where the ratings are no comparisons of two, `opinion` where they are no grades.
    """

    ratings: pd.DataFrame
    summaries: list[Summary]
    items: list[Summary]
    differences: list[Difference]
    letters: dict[str, str]
    effects: list[Effect]
    checks: list[Check]
    agreement: dict[str, Estimate]
    preference: Preference | None
    opinion: Opinion | None
    drift: Drift


@dataclass(frozen=True, eq=False)
class Panel:
    """One panel before (`everybody`) and after screening (`kept`); `warning` is "" or what stands on top of it.

    `predicted` compares what is kept with predictions; None where there are none.
    """

    key: PanelKey
    everybody: Findings
    kept: Findings
    comparison: pd.DataFrame
    excluded: int
    warning: str
    expertise: list[Expertise]
    """Of everybody; empty where nobody rated three systems twice."""
    predicted: Agreement | None


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything that is computed.

    `margin` is the difference in points that matters to nobody, `baseline` the system that the others are set against;
    None: not told.
    """

    ratings: pd.DataFrame
    screening: Screening
    panels: list[Panel]
    across: Across | None
    """What several studies of people say of the same conditions, after screening; None for one study."""
    seed: int
    margin: float | None = None
    baseline: str | None = None

    @property
    def progress_steps(self) -> int:
        """Return how often `compute` reports, and once more for whoever writes its results down."""
        return len(self.panels) + 1


def compute(
    ratings: pd.DataFrame,
    *,
    rules: Rules | None = None,
    seed: int = 0,
    margin: float | None = None,
    baseline: str | None = None,
    predictions: Predictions | None = None,
    report: Report = silent,
) -> Analysis:
    """Return the analysis of a checked ratings table.

    `BadInput` for a `margin` off the scale, and for a `baseline` that is no system of the table.
    """
    if margin is not None and not 0 < margin <= MAX_MARGIN_POINTS:
        raise BadInput(f"margin {margin:g}: choose points above 0 and up to {MAX_MARGIN_POINTS:g}")
    systems = sorted(set(ratings.loc[ratings["role"] == "system", "condition"]))
    if baseline is not None and baseline not in systems:
        raise BadInput(f"baseline {baseline}: no system is called so; choose one of {', '.join(systems) or 'none'}")
    screening = screen(ratings, rules, seed=seed)
    found: list[Panel] = []
    parts = list(panels(ratings))
    for key, own in parts:
        found.append(_panel(key, own, screening, predictions, seed))
        report(len(found), len(parts) + 1)
    people = screening.keep(ratings[~ratings["simulated"]])
    several = across(people) if len(people["study"].unique()) > 1 else None
    return Analysis(ratings, screening, found, several, seed, margin, baseline)


def find(ratings: pd.DataFrame, *, seed: int = 0) -> Findings:
    """Return what the ratings of one panel say. Differences and effects are those of the systems under test."""
    systems = ratings[ratings["role"] == "system"]
    differences, letters, effects, checks = _compared(systems, seed) if len(systems) else ([], {}, [], [])
    summaries, items = describe.summaries(ratings, seed=seed), describe.item_summaries(ratings, seed=seed)
    compared = comparisons(ratings)
    return Findings(
        ratings,
        summaries,
        items,
        differences,
        letters,
        effects,
        checks,
        reliability(ratings, seed=seed),
        preference(compared) if compared else None,
        opinion(ratings, [*summaries, *items], seed=seed),
        drift(ratings),
    )


def _compared(systems: pd.DataFrame, seed: int) -> tuple[list[Difference], dict[str, str], list[Effect], list[Check]]:
    scores = cube(systems)
    differences = pairs.differences(scores, seed=seed)
    letters = pairs.letters(pairs.by_mean(scores), differences)
    complete = [*anova.omnibus(scores), anova.interaction(scores)]
    effects = complete if scores.is_complete else [mixed_anova.condition_effect(scores), *complete]
    return differences, letters, effects, assumptions(scores)


def _panel(key: PanelKey, own: pd.DataFrame, screening: Screening, predictions: Predictions | None, seed: int) -> Panel:
    kept = screening.keep(own)
    excluded = own["assessor"].nunique() - kept["assessor"].nunique()
    everybody = find(own, seed=seed)
    after = find(kept, seed=seed) if excluded and len(kept) else everybody
    warning = EVERYBODY_EXCLUDED if kept.empty else ""
    compared = agreement(after.ratings, predictions, key.attribute, seed=seed) if predictions else None
    moved, gauged = with_and_without(own, screening), expertise(own, seed=seed)
    return Panel(key, everybody, after, moved, excluded, warning, gauged, compared)
