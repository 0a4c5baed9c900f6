"""How well measured values agree with people, metric by metric: tables, and a page of them.

Nothing is fitted, so every song counts as unseen; intervals come from resampling songs. Only systems count: hidden
reference and anchors are easy, and flatter every measure.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from lossmodel.cells import restored
from lossmodel.errors import BadInput
from lossmodel.manifest import COLUMNS as MANIFEST
from lossmodel.objective.fitting.evaluate import RESAMPLES, measure
from lossmodel.ratings.table import stimulus_means

STIMULUS_COLUMNS: Final = ["item", "condition"]
SEED: Final = 1
INTRODUCTION: Final = """\
Agreement of each metric with the mean ratings of systems (no hidden reference, no anchors): Pearson's r, Spearman's
rho, and the mean of the Spearman correlations inside each song, which is what comparing separators needs. In brackets
95 % intervals from {resamples} resamplings of songs. Nothing is fitted. Negative: lower is better. With so few songs,
differences below .03 are noise.
"""


def compare(ratings: pd.DataFrame, values: pd.DataFrame, *, seed: int = SEED) -> pd.DataFrame:
    """Return one row a study, attribute and metric, with its stimuli, songs and three estimates.

    The columns are `study`, `attribute`, `metric`, `stimuli`, `songs` and, each an `Estimate`, `pearson`, `spearman`
    and `within`. `values` has item, condition and a column a metric (`metrics.csv`, `scores.csv`). A metric counts for
    an attribute where it has values on at least three songs that are not all the same; stimuli without one are left
    out. Raises `BadInput` where ratings and values have no stimulus in common.
    """
    metrics = [str(name) for name in values if name not in MANIFEST and pd.api.types.is_numeric_dtype(values[name])]
    rows = [
        row
        for study, own in ratings.groupby("study", sort=False)
        for row in _rows(str(study), own, values, metrics, seed)
    ]
    if not rows:
        raise BadInput(
            "no rated system has measured values; items and conditions must have the same names in both files"
        )
    return pd.DataFrame(rows)


def read_values(path: Path) -> pd.DataFrame:
    """Read what `metrics` or `score` wrote; `BadInput` names a file that cannot be used."""
    try:
        values = pd.read_csv(path, dtype={"item": str, "condition": str})
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: cannot be read as a table ({error})") from None
    if missing := [name for name in STIMULUS_COLUMNS if name not in values]:
        raise BadInput(f"{path}: no column {missing[0]!r}; give a file written by python -m lossmodel metrics")
    named = {name: values[name].map(restored, na_action="ignore") for name in STIMULUS_COLUMNS}
    return values.rename(columns=restored).assign(**named)


def together(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return several tables as one."""
    return pd.concat(tables, ignore_index=True)


def page(found: pd.DataFrame, *, command: str) -> str:
    """Return the comparison as Markdown, a table a study and attribute; `command` is said to have written it."""
    lines = ["# How well metrics predict listening tests", "", f"Written by `{command}`; do not edit.", ""]
    lines.append(INTRODUCTION.format(resamples=f"{RESAMPLES:,}"))
    for (study, attribute), own in found.groupby(["study", "attribute"], sort=False):
        lines += [f"## {study}: {attribute}", "", f"{own['stimuli'].max()} stimuli, {own['songs'].max()} songs.", ""]
        lines += ["| metric | Pearson | Spearman | Spearman within songs |", "|---|---|---|---|"]
        lines += [f"| `{row.metric}` | {row.pearson} | {row.spearman} | {row.within} |" for row in own.itertuples()]
        lines += ["", *_without_values(own)]
    return "\n".join(lines)


def _without_values(own: pd.DataFrame) -> list[str]:
    """Return a paragraph that names the metrics without a value for some stimuli, which the others are judged by."""
    lacks = own["stimuli"].max() - own["stimuli"]
    named = [f"`{metric}` {count}" for metric, count in zip(own["metric"], lacks) if count]
    return [f"Stimuli without a value, left out of that row: {', '.join(named)}.", ""] if named else []


def _rows(
    study: str, ratings: pd.DataFrame, values: pd.DataFrame, metrics: list[str], seed: int
) -> Iterator[dict[str, object]]:
    means = stimulus_means(ratings)
    means = means[means["role"] == "system"].rename(columns={"mean": "rated"})
    joined = means.merge(values[[*STIMULUS_COLUMNS, *metrics]], on=STIMULUS_COLUMNS)
    for attribute, own in joined.groupby("attribute", sort=False):
        for metric in metrics:
            known = own[own[metric].notna()].assign(low=np.nan, high=np.nan, in_calibration=True)
            if known["item"].nunique() < 3 or known[metric].nunique() < 2:
                continue
            agreed = measure(known.assign(predicted=known[metric]), seed)
            yield {
                "study": study, "attribute": str(attribute), "metric": metric, "stimuli": agreed.stimuli,
                "songs": agreed.songs, "pearson": agreed.pearson, "spearman": agreed.spearman, "within": agreed.within,
            }  # fmt: skip
