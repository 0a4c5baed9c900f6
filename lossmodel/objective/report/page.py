"""The report of an objective as HTML: pieces for the site's page, and a file that is read without a server.

Light like the report itself: nothing is computed here but places in a drawing.
"""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any, Final

from lossmodel.objective.report import plots
from lossmodel.objective.report.cardpage import card_section
from lossmodel.objective.report.contents import (
    Attribute,
    Interval,
    MetricComparison,
    Report,
    Residual,
    Stimulus,
    Suggestion,
)
from lossmodel.objective.report.plots import Heard

PLAYER_FRAME: Final = "hb-player"
"""The frame of the file in which a sound plays; the site has an element for it."""

EMPTY_PLAYER: Final = (
    "<style>:root{color-scheme:light dark}body{font:16px system-ui;text-align:center;margin:1.5rem;opacity:.7}</style>"
    "Choose a point or a stimulus to hear it."
)
"""What the player holds until something is played."""

MEASURES: Final = {
    "pearson": ("Pearson r", "linear correlation of predictions and ratings"),
    "spearman": ("Spearman ρ", "rank correlation over all stimuli"),
    "within": ("ρ within songs", "rank correlation of the systems within a song"),
    "rmse": ("RMSE", "root mean square error in points"),
    "coverage": ("90 % interval holds", "share of mean ratings inside the interval; should be 90 %"),
}
TABLE_MEASURES: Final = ("pearson", "spearman", "within", "rmse")
MINUS_SIGN: Final = "−"


def document(report: Report | None, card: dict[str, Any], heard: Heard) -> str:
    """Return the whole file: report and card, its style inside, sounds in a frame at the foot."""
    style = (files("lossmodel") / "objective" / "report" / "assets" / "report.css").read_text(encoding="utf-8")
    title = "Report of an objective"
    unseen = "<p class=hb-note>This fit was not cross-validated: run it with <code>--crossval song</code>.</p>"
    body = (
        sections(report, heard, target=PLAYER_FRAME) + suggestions(report, heard, target=PLAYER_FRAME)
        if report
        else unseen
    )
    frame = f'<iframe class="{PLAYER_FRAME}" name="{PLAYER_FRAME}" title="the sound of a stimulus"'
    player = f'{frame} srcdoc="{EMPTY_PLAYER}"></iframe>'
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{style}</style></head>'
        f'<body class="hb-alone"><main class="hb-report"><h1>{title}</h1>{body}{card_section(card)}</main>'
        f"{player if report else ''}</body></html>\n"
    )


def sections(report: Report, heard: Heard, *, target: str = "") -> str:
    """Return what is known of each attribute, one after the other."""
    return "".join(_attribute(each, report.left_out, heard, target) for each in report.attributes)


