"""Mean ratings with their intervals as plain SVG: a scale of 0 to 100, a line for the interval, a dot for the mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.utils.html import format_html, format_html_join

from listening.exports.results import Mean

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


def drawing(chart: Chart) -> str:
    """Return a chart as an SVG file of its own, with its labels and figures."""
    rows = format_html_join("\n", _ROW, (_placed(row) for row in chart.rows))
    mark = " (simulated)" if chart.simulated else ""
    return format_html(_FIGURE, height=chart.height + STEP, title=chart.attribute + mark, rows=rows)


_FIGURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 {height}" font-family="sans-serif" font-size="12">
<title>{title}: mean rating with its 95 % interval over assessors</title>
<text x="8" y="18" font-weight="bold">{title}</text>
<text x="200" y="18">0</text><text x="344" y="18">50</text><text x="490" y="18">100</text>
{rows}
</svg>
"""
_ROW = """<text x="8" y="{}">{}</text><line x1="200" x2="500" y1="{}" y2="{}" stroke="#bbb"/>\
<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="#2f6fbd" stroke-width="3"/><circle cx="{}" cy="{}" r="4" fill="#2f6fbd"/>\
<text x="512" y="{}">{} (n = {})</text>"""


def _placed(row: Row) -> tuple[object, ...]:
    mean, y = row.mean, row.y + STEP
    low, high = (mean.mean if each is None else each for each in (mean.low, mean.high))
    x = [f"{200 + 3 * each:.1f}" for each in (low, high, mean.mean)]
    told = f"{mean.mean:.1f}" + (f", {row.interval}" if row.interval else "")
    return (y + 4, mean.condition, y, y, x[0], x[1], y, y, x[2], y, y + 4, told, mean.assessors)
