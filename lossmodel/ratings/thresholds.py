"""The rules of the screening and their thresholds; `rules` applies them. Light: the shell reads its options here."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from lossmodel.errors import BadInput

Rule = Literal["reference", "mid-anchor", "too-fast", "not-heard", "unproved", "inconsistent", "expertise"]
COUNTED: MappingProxyType[Rule, str] = MappingProxyType(
    {
        "reference": "items", "mid-anchor": "items", "too-fast": "pages", "not-heard": "ratings",
        "unproved": "ratings", "inconsistent": "repeated ratings",
        "expertise": "series of repeated ratings",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """The thresholds, BS.1534-3's by default; None switches a further rule off."""

    reference_below: float = 90.0
    """Rule 1: a hidden reference rated below this counts as missed."""
    anchor_above: float = 90.0
    """Rule 2: a mid anchor rated above this counts as missed."""
    share: float = 0.15
    """Assessors who miss more than this share of what a rule counts are excluded."""
    exempt_share: float = 0.25
    """Rule 2 does not count an item whose mid anchor more than this share of the assessors rate too high."""
    mid_anchor: str | None = None
    """Condition that is BS.1534-3's mid anchor, if the table's column `anchor` does not say so."""
    min_seconds: float | None = None
    """A page left sooner counts as missed."""
    min_heard: float | None = None
    """A rating of a stimulus that had played for fewer seconds counts as missed."""
    proved_only: bool = False
    """A rating whose sound is not proved counts as missed."""
    max_retest: float | None = None
    """A second rating of the same sound that differs by more than these points counts as missed."""
    egauge_level: float | None = None
    """Repeated ratings that separate stimuli no better than chance at this level count as missed (eGauge: .05)."""

    def check(self) -> None:
        """Refuse (`BadInput`) thresholds off the scale, shares that are no shares, and seconds below 0."""
        tops = {
            "reference_below": 100,
            "anchor_above": 100,
            "share": 1,
            "exempt_share": 1,
            "max_retest": 100,
            "egauge_level": 1,
        }
        for name, top in (tops | {"min_seconds": 86400, "min_heard": 86400}).items():
            value = getattr(self, name)
            if value is not None and not 0 <= value <= top:
                raise BadInput(f"{name.replace('_', '-')} {value:g}: choose a value from 0 to {top}")

    def missed_by(self, rule: Rule) -> str:
        """Return what who misses by `rule` has done."""
        return {
            "reference": f"rated the hidden reference below {self.reference_below:g}",
            "mid-anchor": f"rated the mid anchor above {self.anchor_above:g}",
            "too-fast": f"left the page within {self.min_seconds} s",
            "not-heard": f"rated stimuli that had played for less than {self.min_heard} s",
            "unproved": "rated sounds that were not proved",
            "inconsistent": f"rated the same stimulus more than {self.max_retest} points apart",
            "expertise": f"told repeated stimuli apart no better than chance at {self.egauge_level or 0:.0%}",
        }[rule]

    @staticmethod
    def counted_by(rule: Rule) -> str:
        """Return what `rule` counts, in words."""
        return COUNTED[rule]
