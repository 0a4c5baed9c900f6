"""Figures of a listening test as SVG and PDF: the same file for the same data, its text as text.

Colours are told apart by whoever sees fewer of them (Okabe & Ito 2008), and never tell alone: marks differ too.
"""

import math
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lossmodel.files import atomic_file
from lossmodel.ratings import fonts
from lossmodel.ratings.describe import Summary
from lossmodel.ratings.inference.pairs import Difference
from lossmodel.ratings.screening import Screening, Tally

ROLE_COLOURS = {"system": "#0072B2", "reference": "#009E73", "anchor": "#D55E00"}
EXCLUDED_COLOUR = "#D55E00"
MAX_POINTS = 400
"""Ratings drawn as points for a condition; of more, evenly chosen ones."""
MAX_PAIRS = 60
"""Differences drawn, of many systems."""
MAX_ROW_NAMES = 150
"""Rows of a heat map that are named; of more, evenly chosen ones."""
JITTER = 0.18
"""Half the width, in places, over which points of one condition are spread."""
HEIGHT_INCHES = 4.2
TITLE_CHARACTERS_PER_INCH = 15


def conditions(
    path: Path, summaries: Sequence[Summary], ratings: pd.DataFrame, letters: dict[str, str], *, mark: str
) -> None:
    """Draw each condition's ratings, quartiles, median, and mean with its 95 % interval, best first; letters on top."""
    ordered = sorted(summaries, key=lambda each: (-each.mean, each.condition))
    with drawing(path, width=_width(len(ordered))) as figure:
        axes = _scale(figure, [each.condition for each in ordered], ylabel="rating (0–100 points)")
        for at, each in enumerate(ordered):
            _points(axes, at, ratings.loc[ratings["condition"] == each.condition, "score"].to_numpy(np.float64))
            _box(axes, at, each)
            axes.annotate(letters.get(each.condition, ""), (at, 104), ha="center", fontsize=8)
        shared = "; conditions that share a letter do not differ significantly" if letters else ""
        title(axes, f"points: ratings; box: quartiles and median; dot: mean, 95 % interval{shared}", mark)


def differences(path: Path, found: Sequence[Difference], *, mark: str, baseline: str | None = None) -> None:
    """Draw each pair's mean difference with its 95 % interval; filled where it holds after Holm's adjustment.

    Of more than `MAX_PAIRS` those with the smallest p are drawn. With a `baseline`, which is the second of every pair,
    rows bear the name of the first alone.
    """
    shown = sorted(found, key=lambda each: each.p_holm if each.p_holm is not None else 2.0)[:MAX_PAIRS]
    shown = [each for each in found if each in shown]
    with drawing(path, width=7, height=0.28 * len(shown) + 1.4) as figure:
        axes = figure.subplots()
        axes.axvline(0, color="black", linewidth=1)
        for holds, face in ((True, ROLE_COLOURS["system"]), (False, "white")):
            _differences(axes, [(at, each) for at, each in enumerate(shown) if _holds(each) == holds], face)
        axes.set_yticks(range(len(shown)), [_pair_name(each, baseline) for each in shown], fontsize=8)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlabel(f"system minus {baseline} (points)" if baseline else "difference (points)")
        axes.grid(axis="x", alpha=0.3)
        left_out = f"; {len(found) - len(shown)} further pairs in the table" if len(shown) < len(found) else ""
        title(axes, f"mean difference, 95 % interval; filled: p < .05 (Holm); cross: no interval{left_out}", mark)


def _pair_name(each: Difference, baseline: str | None) -> str:
    return each.first if baseline else f"{each.first} − {each.second}"


def _holds(each: Difference) -> bool:
    return each.p_holm is not None and each.p_holm < 0.05


def _differences(axes: Axes, placed: Sequence[tuple[int, Difference]], face: str) -> None:
    sure = [(at, each.value, each.value - each.low, each.high - each.value)
            for at, each in placed if each.low is not None and each.high is not None]  # fmt: skip
    colour = ROLE_COLOURS["system"]
    if sure:
        places, values, below, above = zip(*sure)
        axes.errorbar(values, places, xerr=[below, above], fmt="o", capsize=3, color=colour, markerfacecolor=face)
    unsure = [(each.value, at) for at, each in placed if each.low is None]
    if unsure:
        axes.plot(*zip(*unsure), "x", color=colour)


