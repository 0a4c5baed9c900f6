"""The report of an analysis: one HTML file, readable without a server, nothing loaded from elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from lossmodel.ratings.describe import Summary
from lossmodel.ratings.html import answer, figure, interval, p, table
from lossmodel.ratings.inference.anova import Effect
from lossmodel.ratings.inference.pairs import Difference
from lossmodel.ratings.inference.preference import Preference, Preferred, Worth
from lossmodel.ratings.methods_text import QUESTIONS, paragraph
from lossmodel.ratings.opinion import Opinion
from lossmodel.ratings.provenance import Provenance
from lossmodel.ratings.results import Analysis, Findings, Panel
from lossmodel.ratings.thresholds import COUNTED

HTML_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Analysis of a listening test</title>
<style>
:root { color-scheme: light dark; --line: #8884; --mark: #fff3cd; --ink: #6b4e00 }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 3rem; border-bottom: 2px solid var(--line) }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem }
th, td { padding: .2rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
td.n { text-align: right }
td.s { white-space: nowrap }
figure { margin: 1.5rem 0; background: white; color: #222; padding: .5rem; border-radius: .4rem }
img { max-width: 100%; height: auto }
.mark { background: var(--mark); color: var(--ink); border: 1px solid #b58900; padding: .5rem 1rem }
code { overflow-wrap: anywhere }
</style></head><body>
"""
AGREEMENT_LABELS = {
    "icc_single": "reliability of one assessor",
    "icc_panel": "reliability of the panel's mean",
    "alpha": "agreement on the scale",
    "alpha_ranks": "agreement on the order",
    "alpha_items": "agreement within an item, after equalising scales",
    "kendall_w": "concordance of rankings",
    "split_half": "one half of the panel against the other",
    "retest": "agreement with oneself",
    "retest_rmse": "distance of a second rating, in points",
}
MAX_PAIRS_SHOWN = 60
"""Pairs in the page's table; `differences.csv` has them all."""


def render(
    found: Analysis,
    made: Provenance,
    folder: Path,
    drawn: Sequence[tuple[int, str, str]],
    about: Mapping[str, Sequence[Mapping[str, object]]],
) -> str:
    """Return the page; `drawn` are (number of the panel, or -1; file name in `folder`; caption) of the figures.

    `about` are further tables, of the test itself, by their headings.
    """
    parts = [
        HTML_HEAD,
        "<h1>Analysis of a listening test</h1>",
        _about(found),
        *(part for title, rows in about.items() for part in (f"<h2>{escape(title)}</h2>", table(rows))),
        "<h2>Post-screening</h2>",
        _screening(found),
        *(figure(folder, name, caption) for number, name, caption in drawn if number < 0),
    ]
    for number, panel in enumerate(found.panels):
        parts += _panel(
            panel, found.margin, [figure(folder, name, caption) for own, name, caption in drawn if own == number]
        )
    parts += _across(found)
    parts += ["<h2>Which test answers which question</h2>", table(QUESTIONS), "<h2>Methods</h2>", paragraph(found)]
    return "\n".join([*parts, _made(made), "</body></html>\n"])


def _across(found: Analysis) -> Iterator[str]:
    if found.across is None:
        return
    yield "<h2>The same conditions in several studies</h2>"
    yield "<p>Hidden reference and anchors map each study's scale to that of the first.</p>"
    yield table(vars(each) for each in found.across.scales)
    yield table({str(name): cell for name, cell in row.items()} for row in found.across.means.to_dict("records"))
    yield table(
        {"attribute": each.attribute, "condition": each.condition, "from": each.first, "to": each.second,
         "change": each.value, "95 %": interval(each.low, each.high), "p": p(each.p), "p (Holm)": p(each.p_holm),
         "common items": each.common_items, "how": each.rule}
        for each in found.across.changes
    )  # fmt: skip


