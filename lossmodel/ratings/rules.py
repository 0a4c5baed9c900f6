"""The rules by which assessors are screened: what each counts, and what it calls a miss.

Two are those of ITU-R BS.1534-3 §4.1.2 and always applied where the table has what they need; the others are off until
they are given a threshold. All exclude whoever misses more than the same share of what they count.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from lossmodel.ratings import table
from lossmodel.ratings.expertise import expertise
from lossmodel.ratings.thresholds import Rule, Rules

ANCHOR_COLUMN = "anchor"
"""A further column: `mid` or `low` for BS.1534-3's anchors, else empty."""
AGAINST_REFERENCE_COLUMN = "against_reference"
"""A further column: whether the reference stood beside the scale, so that the hidden one has a known place on it."""
UNSCREENED_NOTE = "no open reference: BS.1534-3's rules not applied"

SAME_SCORE_SHARE = 0.95
"""Of an assessor's ratings on one value: a slider that was moved to one place, and no judgement."""
MIN_RATINGS_TO_COMPARE = 8
GRADE_CEILING = 10
"""If no score is above it, the scores are taken for grades (1–5, 0–10) that were never brought to 0–100."""


class Misses(NamedTuple):
    """What a rule counts, with the column `miss`, and what the reader must be told."""

    rule: Rule
    counted: pd.DataFrame
    remarks: list[str]


def misses(panel: pd.DataFrame, rules: Rules, *, seed: int = 0) -> Iterator[Misses]:
    """Yield each rule that is applied to the ratings of one panel.

    Of an item that was rated twice BS.1534-3's rules count the first rating.
    """
    first = panel[panel["replicate"] == 0]
    if AGAINST_REFERENCE_COLUMN in panel and not _is_true(panel[AGAINST_REFERENCE_COLUMN]).any():
        yield Misses("reference", first.iloc[:0].assign(miss=False), [UNSCREENED_NOTE])
    else:
        yield _reference(first, rules)
        yield _mid_anchor(first, rules)
    if rules.min_seconds is not None:
        pages = panel.drop_duplicates(["session", "trial"])
        yield _further("too-fast", pages, "seconds", pages["seconds"] < rules.min_seconds)
    if rules.min_heard is not None:
        yield _further("not-heard", panel, "heard", _numbers(panel, "heard") < rules.min_heard)
    if rules.proved_only:
        yield _further("unproved", panel, "proved", ~_is_true(panel.get("proved", pd.Series("", index=panel.index))))
    if rules.max_retest is not None:
        yield _inconsistent(panel, rules.max_retest)
    if rules.egauge_level is not None:
        yield _inexpert(panel, rules.egauge_level, seed)


def hints(panel: pd.DataFrame) -> Iterator[str]:
    """Yield what no rule excludes for and the reader should look at."""
    top = panel["score"].max()
    if top <= GRADE_CEILING:
        yield f"no score is above {top:g}: if these are grades, convert them to 0–100 first"
    for assessor, scores in panel.groupby("assessor", sort=True)["score"]:
        value, times = scores.mode()[0], int((scores == scores.mode()[0]).sum())
        if len(scores) >= MIN_RATINGS_TO_COMPARE and times >= SAME_SCORE_SHARE * len(scores):
            yield f"assessor {assessor} gave {value:g} in {times} of {len(scores)} ratings"


def _reference(panel: pd.DataFrame, rules: Rules) -> Misses:
    references = panel[panel["role"] == "reference"]
    remarks = [] if len(references) else ["no hidden reference was rated: rule 1 not applied"]
    return Misses("reference", references.assign(miss=references["score"] < rules.reference_below), remarks)


def _mid_anchor(panel: pd.DataFrame, rules: Rules) -> Misses:
    anchors = panel[_is_mid_anchor(panel, rules)]
    anchors = anchors.assign(miss=anchors["score"] > rules.anchor_above)
    exempt = _exempt_items(anchors, rules)
    remarks = [f"item {item}: mid anchor rated too high by too many, not counted by rule 2" for item in exempt]
    if anchors.empty:
        of = f"condition {rules.mid_anchor!r}" if rules.mid_anchor else "none is named"
        remarks = [f"no ratings of a mid anchor ({of}): rule 2 not applied"]
    return Misses("mid-anchor", anchors[~anchors["item"].isin(exempt)], remarks)


def _further(rule: Rule, counted: pd.DataFrame, column: str, miss: pd.Series) -> Misses:
    """Return the misses among the rows that tell; those without a value in `column` are not counted."""
    known = counted[column].astype("string").fillna("").ne("") if column in counted else pd.Series([], dtype=bool)
    if not known.any():
        return Misses(rule, counted.iloc[:0].assign(miss=False), [f"no column {column!r}: rule {rule} not applied"])
    return Misses(rule, counted.assign(miss=miss)[known], [])


def _inconsistent(panel: pd.DataFrame, points: float) -> Misses:
    """Return the repeated ratings, each against the first of its assessor and stimulus."""
    key = table.with_part(panel, ["assessor", "item", "condition"])
    first = panel.loc[panel["replicate"] == 0, [*key, "score"]].rename(columns={"score": "first"})
    again = panel[panel["replicate"] > 0].merge(first, on=key)
    remarks = [] if len(again) else ["nothing was rated twice: rule inconsistent not applied"]
    return Misses("inconsistent", again.assign(miss=(again["score"] - again["first"]).abs() > points), remarks)


def _inexpert(panel: pd.DataFrame, level: float, seed: int) -> Misses:
    """Return one row an assessor; a miss is not above the noise floor."""
    found = expertise(panel, level=level, seed=seed)
    rows = pd.DataFrame([(each.assessor, each.p > level) for each in found], columns=["assessor", "miss"])
    return Misses("expertise", rows, [] if found else ["nobody rated three systems twice: rule expertise not applied"])


def _is_mid_anchor(panel: pd.DataFrame, rules: Rules) -> pd.Series:
    if rules.mid_anchor is None and ANCHOR_COLUMN in panel:
        return panel[ANCHOR_COLUMN].astype("string").fillna("").eq("mid")
    return panel["condition"].eq(rules.mid_anchor or "")


def _exempt_items(anchors: pd.DataFrame, rules: Rules) -> list[str]:
    """Return the items whose mid anchor more than the exempt share of the assessors rated too high."""
    fooled = anchors.groupby(["item", "assessor"])["miss"].max().astype(float).groupby("item").mean()
    return [str(item) for item, share in fooled.items() if share > rules.exempt_share]


def _is_true(values: pd.Series) -> pd.Series:
    """Return which cells are not false: an empty one denies nothing."""
    return values.astype("string").str.lower().map(table.BOOLEANS).astype("boolean").fillna(value=True).astype(bool)


def _numbers(panel: pd.DataFrame, column: str) -> pd.Series:
    return pd.to_numeric(panel.get(column, pd.Series(pd.NA, index=panel.index)), errors="coerce")
