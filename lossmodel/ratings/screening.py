"""Whose ratings count: the post-screening of ITU-R BS.1534-3 §4.1.2, with every exclusion explained.

The trap: an assessor goes when *more than 15 % of the items* were missed, not at the first miss.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from lossmodel.ratings import table

PANEL = ["study", "attribute"]
"""Assessors are judged within one study and attribute, and excluded from that one only."""

Rule = Literal["reference", "mid-anchor"]


@dataclass(frozen=True)
class Rules:
    """The thresholds, BS.1534-3's by default.

    Rule 1 counts hidden references rated below `reference_below`, rule 2 mid anchors rated above `anchor_above`,
    each excluding an assessor who does so in more than `share` of the items. An item whose mid anchor more than
    `exempt_share` of the assessors rate above is not counted by rule 2. `mid_anchor` names the condition that is
    the mid anchor; rule 2 is not applied without it.
    """

    reference_below: float = 90.0
    anchor_above: float = 90.0
    share: float = 0.15
    exempt_share: float = 0.25
    mid_anchor: str | None = None


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
    """How many of the items that a rule counts one assessor missed."""

    study: str
    attribute: str
    assessor: str
    rule: Rule
    missed: int
    of: int

    @property
    def share(self) -> float:
        """Return the share of items missed, 0–1."""
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
        return frame[[row not in gone for row in rows]]

    def to_json(self) -> dict[str, Any]:
        """Return rules, exclusions and notes as plain values."""
        return {
            "source": "ITU-R BS.1534-3, post-screening rules 1 and 2",
            "rules": asdict(self.rules),
            "assessed": len({(each.study, each.attribute, each.assessor) for each in self.tallies}),
            "exclusions": [asdict(each) for each in self.exclusions],
            "notes": list(self.notes),
        }


def screen(frame: pd.DataFrame, rules: Rules | None = None) -> Screening:
    """Return who is excluded by `rules`, from which attribute and why. A replicated item counts as another item."""
    rules = rules or Rules()
    tallies: list[Tally] = []
    notes: list[str] = []
    for (study, attribute), panel in frame.groupby(PANEL, sort=True):
        for rule, counted, remarks in _applied(panel, rules):
            notes += [f"{study}, {attribute}: {remark}" for remark in remarks]
            for assessor, miss in counted.groupby("assessor", sort=True)["miss"]:
                tallies.append(Tally(str(study), str(attribute), str(assessor), rule, int(miss.sum()), len(miss)))
    excluded = tuple(_exclusion(each, rules) for each in tallies if each.share > rules.share)
    return Screening(rules, tuple(tallies), excluded, tuple(notes))


def with_and_without(frame: pd.DataFrame, screening: Screening) -> pd.DataFrame:
    """Return the mean of each stimulus over all assessors and over those kept, and the difference in points."""
    every, kept = table.stimulus_means(frame), table.stimulus_means(screening.keep(frame))
    both = every.merge(kept, on=table.STIMULUS, how="left", suffixes=("_all", "_kept"))
    both["change"] = both["mean_kept"] - both["mean_all"]
    return both[[*table.STIMULUS, "mean_all", "n_all", "mean_kept", "n_kept", "change"]]


def _applied(panel: pd.DataFrame, rules: Rules) -> Iterator[tuple[Rule, pd.DataFrame, list[str]]]:
    """Yield each rule with the ratings it counts (column `miss`) and what the reader must be told."""
    references = panel[panel["role"] == "reference"]
    remarks = [] if len(references) else ["no hidden reference was rated: rule 1 not applied"]
    yield "reference", references.assign(miss=references["score"] < rules.reference_below), remarks
    anchors = panel[panel["condition"] == rules.mid_anchor]
    anchors = anchors.assign(miss=anchors["score"] > rules.anchor_above)
    exempt = _exempt(anchors, rules)
    remarks = [f"item {item}: mid anchor too good for too many, not counted by rule 2" for item in exempt]
    if anchors.empty:
        of = f"condition {rules.mid_anchor!r}" if rules.mid_anchor else "none is named"
        remarks = [f"no ratings of a mid anchor ({of}): rule 2 not applied"]
    yield "mid-anchor", anchors[~anchors["item"].isin(exempt)], remarks


def _exempt(anchors: pd.DataFrame, rules: Rules) -> list[str]:
    """Return the items whose mid anchor more than the exempt share of the assessors rated too high."""
    fooled = anchors.groupby(["item", "assessor"])["miss"].max().astype(float).groupby("item").mean()
    return [str(item) for item, share in fooled.items() if share > rules.exempt_share]


def _exclusion(tally: Tally, rules: Rules) -> Exclusion:
    what = {
        "reference": f"rated the hidden reference below {rules.reference_below:g}",
        "mid-anchor": f"rated the mid anchor above {rules.anchor_above:g}",
    }
    share = f"{tally.missed} of {tally.of} items ({tally.share:.0%}, more than {rules.share:.0%})"
    return Exclusion(**asdict(tally), reason=f"{what[tally.rule]} in {share}")
