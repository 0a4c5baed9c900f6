"""Figures of a report as SVG text: coloured by the style sheet around them, every point a link to its sound.

No torch or pandas here: the web process draws what a fit has written.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from lossmodel.objective.report.contents import Curve, Number, Stimulus

SIDE_LENGTH, LEFT_MARGIN, TOP_MARGIN, RIGHT_MARGIN, BOTTOM_MARGIN = 440, 46, 12, 14, 44
"""The drawing and its margins, in its own units."""

Heard = Callable[[str, str], str]
"""(item, condition) → the address of its sound, "" where there is none."""


@dataclass(frozen=True)
class Axes:
    """Where values lie in a drawing of `width` × `height`."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: int = SIDE_LENGTH
    height: int = SIDE_LENGTH

    def across(self, value: float) -> float:
        """Return the horizontal place of a value, kept inside the axes."""
        return LEFT_MARGIN + _share(value, self.x) * (self.width - LEFT_MARGIN - RIGHT_MARGIN)

    def up(self, value: float) -> float:
        """Return the vertical place of a value, kept inside the axes."""
        return self.height - BOTTOM_MARGIN - _share(value, self.y) * (self.height - TOP_MARGIN - BOTTOM_MARGIN)

    def line(self, kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
        """Return a line between two points given in values."""
        return (
            f'<line class="{kind}" x1="{self.across(x1):.1f}" y1="{self.up(y1):.1f}" '
            f'x2="{self.across(x2):.1f}" y2="{self.up(y2):.1f}"/>'
        )

    def framed(self, inside: Iterable[str], *, title: str, x: str, y: str, ticks: tuple[str, str]) -> str:
        """Return the whole drawing: axes with `ticks` (drawn already), names, and what is inside."""
        middle, bottom = (LEFT_MARGIN + self.width - RIGHT_MARGIN) / 2, self.height - 6
        centre = (TOP_MARGIN + self.height - BOTTOM_MARGIN) / 2
        names = (
            f'<text class="hb-axis-name" x="{middle:.0f}" y="{bottom}" text-anchor="middle">{escape(x)}</text>'
            f'<text class="hb-axis-name" transform="translate(13 {centre:.0f}) rotate(-90)" '
            f'text-anchor="middle">{escape(y)}</text>'
        )
        return (
            f'<svg class="hb-plot" viewBox="0 0 {self.width} {self.height}" role="group" aria-label="{escape(title)}">'
            f"{''.join(ticks)}{names}{''.join(inside)}</svg>"
        )

    def ticks_across(self, values: Sequence[float], texts: Sequence[str]) -> str:
        """Return the horizontal axis with its lines and numbers."""
        low, high = self.y
        under = self.height - BOTTOM_MARGIN + 17
        return "".join(
            self.line("hb-grid", value, low, value, high)
            + f'<text x="{self.across(value):.1f}" y="{under}" text-anchor="middle">{text}</text>'
            for value, text in zip(values, texts)
        )

    def ticks_up(self, values: Sequence[float]) -> str:
        """Return the vertical axis with its lines and numbers."""
        low, high = self.x
        return "".join(
            self.line("hb-grid", low, value, high, value)
            + f'<text x="{LEFT_MARGIN - 7}" y="{self.up(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
            for value in values
        )


def predicted_and_rated(name: str, stimuli: Sequence[Stimulus], heard: Heard, target: str = "") -> str:
    """Return people's mean ratings over predictions: a point a stimulus, with both intervals, that plays it."""
    axes, tens = Axes((0, 100), (0, 100)), range(0, 101, 20)
    inside = [axes.line("hb-diagonal", 0, 0, 100, 100), *(_point(axes, each, heard, target) for each in stimuli)]
    ticks = axes.ticks_across(tens, [str(each) for each in tens]), axes.ticks_up(tens)
    title = f"{name}: mean ratings over predictions, {len(stimuli)} stimuli"
    return axes.framed(
        inside, title=title, x="predicted without its song", y="rated (mean of all assessors)", ticks=ticks
    )


def told(each: Stimulus) -> str:
    """Return what a point says when it is pointed at or read out."""
    unlike = "" if each.in_calibration else ", out of calibration"
    return (
        f"{each.item} · {each.condition}: rated {each.rated:.0f}{plus_minus(each.half_width)} by {each.people}, "
        f"predicted {each.predicted:.0f} ({each.low:.0f} to {each.high:.0f}){unlike}"
    )


def plus_minus(half: Number) -> str:
    """Return « ± half», nothing where it is not known."""
    return "" if half is None else f" ± {half:.0f}"


def learning(curve: Curve) -> str:
    """Return the RMSE over the number of ratings, a line for each number of assessors, the law drawn through them."""
    panels = sorted({each.raters for each in curve.points})
    most = 2 * curve.songs * curve.raters * curve.systems
    least = min(each.ratings for each in curve.points) * 0.8
    highest = max(each.rmse for each in curve.points)
    step = 5 if highest > 10 else 2
    top = step * math.ceil(highest / step)
    axes = Axes((math.log10(least), math.log10(most)), (0, top), width=520)
    marks = [each for each in (10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000) if least <= each <= most]
    ticks = (
        axes.ticks_across([math.log10(each) for each in marks], [f"{each:,}" for each in marks]),
        axes.ticks_up(range(0, top + 1, step)),
    )
    inside = [_panel(axes, curve, raters, at) for at, raters in enumerate(panels)]
    title = f"RMSE on held-out songs, over the number of ratings; {curve.sentence}"
    return axes.framed(inside, title=title, x="ratings of systems (logarithmic)", y="RMSE (points)", ticks=ticks)


def offset(low: Number, mean: float, high: Number, reach: float) -> str:
    """Return an offset with its interval beside 0, for a row of a table; `reach` is the end of the scale, in points."""
    axes = Axes((-reach, reach), (0, 1))

    def across(value: float) -> float:
        return 100 * _share(value, axes.x)

    interval = ""
    if low is not None and high is not None:
        interval = f'<line class="hb-range" x1="{across(low):.1f}" y1="6" x2="{across(high):.1f}" y2="6"/>'
    return (
        '<svg class="hb-offset" viewBox="-3 0 106 12" aria-hidden="true">'
        f'<line class="hb-zero" x1="50" y1="0" x2="50" y2="12"/>{interval}'
        f'<circle cx="{across(mean):.1f}" cy="6" r="2.6"/></svg>'
    )


def _point(axes: Axes, each: Stimulus, heard: Heard, target: str) -> str:
    half = each.half_width or 0.0
    words, address = escape(told(each)), heard(each.item, each.condition)
    kind = "hb-point" if each.in_calibration else "hb-point hb-outside"
    inside = (
        axes.line("hb-range", each.low, each.rated, each.high, each.rated)
        + axes.line("hb-range", each.predicted, each.rated - half, each.predicted, each.rated + half)
        + f'<circle cx="{axes.across(each.predicted):.1f}" cy="{axes.up(each.rated):.1f}" r="4.5"/>'
    )
    if not address:
        return f'<g class="{kind}"><title>{words}</title>{inside}</g>'
    where = f' target="{target}"' if target else ""
    return (
        f'<a class="{kind}" href="{escape(address)}"{where} data-plays="{words}" aria-label="{words}">'
        f"<title>{words}</title>{inside}</a>"
    )


def _panel(axes: Axes, curve: Curve, raters: int, at: int) -> str:
    """Return what was found with so many assessors, and the law for any number of songs."""
    own = sorted((each for each in curve.points if each.raters == raters), key=lambda each: each.songs)
    each_song = raters * curve.systems
    far = 2 * curve.songs if raters == max(each.raters for each in curve.points) else curve.songs
    steps = [own[0].songs * (far / own[0].songs) ** (step / 24) for step in range(25)]
    path = " ".join(
        f"{axes.across(math.log10(songs * each_song)):.1f},{axes.up(expected(curve, songs, raters)):.1f}"
        for songs in steps
    )
    dots = "".join(
        f'<circle cx="{axes.across(math.log10(each.songs * each_song)):.1f}" cy="{axes.up(each.rmse):.1f}" r="4">'
        f"<title>{each.songs} songs, {raters} assessors: RMSE {each.rmse:.1f} points</title></circle>"
        for each in own
    )
    x, y = axes.across(math.log10(own[0].songs * each_song)), axes.up(own[0].rmse)
    words = f"{raters} assessor" + "s" * (raters != 1)
    label = f'<text class="hb-label" x="{x:.1f}" y="{y - 12:.1f}">{words}</text>'
    return f'<g class="hb-series hb-series-{at}"><polyline points="{path}"/>{dots}{label}</g>'


def expected(curve: Curve, songs: float, raters: float) -> float:
    """Return the RMSE that the law of a learning curve expects, in points."""
    floor, a, b = curve.law
    return math.sqrt(floor + a / songs + b / raters)


def _share(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return min(1.0, max(0.0, (value - low) / (high - low)))
