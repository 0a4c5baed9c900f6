"""Mean ratings with their intervals as plain SVG: a scale of 0 to 100, a line for the interval, a dot for the mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from listening.results import Mean

STEP = 30
"""Height of a condition's row in pixels."""


@dataclass(frozen=True)
class Row:
    """One condition: its figures and where its line stands."""

    mean: Mean
    y: int

    @property
    def interval(self) -> str:
        """Return the interval as text; nothing for a single assessor."""
        return "" if self.mean.low is None or self.mean.high is None else f"{self.mean.low:.1f} – {self.mean.high:.1f}"


@dataclass(frozen=True)
class Chart:
    """One attribute, judged by people or by simulated assessors."""

    attribute: str
    simulated: bool
    rows: list[Row]

    @property
    def height(self) -> int:
        """Return the height of the drawing."""
        return STEP * len(self.rows)


def charts(means: Iterable[Mean]) -> list[Chart]:
    """Return a chart for each attribute, people and simulated assessors apart, best condition first."""
    groups = groupby(means, key=lambda mean: (mean.attribute, mean.simulated))
    return [
        Chart(attribute, simulated, [Row(mean, STEP * number + STEP // 2) for number, mean in enumerate(own)])
        for (attribute, simulated), own in groups
    ]
