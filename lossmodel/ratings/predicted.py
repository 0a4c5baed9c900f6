"""How ratings lie to what an objective, or any other measure, had predicted of the same stimuli."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from lossmodel.cells import restored
from lossmodel.errors import BadInput
from lossmodel.ratings.estimate import Estimate, Values, bootstrap, missing

KEY_COLUMNS: Final = ["item", "condition"]
MIN_STIMULI: Final = 3
NOT_TOLD: Final = "whether these ratings were among those it was fitted to is not told"


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predicted ratings: `values` with item, condition and, an attribute, `A` and maybe `A_low`, `A_high` (0-100)."""

    values: pd.DataFrame
    source: str
    """What predicted, in words."""
    standing: str = NOT_TOLD
    """Whether what predicted had seen the ratings that it is compared with, in words."""


@dataclass(frozen=True)
class Point:
    """One stimulus: its mean rating, and what was predicted with its interval (None: none told)."""

    item: str
    condition: str
    rated: float
    assessors: int
    predicted: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Agreement:
    """The systems' stimuli of a panel that were predicted. `r` is Pearson's, `rho` Spearman's, `rmse` in points."""

    points: list[Point]
    r: Estimate
    rho: Estimate
    rmse: float
    source: str
    standing: str


def read(path: Path) -> Predictions:
    """Read what `lossmodel score` writes; `BadInput` names the file and what it lacks."""
    try:
        values = pd.read_csv(path, keep_default_na=False, na_values=[""], encoding="utf-8-sig", dtype={"item": str})
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except (UnicodeDecodeError, OSError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise BadInput(f"{path}: not a CSV file in UTF-8 ({error})") from None
    if lacking := [name for name in KEY_COLUMNS if name not in values]:
        raise BadInput(f"{path}: no column {lacking[0]!r}; give what `lossmodel score` writes")
    if values[KEY_COLUMNS].isna().any(axis=None):
        row = int(values[KEY_COLUMNS].isna().any(axis=1).argmax()) + 2
        raise BadInput(f"{path}: row {row} has no {' or no '.join(KEY_COLUMNS)}; give what `lossmodel score` writes")
    values[KEY_COLUMNS] = values[KEY_COLUMNS].astype(str).map(restored)
    if values.duplicated(KEY_COLUMNS).any():
        item, condition = values.loc[values.duplicated(KEY_COLUMNS), KEY_COLUMNS].iloc[0]
        raise BadInput(f"{path}: {item}, {condition} is there twice; keep one prediction of each stimulus")
    return Predictions(values, path.name)


def agreement(panel: pd.DataFrame, predictions: Predictions, attribute: str, *, seed: int = 0) -> Agreement | None:
    """Return how the mean ratings of the systems in one panel lie to the predictions; None without any in common."""
    if attribute not in predictions.values:
        return None
    systems = panel[panel["role"] == "system"]
    own = systems.groupby([*KEY_COLUMNS, "assessor"])["score"].mean().groupby(KEY_COLUMNS).agg(["mean", "count"])
    both = own.reset_index().merge(predictions.values, on=KEY_COLUMNS).dropna(subset=[attribute])
    if both.empty:
        return None
    points = [_point(row, attribute, predictions.source) for row in both.to_dict("records")]
    rated, told = both["mean"].to_numpy(np.float64), pd.to_numeric(both[attribute]).to_numpy(np.float64)
    items = both["item"].to_numpy(str)
    r, rho = (_correlation(name, rated, told, items, seed) for name in ("Pearson's r", "Spearman's rho"))
    rmse = float(np.sqrt(((rated - told) ** 2).mean()))
    return Agreement(points, r, rho, rmse, predictions.source, predictions.standing)


def _point(row: Mapping[Any, Any], attribute: str, source: str) -> Point:
    try:
        low, high = (_number(row.get(f"{attribute}{end}")) for end in ("_low", "_high"))
        rated, told = _number(row["mean"]) or 0.0, _number(row[attribute]) or 0.0
    except ValueError as error:
        raise BadInput(f"{source}: {row['item']}, {row['condition']}, {attribute}: {error}; give a number") from None
    return Point(str(row["item"]), str(row["condition"]), rated, int(row["count"]), told, low, high)


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _correlation(name: str, rated: Values, told: Values, items: np.ndarray, seed: int) -> Estimate:
    songs = [np.flatnonzero(items == song) for song in np.unique(items)]
    rule = f"{name}, {len(rated)} stimuli of {len(songs)} items; 95 % by bootstrap over items"
    if len(rated) < MIN_STIMULI or np.ptp(rated) == 0 or np.ptp(told) == 0:
        return missing(len(rated), f"{rule}: too few, or no spread")
    correlate = _spearman if name.startswith("Spearman") else _pearson
    whole = correlate(rated, told)
    if len(songs) == 1:
        return Estimate(whole, float("nan"), float("nan"), len(rated), f"{rule}: one item gives no interval")

    def drawn(at: np.ndarray) -> float:
        rows = np.concatenate([songs[song] for song in at])
        return correlate(rated[rows], told[rows])

    low, high = bootstrap(drawn, len(songs), seed=seed)
    return Estimate(whole, low, high, len(rated), rule)


def _pearson(one: Values, other: Values) -> float:
    return float(np.corrcoef(one, other)[0, 1]) if np.ptp(one) and np.ptp(other) else float("nan")


def _spearman(one: Values, other: Values) -> float:
    return float(spearmanr(one, other).statistic) if np.ptp(one) and np.ptp(other) else float("nan")