def _about(found: Analysis) -> str:
    ratings = found.ratings
    studies = ", ".join(sorted(set(ratings["study"]))) or "unnamed"
    people, items = (len(ratings[name].unique()) for name in ("assessor", "item"))
    about = f"<p>Study {escape(studies)}: {len(ratings)} ratings, {people} assessors, {items} items.</p>"
    simulated = int(ratings["simulated"].sum())
    if simulated:
        words = (
            f"{simulated} of {len(ratings)} ratings are <b>simulated</b>; no figure or table mixes them with people's."
        )
        about = f'<p class="mark">{words}</p>{about}'
    return about


def _screening(found: Analysis) -> str:
    screening, rules = found.screening, found.screening.rules
    listed = (
        table(vars(each) for each in screening.exclusions) if screening.exclusions else "<p>Nobody is excluded.</p>"
    )
    applied = sorted({each.rule for each in screening.tallies}, key=list(COUNTED).index)
    words = "; ".join(
        f"who {rules.missed_by(rule)} in more than {rules.share:.0%} of the {COUNTED[rule]}" for rule in applied
    )
    said = f"<p>Excluded from an attribute: {escape(words)}.</p>" if applied else "<p>No rule could be applied.</p>"
    notes = "".join(f"<li>{escape(note)}</li>" for note in screening.notes)
    return f"{said}{listed}<ul>{notes}</ul>"


def _panel(panel: Panel, margin: float | None, figures: list[str]) -> Iterator[str]:
    yield f"<h2>{escape(str(panel.key))}</h2>"
    if panel.key.simulated:
        yield '<p class="mark">Simulated listeners: no person has rated this.</p>'
    if panel.warning:
        yield f'<p class="mark">{escape(panel.warning)}</p>'
    elif panel.excluded:
        change = panel.comparison["change"].abs().max()
        yield f"<p>{panel.excluded} excluded: a stimulus' mean moves by at most {change:.1f} points.</p>"
    yield from figures
    yield "<h3>Conditions</h3>"
    yield table(_condition(each, panel.kept) | _unscreened(each, panel) for each in _best_first(panel.kept.summaries))
    yield from _opinion(panel.kept.opinion)
    yield from _preference(panel.kept.preference)
    yield from _compared(panel.kept, margin)
    yield "<h3>Agreement of the assessors</h3>"
    yield table(
        {"figure": AGREEMENT_LABELS.get(name, name), "value": each.value, "95 %": interval(each.low, each.high, 2),
         "n": each.n, "rule": each.rule}
        for name, each in panel.kept.agreement.items()
    )  # fmt: skip


def _compared(part: Findings, margin: float | None) -> Iterator[str]:
    if part.effects:
        yield "<h3>Do the systems differ at all?</h3>"
        yield table(_effect(each) for each in part.effects)
    if part.differences:
        yield "<h3>Which systems differ, and by how much?</h3>"
        yield table(_difference(each, margin) for each in part.differences[:MAX_PAIRS_SHOWN])
        more = len(part.differences) - MAX_PAIRS_SHOWN
        yield f"<p>{more} more in <code>differences.csv</code>.</p>" if more > 0 else ""
    if part.checks:
        yield "<h3>Assumptions of the tests</h3>"
        yield table(
            {"assumption": each.assumption, "value": each.value, "holds": answer(each.holds), "": each.remark}
            for each in part.checks
        )


def _opinion(found: Opinion | None) -> Iterator[str]:
    if found is None:
        return
    yield "<h3>Mean opinion scores (1 to 5)</h3>"
    yield table(
        {"condition": each.condition, "MOS": each.mos, "95 %": interval(each.low, each.high, 2), "SD": each.sd,
         "ratings": each.ratings}
        for each in sorted(found.scores, key=lambda each: (-each.mos, each.condition))
        if not each.item
    )  # fmt: skip
    sos = found.sos
    value = "not computed" if sos.value != sos.value else f"{sos.value:.3f} ({interval(sos.low, sos.high, 3)})"
    yield f"<p>SOS parameter {value}: {escape(sos.rule)}.</p>"


