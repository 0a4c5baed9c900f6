"""Whose ratings count: the post-screening of ITU-R BS.1534-3 §4.1.2, with every exclusion explained.

The trap: an assessor goes when *more than 15 % of the items* were missed, not at the first miss.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from lossmodel.ratings import table
from lossmodel.ratings.panels import panels
from lossmodel.ratings.rules import hints, misses
from lossmodel.ratings.thresholds import Rule, Rules


@dataclass(frozen=True)
class Exclusion:
    """One assessor excluded from one attribute, and why."""

    study: str
    attribute: str
    assessor: str
    rule: Rule
    missed: int
    of: int
    reason: str

    def __str__(self) -> str:
        return f"{self.study}, {self.attribute}, assessor {self.assessor}: {self.reason}"


@dataclass(frozen=True)
class Tally:
    """How much of what a rule counts (items, pages, ratings) one assessor missed."""

    study: str
    attribute: str
    assessor: str
    rule: Rule
    missed: int
    of: int

    @property
    def share(self) -> float:
        """Return the share that was missed, 0–1."""
        return self.missed / self.of


@dataclass(frozen=True)
class Screening:
    """What the screening found: a tally for each assessor and rule, the exclusions, and what the reader must know."""

    rules: Rules
    tallies: tuple[Tally, ...]
    exclusions: tuple[Exclusion, ...]
    notes: tuple[str, ...]

    def keep(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the ratings of the assessors who stay; a person may stay for one attribute and go for another."""
        gone = {(each.study, each.attribute, each.assessor) for each in self.exclusions}
        rows = zip(frame["study"], frame["attribute"], frame["assessor"])
        return frame[np.array([row not in gone for row in rows], dtype=bool)]

    def to_json(self) -> dict[str, Any]:
        """Return rules, exclusions and notes as plain values."""
        return {
            "source": "ITU-R BS.1534-3, post-screening rules 1 and 2; further rules by their thresholds",
            "rules": asdict(self.rules),
            "assessed": len({(each.study, each.attribute, each.assessor) for each in self.tallies}),
            "exclusions": [asdict(each) for each in self.exclusions],
            "notes": list(self.notes),
        }


def screen(frame: pd.DataFrame, rules: Rules | None = None, *, seed: int = 0) -> Screening:
    """Return who is excluded by `rules`, from which attribute and why.

    Of an item that was rated twice the first rating counts. Where the table says that no reference stood beside the
    scale (column `against_reference`), the rules do not apply: whoever grades a hidden reference 4 of 5 missed nothing.
    """
    rules = rules or Rules()
    rules.check()
    tallies: list[Tally] = []
    notes: list[str] = []
    for key, panel in panels(frame):
        notes += [f"{key}: {remark}" for remark in hints(panel)]
        for rule, counted, remarks in misses(panel, rules, seed=seed):
            notes += [f"{key}: {remark}" for remark in remarks]
            for assessor, miss in counted.groupby("assessor", sort=True)["miss"]:
                tallies.append(Tally(key.study, key.attribute, str(assessor), rule, int(miss.sum()), len(miss)))
    excluded = tuple(_exclusion(each, rules) for each in tallies if each.share > rules.share)
    return Screening(rules, tuple(tallies), excluded, tuple(notes))


def with_and_without(frame: pd.DataFrame, screening: Screening) -> pd.DataFrame:
    """Return the mean of each stimulus over all assessors and over those kept, and the difference in points."""
    every, kept = table.stimulus_means(frame), table.stimulus_means(screening.keep(frame))
    both = every.merge(kept, on=table.STIMULUS_COLUMNS, how="left", suffixes=("_all", "_kept"))
    both["change"] = both["mean_kept"] - both["mean_all"]
    return both[[*table.STIMULUS_COLUMNS, "mean_all", "n_all", "mean_kept", "n_kept", "change"]]


def _exclusion(tally: Tally, rules: Rules) -> Exclusion:
    share = (
        f"{tally.missed} of {tally.of} {rules.counted_by(tally.rule)} ({tally.share:.0%}, more than {rules.share:.0%})"
    )
    return Exclusion(**asdict(tally), reason=f"{rules.missed_by(tally.rule)} in {share}")