def suggestions(report: Report, heard: Heard, *, target: str = "", pick: str = "") -> str:
    """Return which stimuli to rate next and why.

    With `pick` each row has a box to tick of that name, whose value is the row's number in `report.suggestions`.
    """
    if not report.suggestions:
        return ""
    box = '<th scope="col"><span class="hb-unseen">choose</span></th>' if pick else ""
    heads = "".join(
        f'<th scope="col">{each}</th>'
        for each in ("stimulus", "use", "why", "spread", "conflict", "distance", "rated by")
    )
    rows = "".join(_suggestion(at, each, heard, target, pick) for at, each in enumerate(report.suggestions))
    return (
        '<section class="hb-next"><h2>What to rate next</h2><p class="hb-note">Stimuli from which the objective would '
        "learn most: the members of its ensemble disagree (spread), the metrics that agree best with listeners expect "
        "another rating (conflict: objective minus metrics), nothing similar was rated (distance; 1 is typical between "
        "songs). Each criterion counts by the rank among all candidates.</p>"
        f'<div class="hb-wide"><table class="hb-figures"><thead><tr>{box}{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _attribute(each: Attribute, left_out: str, heard: Heard, target: str) -> str:
    mark = ' <span class="hb-badge hb-simulated">simulated</span>' if each.simulated else ""
    songs = len({one.item for one in each.stimuli})
    unlike = sum(not one.in_calibration for one in each.stimuli)
    caption = (
        f"{len(each.stimuli)} stimuli on {songs} songs, <strong>{escape(left_out)}</strong>: no prediction used "
        "ratings of its own song. Vertical: 95 % interval of the mean rating; horizontal: predicted 90 % interval"
        + (f"; hollow: {unlike} out of calibration" if unlike else "")
        + ". Choose a point to hear it."
    )
    plot = plots.predicted_and_rated(each.name, each.stimuli, heard, target)
    return (
        f'<section class="hb-attribute"><h2>{escape(each.name)}{mark}</h2>{_tiles(each)}<div class="hb-pair">'
        f"<figure>{plot}<figcaption>{caption}</figcaption>{_values(each.stimuli, heard, target)}</figure>"
        f"{_learning(each)}</div>{_beside(each)}{_residuals(each)}</section>"
    )


def _tiles(each: Attribute) -> str:
    """Return the figures that matter, large."""
    found = (
        f'<div class="hb-tile" title="{escape(told)}"><dt>{name}</dt><dd>{number(key, each.measures[key].value)}'
        f'<span class="hb-range-text">{reach(key, each.measures[key])}</span></dd></div>'
        for key, (name, told) in MEASURES.items()
        if key in each.measures
    )
    return f'<dl class="hb-tiles">{"".join(found)}</dl>'


def _values(stimuli: Sequence[Stimulus], heard: Heard, target: str) -> str:
    """Return the points as a table, folded: for reading, copying and screen readers."""
    rows = "".join(
        f"<tr><th scope=row>{_play(each.item, each.condition, plots.told(each), heard, target)}</th>"
        f"<td>{each.rated:.1f}{plots.plus_minus(each.half_width)}</td><td>{each.predicted:.1f}</td>"
        f"<td>{each.low:.0f} … {each.high:.0f}</td><td>{each.people}</td></tr>"
        for each in stimuli
    )
    heads = "".join(f'<th scope="col">{each}</th>' for each in ("stimulus", "rated", "predicted", "90 %", "by"))
    return (
        f'<details><summary>the {len(stimuli)} values</summary><div class="hb-wide"><table class="hb-figures">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def _learning(each: Attribute) -> str:
    if each.curve is None:
        return "<figure><p class=hb-note>Too few songs for a learning curve: it needs at least four.</p></figure>"
    how = (
        f"Dots: fits to part of the ratings, evaluated on held-out songs, mean of {each.curve.draws} draws. Lines: the "
        "fitted law, extrapolated to twice the songs. Interval: 95 %, songs resampled."
    )
    sentence = f'<p class="hb-sentence">{escape(each.curve.sentence)}.</p>'
    return f"<figure>{sentence}{plots.learning(each.curve)}<figcaption>{how}</figcaption></figure>"


def _beside(each: Attribute) -> str:
    """Return the objective and every metric on the same stimuli."""
    heads = "".join(f'<th scope="col">{MEASURES[name][0]}</th>' for name in TABLE_MEASURES)
    more = "".join(f'<th scope="col">Δ {MEASURES[name][0]}</th>' for name in TABLE_MEASURES)
    own = "".join(f"<td>{_figure(name, each.measures[name])}</td>" for name in TABLE_MEASURES)
    first = (
        f'<tr class="hb-own"><th scope="row">this objective</th>{own}<td>{len(each.stimuli)}</td>{"<td></td>" * 4}</tr>'
    )
    rows = first + "".join(_metric_row(one) for one in each.rivals)
    rule = each.rivals[0].differences["rmse"].rule if each.rivals else ""
    return (
        "<h3>Compared with every metric</h3><p class=hb-note>A metric's correlations change sign if lower is better; "
        "for its RMSE it is mapped to the scale by a line fitted to the other songs. Δ: "
        f"{escape(rule)}; bold if the interval excludes 0.</p>"
        f'<div class="hb-wide" tabindex="0" role="group" aria-label="{escape(each.name)}: metrics">'
        f'<table class="hb-figures"><thead><tr><th scope="col">metric</th>{heads}<th scope="col">n</th>{more}</tr>'
        f"</thead><tbody>{rows}</tbody>"
        "</table></div>"
    )


def _metric_row(one: MetricComparison) -> str:
    own = "".join(f"<td>{_figure(name, one.measures[name])}</td>" for name in TABLE_MEASURES)
    more = "".join(f"<td>{_difference(name, one.differences[name])}</td>" for name in TABLE_MEASURES)
    return f"<tr><th scope=row><code>{escape(one.metric)}</code></th>{own}<td>{one.stimuli}</td>{more}</tr>"


def _residuals(each: Attribute) -> str:
    found = "".join(_residual_table(by, rows) for by, rows in each.residuals.items())
    return (
        "<h3>Where it errs</h3><p class=hb-note>Rated minus predicted, in points, with the 95 % interval of the mean: "
        f'to the right, people rate higher than the objective.</p><div class="hb-three">{found}</div>'
    )


def _residual_table(by: str, rows: Sequence[Residual]) -> str:
    far = max((abs(end) for row in rows for end in (row.mean, row.low, row.high) if end is not None), default=1.0)
    reach = min(40.0, max(5.0, far))
    body = "".join(
        f"<tr><th scope=row>{escape(row.name)}</th><td>{signed(row.mean)}</td>"
        f"<td>{plots.offset(row.low, row.mean, row.high, reach)}</td><td>{row.n}</td></tr>"
        for row in rows
    )
    return (
        f'<div class="hb-wide"><table class="hb-figures hb-residuals"><thead><tr><th scope="col">{by}</th>'
        f'<th scope="col">offset</th><th scope="col">±{reach:.0f}</th><th scope="col">n</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _suggestion(at: int, each: Suggestion, heard: Heard, target: str, pick: str) -> str:
    name = f"{each.item} · {each.condition}"
    box = f'<td><input type="checkbox" name="{pick}" value="{at}" aria-label="{escape(name)}"></td>' if pick else ""
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in each.reasons)
    cells = (f"±{each.disagreement:.0f}", signed(each.conflict), f"{each.distance:.1f}", str(each.ratings))
    return (
        f"<tr>{box}<th scope=row>{_play(each.item, each.condition, name, heard, target)}</th>"
        f'<td><meter min="0" max="1" value="{each.score:.2f}" title="{each.score:.2f}">{each.score:.2f}</meter></td>'
        f'<td class="hb-why"><ul>{reasons}</ul></td>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
    )


def _play(item: str, condition: str, words: str, heard: Heard, target: str) -> str:
    """Return a stimulus by name, which plays it where it has a sound."""
    name, address = escape(f"{item} · {condition}"), heard(item, condition)
    if not address:
        return name
    where = f' target="{target}"' if target else ""
    return f'<a href="{escape(address)}"{where} data-plays="{escape(words)}">{name}</a>'


def number(measure: str, value: float | None) -> str:
    """Return a value as its measure is written: points with one decimal, shares in per cent, else two decimals."""
    if value is None:
        return "–"
    if measure == "coverage":
        return f"{value:.0%}".replace("%", " %")
    return (f"{value:.1f}" if measure == "rmse" else f"{value:.2f}").replace("-", MINUS_SIGN)


def reach(measure: str, each: Interval) -> str:
    """Return the ends of an interval."""
    return f"{number(measure, each.low)} … {number(measure, each.high)}"


def signed(value: float) -> str:
    """Return points with their sign.

    >>> signed(3.24), signed(-0.01)
    ('+3.2', '0.0')
    """
    text = f"{value:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text.replace("-", MINUS_SIGN)


def _figure(measure: str, each: Interval) -> str:
    return f'{number(measure, each.value)}<span class="hb-range-text">{reach(measure, each)}</span>'


def _difference(measure: str, each: Interval) -> str:
    """Return a paired difference with its interval, in bold where that leaves out 0."""
    if each.value is None or each.low is None or each.high is None:
        return "–"
    text = ("" if each.value < 0 else "+") + number(measure, each.value)
    clear = "<strong>{}</strong>" if each.low > 0 or each.high < 0 else "{}"
    return f'{clear.format(text)}<span class="hb-range-text">{reach(measure, each)}</span>'