def _preference(found: Preference | None) -> Iterator[str]:
    if found is None:
        return
    yield "<h3>Which are preferred?</h3>"
    ties = f"; ν {found.nu:.3g}" if found.nu else ""
    yield f"<p>{found.comparisons} comparisons by {found.assessors} assessors. {escape(found.rule)}{ties}.</p>"
    yield table(_worth(each) for each in found.worths)
    yield table(_preferred(each) for each in found.pairs[:MAX_PAIRS_SHOWN])
    more = len(found.pairs) - MAX_PAIRS_SHOWN
    yield f"<p>{more} more in <code>preferences.csv</code>.</p>" if more > 0 else ""


def _worth(each: Worth) -> dict[str, object]:
    return {
        "condition": each.condition, "worth": each.worth, "95 %": interval(each.low, each.high, 3),
        "log worth": each.log_worth, "SE": each.se, "preferred": each.preferred, "no preference": each.ties,
        "rejected": each.rejected,
    }  # fmt: skip


def _preferred(each: Preferred) -> dict[str, object]:
    return {
        "first": each.first, "second": each.second, "P(first)": each.p_first, "P(no preference)": each.p_tie,
        "P(second)": each.p_second, "first, of those with a preference": each.share,
        "95 %": interval(each.low, each.high, 3), "p": p(each.p), "p (Holm)": p(each.p_holm),
        "chose first": each.preferred, "chose neither": each.ties, "chose second": each.rejected,
    }  # fmt: skip


def _condition(each: Summary, part: Findings) -> dict[str, object]:
    several = sum(item.has_several_modes for item in part.items if item.condition == each.condition)
    return {
        "condition": each.condition, "role": each.role, "mean": each.mean, "95 %": interval(each.low, each.high),
        "letters": part.letters.get(each.condition, ""), "BCa 95 %": interval(each.bca_low, each.bca_high),
        "median": each.median, "quartiles": interval(each.q1, each.q3), "ratings": each.ratings,
        "assessors": each.assessors, "items": each.items, "outliers": each.outliers,
        "items with several modes": several or "",
    }  # fmt: skip


def _unscreened(each: Summary, panel: Panel) -> dict[str, object]:
    """Return the mean before screening, where that is another one."""
    if panel.kept is panel.everybody:
        return {}
    before = {own.condition: own.mean for own in panel.everybody.summaries}
    return {"mean of all assessors": before.get(each.condition)}


def _effect(each: Effect) -> dict[str, object]:
    df = ", ".join(f"{value:.4g}" for value in each.df)
    return {
        "source": each.source, "statistic": each.statistic, "df": df, "p": p(each.p), "ε (GG)": each.epsilon,
        "partial η²": each.partial_eta2, "test": each.rule,
    }  # fmt: skip


def _difference(each: Difference, margin: float | None) -> dict[str, object]:
    return {
        "higher": each.first, "lower": each.second, "difference": each.value, "95 %": interval(each.low, each.high),
        "p": p(each.p), "p (Holm)": p(each.p_holm), "p (Hochberg)": p(each.p_hochberg),
        "p (sign flips)": p(each.sign_flip_p), **_against(each, margin), "d": each.effect_size,
        "assessors": each.assessors, "items": each.items, "how": each.rule,
    }  # fmt: skip


def _against(each: Difference, margin: float | None) -> dict[str, object]:
    """Return the p-values against the margin, where one was told; each column says what its p-value speaks against."""
    if margin is None:
        return {}
    return {
        f"p (lower is worse by {margin:g})": p(each.p_second_worse_by(margin)),
        f"p (they differ by {margin:g})": p(each.p_not_equivalent(margin)),
    }


def _made(made: Provenance) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in made.versions.items())
    source = "".join(
        f"<p>Ratings: {escape(name)}, SHA-256 <code>{digest}</code>.</p>" for name, digest in made.sources.items()
    )
    command = f"<p>To reproduce it: <code>{escape(made.command)}</code></p>" if made.command else ""
    return f"<h2>How this report was made</h2>{source}<p>{escape(versions)}; seed {made.seed}.</p>{command}"


def _best_first(found: Sequence[Summary]) -> list[Summary]:
    return sorted(found, key=lambda each: (-each.mean, each.condition))