def heat(path: Path, ratings: pd.DataFrame, rows: str, *, order: Sequence[str], mark: str) -> None:
    """Draw the mean rating of each condition (columns, in `order`) by the values of the column `rows`."""
    wide = ratings.pivot_table(index=rows, columns="condition", values="score", aggfunc="mean")[list(order)]
    height = min(40.0, 0.26 * len(wide) + 1.8)
    with drawing(path, width=_width(len(order)) + 1, height=height) as figure:
        axes = figure.subplots()
        image = axes.imshow(wide.to_numpy(), vmin=0, vmax=100, cmap="cividis", aspect="auto")
        axes.set_xticks(range(len(order)), list(order), rotation=45, ha="right", fontsize=8)
        named = range(0, len(wide), math.ceil(len(wide) / MAX_ROW_NAMES))
        axes.set_yticks(named, [str(wide.index[at]) for at in named], fontsize=7)
        figure.colorbar(image, ax=axes, label="mean rating (points)")
        title(axes, f"mean rating by {rows} and condition; white: not rated", mark)


def screening(path: Path, found: Screening) -> None:
    """Draw, for each assessor, attribute and rule, the share that was missed and the limit (BS.1534-3's graph)."""
    panels: dict[str, list[Tally]] = {}
    for each in found.tallies:
        panels.setdefault(f"{each.study}, {each.attribute}: {each.rule}", []).append(each)
    with drawing(path, width=8, height=min(60.0, 2.4 * max(1, len(panels)))) as figure:
        for axes, (name, own) in zip(figure.subplots(max(1, len(panels)), squeeze=False)[:, 0], panels.items()):
            _shares(axes, own, found.rules.share)
            axes.set_title(name, fontsize=9)


def _shares(axes: Axes, own: Sequence[Tally], limit: float) -> None:
    shares = [each.share for each in own]
    gone = [share > limit for share in shares]
    bars = axes.bar(
        [each.assessor for each in own],
        shares,
        color=[EXCLUDED_COLOUR if each else ROLE_COLOURS["system"] for each in gone],
    )
    for bar, each in zip(bars, gone, strict=True):
        bar.set_hatch("//" if each else "")
    axes.axhline(limit, color="black", linestyle="--", linewidth=1)
    axes.set(ylim=(0, max(0.5, *shares)), ylabel="share missed")
    axes.tick_params(axis="x", rotation=90, labelsize=7)


def _points(axes: Axes, at: int, scores: np.ndarray) -> None:
    chosen = np.sort(scores)[np.linspace(0, len(scores) - 1, min(len(scores), MAX_POINTS)).astype(int)]
    places = at + JITTER * np.sin(2.4 * np.arange(len(chosen)))  # spread without chance: the file is the same again
    axes.plot(places, chosen, ".", color="#555555", alpha=0.35, markersize=3, zorder=1)


def _box(axes: Axes, at: int, each: Summary) -> None:
    colour = ROLE_COLOURS[each.role]
    axes.bar(at, each.q3 - each.q1, bottom=each.q1, width=0.6, color=colour, alpha=0.25, zorder=2)
    axes.hlines(each.median, at - 0.3, at + 0.3, color=colour, linewidth=2, zorder=3)
    if each.low is None or each.high is None:
        axes.plot(at, each.mean, "x", color="black", zorder=4)
        return
    reach = np.clip([[each.mean - each.low], [each.high - each.mean]], 0, None)
    axes.errorbar(at, each.mean, yerr=reach, fmt="o", capsize=4, color="black", markersize=4, zorder=4)


@contextmanager
def drawing(path: Path, *, width: float, height: float = HEIGHT_INCHES) -> Iterator[Figure]:
    """Yield an empty figure; write it as .svg and .pdf when the block succeeds, the same for the same data."""
    look: dict[Any, Any] = {
        "svg.hashsalt": "hearback",
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
        "text.parse_math": False,
        "font.family": fonts.families(),
    }
    with mpl.rc_context(look), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # an SVG's text is the reader's to draw
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once for both files
        for suffix, stamp in ((".svg", "Date"), (".pdf", "CreationDate")):
            with atomic_file(path.with_suffix(suffix)) as part:
                figure.savefig(part, format=suffix[1:], metadata={stamp: None})


def title(axes: Axes, words: str, mark: str, *, width: float | None = None) -> None:
    """Say what is drawn, and whose ratings: simulated ones are called so in the figure itself. `width` is in inches."""
    inches = width or cast("Figure", axes.get_figure(root=True)).get_size_inches()[0]
    lines = textwrap.wrap(words, int(TITLE_CHARACTERS_PER_INCH * inches))
    axes.set_title("\n".join([*lines, mark] if mark else lines), fontsize=8)


def _width(places: int) -> float:
    return max(4.5, 0.7 * places + 1.5)


def _scale(figure: Figure, names: Sequence[str], *, ylabel: str) -> Axes:
    """Return an empty 0–100 scale with a place for each condition."""
    axes = figure.subplots()
    axes.set(ylim=(-3, 110), yticks=range(0, 101, 20), ylabel=ylabel)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.grid(axis="y", alpha=0.3)
    return axes
