"""From a ratings table to a folder that a researcher can look at, publish and compute with."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lossmodel.files import whole_folder, write_json
from lossmodel.progress import Report, silent
from lossmodel.ratings import figures, page, table
from lossmodel.ratings.estimate import Estimate
from lossmodel.ratings.reliability import reliability
from lossmodel.ratings.screening import PANEL, Rules, Screening, screen, with_and_without
from lossmodel.ratings.statistics import Difference, Effect, Summary, effects, neighbours, summaries

STEPS = 6


@dataclass(frozen=True)
class Analysis:
    """Everything that is computed; statistics are those of the assessors who were kept."""

    ratings: pd.DataFrame
    screening: Screening
    agreement: dict[str, dict[str, Estimate]]
    summaries: list[Summary]
    differences: list[Difference]
    effects: list[Effect]
    means: pd.DataFrame
    comparison: pd.DataFrame

    @property
    def attributes(self) -> list[str]:
        """Return the attributes that were rated, sorted."""
        return sorted({each.attribute for each in self.summaries})


def analyse(
    ratings: pd.DataFrame, output: Path, *, rules: Rules | None = None, seed: int = 0, report: Report = silent
) -> Analysis:
    """Analyse a checked ratings table and write the folder `output`, whole or not at all; return what was found.

    The folder holds `index.html` to look at, figures as SVG, `screening.json|csv` (who is excluded and why, who was
    counted), `with_and_without.csv` (what the screening changes), `reliability.json`, `statistics.json`,
    `conditions.csv` and `means.csv` (one row a stimulus).
    """
    found = compute(ratings, rules=rules, seed=seed, report=report)
    with whole_folder(output) as folder:
        _write_tables(folder, found)
        drawn = list(_draw(folder, found))
        (folder / "index.html").write_text(page.render(found, drawn), encoding="utf-8")
    report(STEPS, STEPS)
    return found


def compute(ratings: pd.DataFrame, *, rules: Rules | None = None, seed: int = 0, report: Report = silent) -> Analysis:
    """Return the analysis of a checked ratings table."""
    screening = screen(ratings, rules)
    kept = screening.keep(ratings)
    report(1, STEPS)
    panels = kept.groupby(PANEL, sort=True)
    agreement = {f"{study}, {attribute}": reliability(own, seed=seed) for (study, attribute), own in panels}
    report(2, STEPS)
    described = summaries(kept, seed=seed)
    report(3, STEPS)
    differences = neighbours(kept, seed=seed)
    report(4, STEPS)
    found = effects(kept)
    report(5, STEPS)
    means, comparison = table.stimulus_means(kept), with_and_without(ratings, screening)
    return Analysis(ratings, screening, agreement, described, differences, found, means, comparison)


def _write_tables(folder: Path, found: Analysis) -> None:
    write_json(folder / "screening.json", found.screening.to_json())
    tallies = [asdict(each) | {"share": each.share} for each in found.screening.tallies]
    pd.DataFrame(tallies).to_csv(folder / "screening.csv", index=False)
    agreement = {panel: {name: plain(each) for name, each in own.items()} for panel, own in found.agreement.items()}
    write_json(folder / "reliability.json", agreement)
    statistics = {"differences": _plain(found.differences), "effects": _plain(found.effects)}
    write_json(folder / "statistics.json", statistics)
    pd.DataFrame([asdict(each) for each in found.summaries]).to_csv(folder / "conditions.csv", index=False)
    found.means.to_csv(folder / "means.csv", index=False)
    found.comparison.to_csv(folder / "with_and_without.csv", index=False)


def _draw(folder: Path, found: Analysis) -> Iterator[tuple[str, str]]:
    """Write the figures; yield file name and what it shows."""
    for number, attribute in enumerate(found.attributes, start=1):
        own = [each for each in found.summaries if each.attribute == attribute]
        stem = f"{number}-{re.sub(r'[^A-Za-z0-9_]+', '-', attribute).strip('-')}"
        figures.boxes(folder / f"{stem}-medians.svg", own)
        yield f"{stem}-medians.svg", f"{attribute}: median and quartiles of each condition"
        figures.means(folder / f"{stem}-means.svg", own)
        yield f"{stem}-means.svg", f"{attribute}: mean and 95 % confidence interval of each condition"
    figures.screening(folder / "screening.svg", found.screening)
    yield "screening.svg", "Post-screening: share of items that each assessor missed, and the limit"


def plain(each: Estimate | Difference | Effect) -> dict[str, Any]:
    """Return the fields with None for NaN, which JSON does not know."""
    values = asdict(each)
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()}


def _plain(each: Sequence[Difference] | Sequence[Effect]) -> list[dict[str, Any]]:
    return [plain(one) for one in each]
