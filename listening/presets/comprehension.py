"""What the plain mixture deserves: whoever rates it the other way round has not understood the attribute. Pure.

Two listeners of a published test took one attribute for the other. The mixture tells them apart: its voice is as it was
sung, so that all which asks about the voice alone is high, and every other instrument is still there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MIN_HIGH_SCORE, MAX_LOW_SCORE = 60.0, 40.0
"""Where the upper two of five equal intervals begin, and where the lower two end, 0–100."""


@dataclass(frozen=True)
class Deserved:
    """Where a rating of the mixture lies that was given with the attribute understood, 0–100, and why."""

    least: float
    most: float
    reason: str

    def fits(self, score: float) -> bool:
        """Tell whether `score` lies there.

        >>> Deserved(60, 100, "").fits(60), Deserved(0, 40, "").fits(41)
        (True, False)
        """
        return self.least <= score <= self.most


def _high(reason: str) -> Deserved:
    return Deserved(MIN_HIGH_SCORE, 100.0, reason)


def _low(reason: str) -> Deserved:
    return Deserved(0.0, MAX_LOW_SCORE, reason)


DESERVED_SCORES: Mapping[str, Deserved] = MappingProxyType(
    {
        "quality": _high("other instruments do not count, and the voice of a mixture is unharmed"),
        "target-preservation": _high("what is heard beside the voice does not count, and the voice is unharmed"),
        "target-distortion": _high("other instruments do not count, and the voice is unharmed; 100 is undistorted"),
        "artificial-noise": _high("a mixture holds nothing that comes from no instrument; 100 is no noise"),
        "interference": _low("every other instrument is there; 0 is strong interference"),
        "other-sources": _low("every other instrument is there; 0 is not suppressed"),
    }
)
"""By attribute. Not those that ask for every difference at once (global quality, basic audio quality, similarity): how
far a mixture is from its voice in all is a matter of taste."""
