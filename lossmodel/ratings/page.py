"""The page that shows an analysis: plain HTML, readable without a server, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from lossmodel.ratings.analyse import Analysis

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Analysis of a listening test</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto }
th, td { padding: .2rem .6rem; border-bottom: 1px solid #ccc; text-align: left }
img { max-width: 100%; height: auto }
.simulated { background: #fff3cd; border: 1px solid #b58900; padding: .5rem 1rem }
</style></head><body>
"""
WORDS = {
    "icc_single": "reliability of one assessor",
    "icc_panel": "reliability of the panel's mean",
    "alpha": "agreement on the scale",
    "alpha_ranks": "agreement on the order",
    "split_half": "one half of the panel against the other",
    "retest": "agreement with oneself",
}


def render(found: Analysis, drawn: Sequence[tuple[str, str]]) -> str:
    """Return the page; `drawn` are the figures' file names and captions."""
    parts = [
        HEAD,
        "<h1>Analysis of a listening test</h1>",
        _about(found),
        "<h2>Post-screening</h2>",
        _screening(found),
        "<h2>Results</h2>",
        *(_figure(name, caption) for name, caption in drawn),
        "<h2>Conditions</h2><p>Intervals: 95 %, bootstrap over assessors.</p>",
        _table(asdict(each) for each in found.summaries),
        "<h2>Agreement</h2>",
        _agreement(found),
        "<h2>Differences and effects</h2>",
        _table(asdict(each) for each in found.differences),
        _table(asdict(each) for each in found.effects),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _about(found: Analysis) -> str:
    ratings = found.ratings
    studies = ", ".join(sorted(set(ratings["study"]))) or "unnamed"
    people, items = (len(ratings[name].unique()) for name in ("assessor", "item"))
    about = f"<p>Study {escape(studies)}: {len(ratings)} ratings, {people} assessors, {items} items.</p>"
    simulated = int(ratings["simulated"].sum())
    if simulated:
        about = f'<p class="simulated">{simulated} of {len(ratings)} ratings are <b>simulated</b>.</p>' + about
    return about


def _screening(found: Analysis) -> str:
    excluded = found.screening.exclusions
    notes = "".join(f"<li>{escape(note)}</li>" for note in found.screening.notes)
    change = found.comparison["change"].abs().max()
    effect = f"<p>Without them a stimulus' mean moves by at most {change:.1f} points.</p>" if excluded else ""
    listed = _table(asdict(each) for each in excluded) if excluded else "<p>Nobody is excluded.</p>"
    return f"<p>ITU-R BS.1534-3, rules 1 and 2.</p>{listed}{effect}<ul>{notes}</ul>"


def _agreement(found: Analysis) -> str:
    return _table(
        {"panel": panel, "figure": WORDS.get(name, name), **asdict(each)}
        for panel, figures in found.agreement.items()
        for name, each in figures.items()
    )


def _figure(name: str, caption: str) -> str:
    words = escape(caption)
    return f'<figure><img src="{escape(name)}" alt="{words}"><figcaption>{words}</figcaption></figure>'


def _table(rows: Iterable[dict[str, object]]) -> str:
    frame = pd.DataFrame(rows)
    return "" if frame.empty else frame.to_html(index=False, border=0, na_rep="–", float_format="{:.3g}".format)
