"""Figures of points: how ratings drift, how expert assessors are, how ratings lie to predictions."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from lossmodel.ratings.estimate import Estimate
from lossmodel.ratings.expertise import NOISE_LEVEL, Expertise
from lossmodel.ratings.figures import EXCLUDED_COLOUR, ROLE_COLOURS, drawing, title
from lossmodel.ratings.order import WAYS, Drift, residuals
from lossmodel.ratings.predicted import Agreement

MAX_PAGES = 3000
"""Points drawn of each way, of a large test; evenly chosen ones."""
MIN_DRAWN_RATIO = 0.01
"""F ratio at which everything below it is drawn."""
MAX_NAMED_ASSESSORS = 60
MARKS = "osD^v<>pP*hX8"
"""Of systems, in turn, so that colours need not tell them apart."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def order(path: Path, ratings: pd.DataFrame, found: Drift, *, mark: str) -> None:
    """Draw how far pages (on a page: ratings) lie from their stimuli's means, along each way that is known."""
    placed = residuals(ratings)
    ways = [each.way for each in found.trends]
    with drawing(path, width=4.2 * len(ways)) as figure:
        for way, axes in zip(ways, figure.subplots(1, len(ways), sharey=True, squeeze=False)[0], strict=True):
            shown, points = _points(placed.dropna(subset=[way]), way)
            axes.axhline(0, color="black", linewidth=1)
            axes.plot(shown[way].astype(float), shown["apart"], "o", alpha=0.25, color=ROLE_COLOURS["system"])
            line = [(each.at, each.mean) for each in found.steps if each.way == way]
            axes.plot(*zip(*line, strict=True), color=ROLE_COLOURS["anchor"], linewidth=2)
            axes.set(xlabel=WAYS[way], ylabel="above the stimulus' mean (points)" if way == ways[0] else "")
            axes.grid(axis="y", alpha=0.3)
            title(axes, f"points: {points}; line: mean of all", mark if way == ways[0] else "", width=4.2)


def _points(known: pd.DataFrame, way: str) -> tuple[pd.DataFrame, str]:
    """Return what is drawn, and what it is in words: pages, or ratings where these differ on one page."""
    kind = "ratings" if way == "place" else "pages"
    rows = (
        known
        if way == "place"
        else known.groupby(list(dict.fromkeys(["session", "page", way])))["apart"].mean().reset_index()
    )
    shown = rows.iloc[:: math.ceil(len(rows) / MAX_PAGES)]
    return shown, kind if len(shown) == len(rows) else f"{len(shown)} of {len(rows)} {kind}"


def expertise(path: Path, found: Sequence[Expertise], *, excluded: set[str], mark: str) -> None:
    """Draw discrimination against reliability, each assessor's noise floor as the marker's filling, and its median."""
    with drawing(path, width=6, height=5) as figure:
        axes = figure.subplots()
        axes.set(xscale="log", yscale="log", xlabel="reliability (F ratio)", ylabel="discrimination (F ratio)")
        for each in found:
            colour = EXCLUDED_COLOUR if each.assessor in excluded else ROLE_COLOURS["system"]
            at = _drawn(each.reliability), _drawn(each.discrimination)
            axes.plot(*at, "o", color=colour, markerfacecolor=colour if each.p <= NOISE_LEVEL else "white")
            if len(found) <= MAX_NAMED_ASSESSORS:
                axes.annotate(each.assessor, at, (4, 3), textcoords="offset points", fontsize=7)
        reliability_floor = _drawn(np.median([each.reliability_floor for each in found]))
        discrimination_floor = _drawn(np.median([each.discrimination_floor for each in found]))
        axes.axvline(reliability_floor, color="black", linestyle="--", linewidth=1)
        axes.axhline(discrimination_floor, color="black", linestyle="--", linewidth=1)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_locator(NullLocator())
        axes.grid(alpha=0.3)
        words = "hollow: not above the assessor's own noise floor at 5 %; dashed: the median floor; orange: excluded"
        title(axes, words, mark, width=5)


def _drawn(ratio: float) -> float:
    """Return where a ratio from 0 stands on a logarithmic axis."""
    return max(float(ratio), MIN_DRAWN_RATIO)


def predicted(path: Path, found: Agreement, *, mark: str) -> None:
    """Draw each stimulus' mean rating against its prediction, with the prediction's interval where it is told."""
    systems = sorted({each.condition for each in found.points})
    with drawing(path, width=6.5, height=5.2) as figure:
        axes = figure.subplots()
        axes.plot([0, 100], [0, 100], color="black", linewidth=1)
        for at, name in enumerate(systems):
            _system(axes, found, name, COLOURS[at % len(COLOURS)], MARKS[at % len(MARKS)])
        axes.set(xlim=(-3, 103), ylim=(-3, 103), xlabel="predicted (points)", ylabel="mean rating (points)")
        axes.set_aspect("equal")
        axes.grid(alpha=0.3)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=7, ncols=math.ceil(len(systems) / 24))
        title(axes, f"{found.source}: {said(found.r, 'r')}; {found.standing}", mark, width=4.5)


def said(each: Estimate, name: str) -> str:
    """Return a correlation with its interval in words."""
    if each.value != each.value:
        return f"{name} not computed"
    return f"{name} {each.value:.2f}" + (f" ({each.low:.2f} to {each.high:.2f})" if each.low == each.low else "")


def _system(axes: Axes, found: Agreement, name: str, colour: str, shape: str) -> None:
    own = [each for each in found.points if each.condition == name]
    told, rated = [each.predicted for each in own], [each.rated for each in own]
    axes.plot(told, rated, shape, color=colour, label=name, markersize=5)
    for each in own:
        if each.low is not None and each.high is not None:
            axes.hlines(each.rated, each.low, each.high, color=colour, alpha=0.25, linewidth=1)
