"""Figures of a listening test as SVG: the same file for the same data."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lossmodel.files import whole
from lossmodel.ratings.screening import Screening, Tally
from lossmodel.ratings.statistics import Summary

COLOURS = {"system": "#1f6f8b", "reference": "#3a7d44", "anchor": "#9a5b13"}
EXCLUDED = "#b3261e"


def boxes(path: Path, summaries: Sequence[Summary]) -> None:
    """Draw median, quartiles and the CI of the median for each condition of one attribute."""
    ordered = sorted(summaries, key=lambda each: (-each.median, each.condition))
    with _drawing(path, width=_width(ordered)) as figure:
        axes = _scale(figure, ordered)
        for at, each in enumerate(ordered):
            colour = COLOURS[each.role]
            axes.bar(at, each.q3 - each.q1, bottom=each.q1, width=0.6, color=colour, alpha=0.3)
            axes.vlines(at, each.median_low, each.median_high, color=colour)
            axes.hlines(each.median, at - 0.3, at + 0.3, color=colour, linewidth=2)
        axes.set_title("median, quartiles (box), 95 % CI of the median (line)", fontsize=9)


def means(path: Path, summaries: Sequence[Summary]) -> None:
    """Draw mean ± 95 % CI for each condition of one attribute."""
    ordered = sorted(summaries, key=lambda each: (-each.mean, each.condition))
    with _drawing(path, width=_width(ordered)) as figure:
        axes = _scale(figure, ordered)
        for at, each in enumerate(ordered):
            reach = [[each.mean - each.mean_low], [each.mean_high - each.mean]]
            axes.errorbar(at, each.mean, yerr=reach, fmt="o", capsize=4, color=COLOURS[each.role])
        axes.set_title("mean, 95 % CI over assessors", fontsize=9)


def screening(path: Path, found: Screening) -> None:
    """Draw, for each assessor, attribute and rule, the share of items missed and the limit (BS.1534-3's graph)."""
    panels: dict[str, list[Tally]] = {}
    for each in found.tallies:
        panels.setdefault(f"{each.study}, {each.attribute}: {each.rule}", []).append(each)
    with _drawing(path, width=8, height=2.4 * max(1, len(panels))) as figure:
        for axes, (title, own) in zip(figure.subplots(max(1, len(panels)), squeeze=False)[:, 0], panels.items()):
            shares = [each.share for each in own]
            colours = [EXCLUDED if share > found.rules.share else COLOURS["system"] for share in shares]
            axes.bar([each.assessor for each in own], shares, color=colours)
            axes.axhline(found.rules.share, color="black", linestyle="--", linewidth=1)
            axes.set(ylim=(0, max(0.5, *shares)), ylabel="share missed")
            axes.set_title(title, fontsize=9)
            axes.tick_params(axis="x", rotation=90)


@contextmanager
def _drawing(path: Path, *, width: float, height: float = 4.0) -> Iterator[Figure]:
    """Yield an empty figure; write it whole when the block succeeds, without date and with repeatable names."""
    with mpl.rc_context({"svg.hashsalt": "hearback", "svg.fonttype": "none"}):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        with whole(path) as part:
            figure.savefig(part, format="svg", metadata={"Date": None})


def _width(ordered: Sequence[Summary]) -> float:
    return max(4.0, 0.7 * len(ordered) + 1.5)


def _scale(figure: Figure, ordered: Sequence[Summary]) -> Axes:
    """Return an empty 0–100 scale with a place for each condition."""
    axes = figure.subplots()
    axes.set(ylim=(-2, 102), yticks=range(0, 101, 20), ylabel=ordered[0].attribute)
    axes.set_xticks(range(len(ordered)), [each.condition for each in ordered], rotation=45, ha="right")
    axes.grid(axis="y", alpha=0.3)
    return axes
