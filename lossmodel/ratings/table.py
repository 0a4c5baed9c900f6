"""The tidy table of ratings: one row a rating, typed and checked once, where it comes in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import t as student

from lossmodel.cells import restored, write_csv
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file
from lossmodel.manifest import ROLES

TEXT_COLUMNS: Final = ("study", "session", "assessor", "attribute", "item", "condition", "role")
INTEGER_COLUMNS: Final = ("replicate", "trial", "position")
REAL_COLUMNS: Final = ("score", "seconds")
COLUMNS: Final = (*TEXT_COLUMNS, *INTEGER_COLUMNS, *REAL_COLUMNS, "simulated")
NON_EMPTY_COLUMNS: Final = ("assessor", "attribute", "item", "condition", "role", "replicate", "score", "simulated")
"""Columns in which no cell may be empty; the others may be, where a test did not record them."""

STIMULUS_COLUMNS: Final = ["attribute", "item", "condition", "role"]
RATING_KEY_COLUMNS: Final = ["study", "session", "assessor", "attribute", "item", "condition", "replicate"]
"""What makes a rating one: a second row with the same values is an error."""
PART_COLUMN: Final = "part"
"""A further column of tests that show an item on several pages, such as pairs: which of them it was."""

BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def read(path: Path) -> pd.DataFrame:
    """Read `ratings.csv` as `check` returns it; `BadInput` names file, row (the header is row 1) and value."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except (UnicodeDecodeError, OSError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise BadInput(f"{path}: not a CSV file in UTF-8 ({error})") from None
    return check(frame.map(restored), name=str(path))


def read_all(paths: Sequence[Path]) -> pd.DataFrame:
    """Read one or several files as `read` does, into one checked table; `BadInput` where two hold the same rating."""
    if not paths:
        raise BadInput("no ratings: name at least one file")
    if len(paths) == 1:
        return read(paths[0])
    return check(pd.concat([read(path) for path in paths], ignore_index=True), name=", ".join(map(str, paths)))


def check(frame: pd.DataFrame, *, name: str = "ratings") -> pd.DataFrame:
    """Return the ratings typed, with `COLUMNS` first and in order; extra columns follow as they are.

    Text columns are `str`, `replicate` (0 the first rating of a stimulus by an assessor, 1 the second …), `trial`
    and `position` are `Int64`, `score` (0–100) and `seconds` are floats, `simulated` is bool. Raises `BadInput` for
    a missing column, an empty or unreadable cell, a score outside 0–100, an unknown role, and a rating given twice.
    """
    if missing := [column for column in COLUMNS if column not in frame]:
        raise BadInput(f"{name}: no column {missing[0]!r}; the columns are {', '.join(COLUMNS)}")
    if frame.empty:
        raise BadInput(f"{name}: no ratings")
    extra = [column for column in frame if column not in COLUMNS]
    frame = frame[[*COLUMNS, *extra]].reset_index(drop=True)
    cells = frame[list(COLUMNS)].astype("string").apply(lambda column: column.str.strip()).replace("", pd.NA)
    for column in NON_EMPTY_COLUMNS:
        _refuse(name, cells, column, cells[column].isna(), "a value is required")
    frame[list(TEXT_COLUMNS)] = cells[list(TEXT_COLUMNS)].fillna("").astype(object)
    for column in (*INTEGER_COLUMNS, *REAL_COLUMNS):
        frame[column] = _numbers(name, cells, column)
    frame["simulated"] = _booleans(name, cells, "simulated")
    _check_values(name, frame, cells)
    return frame


def write(path: Path, frame: pd.DataFrame) -> None:
    """Write the ratings, checked, as CSV that `read` reads: whole or not at all."""
    checked = check(frame, name=str(path))
    with atomic_file(path) as part:
        write_csv(part, checked)


def with_part(frame: pd.DataFrame, columns: list[str]) -> list[str]:
    """Return `columns` and, where the ratings have one, the column that tells an item's pages apart."""
    return [*columns, PART_COLUMN] if PART_COLUMN in frame else columns


def stimulus_means(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Return one row a stimulus: `STIMULUS_COLUMNS`, then `mean`, `sd`, `n` and the CI's `half_width` over assessors.

    An assessor's replicates are averaged first, so that `n` counts people. The half width is Student's t at
    `level`; `sd` and `half_width` are NaN for a single assessor.
    """
    own = frame.groupby([*STIMULUS_COLUMNS, "study", "assessor"], sort=True)["score"].mean()
    means = own.groupby(STIMULUS_COLUMNS).agg(["mean", "std", "count"]).reset_index()
    means = means.rename(columns={"std": "sd", "count": "n"})
    people = means["n"].to_numpy(dtype=float)
    quantile = student.ppf(0.5 + level / 2, np.where(people > 1, people - 1, np.nan))
    means["half_width"] = quantile * means["sd"] / np.sqrt(people)
    return means


def _numbers(name: str, cells: pd.DataFrame, column: str) -> pd.Series:
    truths = cells[column].str.lower().map(BOOLEANS).astype("Float64")
    found = pd.to_numeric(cells[column], errors="coerce").astype("Float64")
    if column == "replicate":
        found = found.fillna(truths)
    wrong = found.isna() & cells[column].notna() | found.abs().eq(np.inf).fillna(False)
    if column in REAL_COLUMNS:
        _refuse(name, cells, column, wrong, "a number is required")
        return found.astype(float)
    wrong |= found.mod(1).ne(0).fillna(False) | found.lt(0).fillna(False)
    _refuse(name, cells, column, wrong, "a whole number from 0 is required")
    return found.astype("Int64")


def _booleans(name: str, cells: pd.DataFrame, column: str) -> pd.Series:
    found = cells[column].str.lower().map(BOOLEANS)
    _refuse(name, cells, column, found.isna(), "true or false is required")
    return found.astype(bool)


def _check_values(name: str, frame: pd.DataFrame, cells: pd.DataFrame) -> None:
    _refuse(name, cells, "score", ~frame["score"].between(0, 100), "scores must be from 0 to 100")
    _refuse(name, cells, "role", ~frame["role"].isin(ROLES), f"it is one of {', '.join(ROLES)}")
    _refuse(
        name,
        cells,
        "condition",
        frame.duplicated(with_part(frame, RATING_KEY_COLUMNS)),
        "this rating is listed twice; keep one, or increase `replicate`",
    )
    roles = frame.groupby(["study", *STIMULUS_COLUMNS[:-1]])["role"].transform("first")
    _refuse(name, cells, "role", frame["role"] != roles, "the same stimulus has another role in an earlier row")


def _refuse(name: str, cells: pd.DataFrame, column: str, wrong: pd.Series, way_out: str) -> None:
    """Raise `BadInput` for the first wrong row, if there is one."""
    if wrong.any():
        row = int(np.flatnonzero(wrong.to_numpy(dtype=bool))[0])
        value = "" if pd.isna(found := cells[column].iloc[row]) else str(found)
        raise BadInput(f"{name}: row {row + 2}: {column} {value!r}: {way_out}")
