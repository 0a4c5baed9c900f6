"""Which stimuli to rate next: where the objective is least sure, least believed, or has heard nothing alike.

Three reasons, each as the place among the candidates (0 the weakest, 1 the strongest), averaged with equal weights:
the ensemble disagrees; the metrics that agree with listeners (the auditors) expect another rating; nothing alike was
rated. The list is made one after the other, and what stands on it counts as rated for the third reason, so that it does
not name the same thing twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from lossmodel.metrics.families import HIGHER_IS_BETTER
from lossmodel.objective.report.contents import Suggestion

Numbers = NDArray[np.float64]
Key = tuple[str, str]
Row = Mapping[Any, Any]

MIN_AUDITOR_CORRELATION: Final = 0.5
"""Correlation with the mean ratings, in the direction in which a metric is better, from which it is an auditor."""
MAX_AUDITORS: Final = 3
"""How many metrics audit an attribute at most: those that agree best."""

STIMULUS_COLUMNS: Final = ["item", "condition"]
NOTABLE_CONFLICT_POINTS: Final = 10.0
"""Points between objective and auditors that are worth a word."""
NOTABLE_ENSEMBLE_SD_POINTS: Final = 4.0
"""Standard deviation of the ensemble in points that is worth a word."""
NOTABLE_DISTANCE_RATIO: Final = 1.5
"""Distance, against the usual, that is worth a word."""


def suggest(candidates: pd.DataFrame, values: pd.DataFrame, means: pd.DataFrame, *, most: int = 30) -> list[Suggestion]:
    """Return up to `most` stimuli, the most useful first; the same tables give the same list.

    `candidates` has one row a stimulus and attribute: item, condition, attribute, predicted (0-100), spread (the
    ensemble's standard deviation in points) and in_calibration; `values` has item, condition and a column a metric, of
    candidates and rated stimuli; `means` are the mean ratings (`lossmodel.ratings.table.stimulus_means`).
    """
    means = means[means["role"] == "system"]
    audited = candidates.merge(
        _expected_by_auditors(candidates, values, means), on=[*STIMULUS_COLUMNS, "attribute"], how="left"
    )
    audited["conflict"] = (audited["predicted"] - audited["auditors"]).fillna(0.0)
    for name in ("predicted", "auditors"):
        audited[f"place_{name}"] = audited.groupby(["item", "attribute"])[name].rank(ascending=False, method="min")
    widest, oddest = _largest(audited, "spread"), _largest(audited, "conflict")
    people: dict[Key, int] = {}
    for item, condition, count in zip(means["item"], means["condition"], means["n"]):
        people[item, condition] = max(int(count), people.get((item, condition), 0))
    sure = _places(pd.Series({key: row["spread"] for key, row in widest.items()}))
    sure += _places(pd.Series({key: abs(row["conflict"]) for key, row in oddest.items()}))
    inside = audited.groupby(STIMULUS_COLUMNS)["in_calibration"].all().to_dict()
    return [
        Suggestion(
            item=key[0],
            condition=key[1],
            score=score,
            disagreement=float(widest[key]["spread"]),
            conflict=float(oddest[key]["conflict"]),
            distance=distance,
            ratings=people.get(key, 0),
            reasons=tuple(_reasons(widest[key], oddest[key], distance, outside=not inside[key])),
        )
        for key, score, distance in _chosen_greedily(sure, _MetricSpace.of(values, set(people)), most)
    ]


@dataclass(frozen=True)
class _MetricSpace:
    """Where stimuli lie in the space of all metrics, each in standard deviations of the rated ones."""

    places: Mapping[Key, Numbers]
    rated: Numbers
    usual: float

    @classmethod
    def of(cls, values: pd.DataFrame, rated: set[Key]) -> "_MetricSpace":
        keys = [(str(item), str(condition)) for item, condition in values[STIMULUS_COLUMNS].itertuples(index=False)]
        raw = values.drop(columns=STIMULUS_COLUMNS).to_numpy(dtype=float)
        known = np.array([key in rated for key in keys])
        basis = raw[known] if known.any() else raw
        measured = np.isfinite(basis).any(axis=0)
        if not measured.any():
            return cls({}, np.empty((0, 0)), 1.0)
        raw, basis = raw[:, measured], basis[:, measured]
        z = np.nan_to_num((raw - np.nanmean(basis, axis=0)) / (np.nanstd(basis, axis=0) + 1e-9))
        songs = np.array([item for item, _ in keys])[known]
        usual = [_nearest(place, z[known][songs != song]) for place, song in zip(z[known], songs)]
        finite = [each for each in usual if np.isfinite(each)]
        return cls(dict(zip(keys, z)), z[known], float(np.median(finite)) if finite else 1.0)

    def distance(self, key: Key, further: Sequence[Key]) -> float:
        """Return the distance to the nearest of the rated and `further`, against the usual; 0 for no place."""
        if key not in self.places:
            return 0.0
        others = [*self.rated, *(self.places[each] for each in further if each in self.places)]
        nearest = _nearest(self.places[key], np.array(others))
        return nearest / max(self.usual, 1e-9) if np.isfinite(nearest) else 0.0


def _chosen_greedily(sure: pd.Series, where: _MetricSpace, most: int) -> list[tuple[Key, float, float]]:
    """Return (stimulus, score, distance) one after the other, each chosen knowing those before it.

    `sure` is the sum of the places that do not depend on what was chosen.
    """
    left: list[Key] = list(sure.index)
    chosen: list[tuple[Key, float, float]] = []
    while left and len(chosen) < most:
        taken = [key for key, *_ in chosen]
        distances = pd.Series({key: where.distance(key, taken) for key in left})
        scores = (sure.reindex(distances.index) + _places(distances)) / 3
        best = max(left, key=lambda key: (float(scores[key]), key))
        chosen.append((best, float(scores[best]), float(distances[best])))
        left.remove(best)
    return chosen


def _expected_by_auditors(candidates: pd.DataFrame, values: pd.DataFrame, means: pd.DataFrame) -> pd.DataFrame:
    """Return what the auditors of each attribute expect of each candidate: item, condition, attribute, auditors, by.

    Each auditor is put on the scale by a line fitted to the rated stimuli of other songs; their median counts.
    """
    names = [str(name) for name in values if name not in STIMULUS_COLUMNS]
    rows: list[dict[str, object]] = []
    for attribute, own in means.groupby("attribute"):
        rated = own.merge(values, on=STIMULUS_COLUMNS)
        agreement = {name: _agreement(rated, name) for name in names}
        best = sorted(names, key=lambda name: (-agreement[name], name))[:MAX_AUDITORS]
        auditors = [name for name in best if agreement[name] >= MIN_AUDITOR_CORRELATION]
        wanted = candidates.loc[candidates["attribute"] == attribute, STIMULUS_COLUMNS].merge(
            values, on=STIMULUS_COLUMNS
        )
        for item, theirs in wanted.groupby("item") if auditors else ():
            others = rated[rated["item"] != item]
            expected = np.nanmedian([_expected(others, theirs, name) for name in auditors], axis=0)
            rows += [
                {"item": item, "condition": name, "attribute": attribute, "auditors": value, "by": ", ".join(auditors)}
                for name, value in zip(theirs["condition"], expected)
            ]
    return pd.DataFrame(rows, columns=[*STIMULUS_COLUMNS, "attribute", "auditors", "by"])


def _agreement(rated: pd.DataFrame, name: str) -> float:
    known = rated[rated[name].notna()]
    if len(known) < 3 or known[name].nunique() < 2 or known["mean"].nunique() < 2:
        return 0.0
    return float(known["mean"].corr(known[name])) * (1 if name in HIGHER_IS_BETTER else -1)


def _expected(others: pd.DataFrame, theirs: pd.DataFrame, name: str) -> Numbers:
    known = others[others[name].notna()]
    if known[name].nunique() < 2:
        return np.full(len(theirs), np.nan)
    slope, level = np.polyfit(known[name].to_numpy(dtype=float), known["mean"].to_numpy(dtype=float), 1)
    return np.asarray(np.clip(slope * theirs[name].to_numpy(dtype=float) + level, 0, 100), dtype=np.float64)


def _largest(table: pd.DataFrame, column: str) -> dict[Key, Row]:
    """Return, by item and condition, the row of the attribute in which `column` is furthest from 0."""
    order = table.assign(size=table[column].abs()).sort_values([*STIMULUS_COLUMNS, "size", "attribute"])
    rows = order.groupby(STIMULUS_COLUMNS).tail(1).to_dict("records")
    return {(str(row["item"]), str(row["condition"])): row for row in rows}


def _places(values: pd.Series) -> pd.Series:
    """Return each value's place among all, 0 for the smallest to 1 for the largest; all 0 where they are alike."""
    if len(values) < 2 or values.nunique() < 2:
        return pd.Series(0.0, index=values.index)
    return pd.Series((rankdata(values, method="min") - 1) / (len(values) - 1), index=values.index)


def _nearest(place: Numbers, others: Numbers) -> float:
    if not len(others):
        return float("inf")
    return float(np.sqrt(np.mean((others - place) ** 2, axis=1)).min())


def _reasons(widest: Row, oddest: Row, distance: float, *, outside: bool) -> list[str]:
    """Return why, in words; what is below every threshold says so."""
    found = []
    if widest["spread"] >= NOTABLE_ENSEMBLE_SD_POINTS:
        found.append(f"the ensemble disagrees by ±{widest['spread']:.0f} points on {widest['attribute']}")
    if abs(oddest["conflict"]) >= NOTABLE_CONFLICT_POINTS:
        found.append(
            f"{oddest['attribute']}: objective {oddest['predicted']:.0f}, place {oddest['place_predicted']:.0f} in its "
            f"song; auditors {oddest['auditors']:.0f}, place {oddest['place_auditors']:.0f} ({oddest['by']})"
        )
    if outside:
        found.append("out of calibration: unlike anything rated on other songs")
    elif distance >= NOTABLE_DISTANCE_RATIO:
        found.append(f"{distance:.1f} times the typical distance from anything rated")
    return found or ["nothing notable"]
