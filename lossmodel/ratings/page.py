"""What the report of an analysis says, block by block; `html` and `pdf` set it."""

from collections.abc import Iterator, Mapping, Sequence

from lossmodel.ratings.blocks import Block, Heading, Listing, Paragraph, Picture, answer, interval, p, table
from lossmodel.ratings.describe import Summary
from lossmodel.ratings.expertise import NOISE_LEVEL, Expertise
from lossmodel.ratings.inference.anova import Effect
from lossmodel.ratings.inference.pairs import Difference
from lossmodel.ratings.inference.preference import Preference, Preferred, Worth
from lossmodel.ratings.methods_text import QUESTIONS, paragraph
from lossmodel.ratings.opinion import Opinion
from lossmodel.ratings.order import WAYS, Drift
from lossmodel.ratings.predicted import Agreement
from lossmodel.ratings.provenance import Provenance
from lossmodel.ratings.results import Analysis, Findings, Panel
from lossmodel.ratings.thresholds import COUNTED

TITLE = "Analysis of a listening test"
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
MAX_ASSESSORS_SHOWN = 60


def blocks(
    found: Analysis,
    made: Provenance,
    drawn: Sequence[tuple[int, str, str]],
    about: Mapping[str, Sequence[Mapping[str, object]]],
) -> list[Block]:
    """Return the report; `drawn` are (number of the panel, or -1; file name; caption) of the figures.

    `about` are further tables, of the test itself, by their headings.
    """
    return [
        *_about(found),
        *(part for title, rows in about.items() for part in (Heading(title), table(rows))),
        Heading("Post-screening"),
        *_screening(found),
        *_pictures(drawn, -1),
        *(
            part
            for number, panel in enumerate(found.panels)
            for part in _panel(panel, found.margin, _pictures(drawn, number))
        ),
        *_across(found),
        Heading("Which test answers which question"),
        table(QUESTIONS),
        Heading("Methods"),
        Paragraph(paragraph(found)),
        *_made(made),
    ]


def _pictures(drawn: Sequence[tuple[int, str, str]], panel: int) -> list[Block]:
    return [Picture(name, caption) for number, name, caption in drawn if number == panel]


def _across(found: Analysis) -> Iterator[Block]:
    if found.across is None:
        return
    yield Heading("The same conditions in several studies")
    yield Paragraph("Hidden reference and anchors map each study's scale to that of the first.")
    yield table(vars(each) for each in found.across.scales)
    yield table({str(name): cell for name, cell in row.items()} for row in found.across.means.to_dict("records"))
    yield table(
        {"attribute": each.attribute, "condition": each.condition, "from": each.first, "to": each.second,
         "change": each.value, "95 %": interval(each.low, each.high), "p": p(each.p), "p (Holm)": p(each.p_holm),
         "common items": each.common_items, "how": each.rule}
        for each in found.across.changes
    )  # fmt: skip


def _about(found: Analysis) -> Iterator[Block]:
    ratings = found.ratings
    studies = ", ".join(sorted(set(ratings["study"]))) or "unnamed"
    people, items = (len(ratings[name].unique()) for name in ("assessor", "item"))
    if simulated := int(ratings["simulated"].sum()):
        told = f"{simulated} of {len(ratings)} ratings are simulated; no figure or table mixes them with people's."
        yield Paragraph(told, is_mark=True)
    yield Paragraph(f"Study {studies}: {len(ratings)} ratings, {people} assessors, {items} items.")


def _screening(found: Analysis) -> Iterator[Block]:
    screening, rules = found.screening, found.screening.rules
    applied = sorted({each.rule for each in screening.tallies}, key=list(COUNTED).index)
    told = "; ".join(
        f"who {rules.missed_by(rule)} in more than {rules.share:.0%} of the {COUNTED[rule]}" for rule in applied
    )
    yield Paragraph(f"Excluded from an attribute: {told}." if applied else "No rule could be applied.")
    if screening.exclusions:
        yield table(vars(each) for each in screening.exclusions)
    else:
        yield Paragraph("Nobody is excluded.")
    if screening.notes:
        yield Listing(screening.notes)


def _panel(panel: Panel, margin: float | None, pictures: list[Block]) -> Iterator[Block]:
    yield Heading(str(panel.key))
    if panel.key.simulated:
        yield Paragraph("Simulated listeners: no person has rated this.", is_mark=True)
    if panel.warning:
        yield Paragraph(panel.warning, is_mark=True)
    elif panel.excluded:
        change = panel.comparison["change"].abs().max()
        yield Paragraph(f"{panel.excluded} excluded: a stimulus' mean moves by at most {change:.1f} points.")
    yield from pictures
    yield Heading("Conditions", level=3)
    yield table(_condition(each, panel.kept) | _unscreened(each, panel) for each in _best_first(panel.kept.summaries))
    yield from _opinion(panel.kept.opinion)
    yield from _preference(panel.kept.preference)
    yield from _compared(panel.kept, margin)
    yield from _compared_with(panel.predicted)
    yield from _drift(panel.kept.drift)
    yield from _expertise(panel.expertise)
    yield Heading("Agreement of the assessors", level=3)
    yield table(
        {"figure": AGREEMENT_LABELS.get(name, name), "value": each.value, "95 %": interval(each.low, each.high, 2),
         "n": each.n, "rule": each.rule}
        for name, each in panel.kept.agreement.items()
    )  # fmt: skip


def _compared(part: Findings, margin: float | None) -> Iterator[Block]:
    if part.effects:
        yield Heading("Do the systems differ at all?", level=3)
        yield table(_effect(each) for each in part.effects)
    if part.differences:
        yield Heading("Which systems differ, and by how much?", level=3)
        yield table(_difference(each, margin) for each in part.differences[:MAX_PAIRS_SHOWN])
        yield from _left_out(len(part.differences), "differences.csv")
    if part.checks:
        yield Heading("Assumptions of the tests", level=3)
        yield table(
            {"assumption": each.assumption, "value": each.value, "holds": answer(each.holds), "": each.remark}
            for each in part.checks
        )


def _compared_with(found: Agreement | None) -> Iterator[Block]:
    if found is None:
        return
    yield Heading("Predicted and rated", level=3)
    yield Paragraph(f"Predicted by {found.source}; {found.standing}. {len(found.points)} stimuli in predicted.csv.")
    yield table(
        {"figure": name, "value": each.value, "95 %": interval(each.low, each.high, 2), "rule": each.rule}
        for name, each in (("r", found.r), ("rank correlation", found.rho))
    )
    yield Paragraph(f"Root mean square distance: {found.rmse:.1f} points.")


def _drift(found: Drift) -> Iterator[Block]:
    if not found.trends:
        return
    yield Heading("Order and time", level=3)
    yield table(
        {"along": WAYS[each.way], "points a step": each.slope, "95 %": interval(each.low, each.high, 2),
         "p": p(each.p), "assessors": each.assessors}
        for each in found.trends
    )  # fmt: skip


def _expertise(found: Sequence[Expertise]) -> Iterator[Block]:
    if not found:
        return
    yield Heading("Expertise of the assessors", level=3)
    yield Paragraph(
        "Discrimination and reliability of the systems rated twice, as F ratios against the panel (after eGauge, "
        "Report ITU-R BS.2300); the floor is what chance reaches in 5 %, p how often it does as well."
    )
    yield table(
        {"assessor": each.assessor, "stimuli": each.stimuli, "discrimination": each.discrimination,
         "its floor": each.discrimination_floor, "reliability": each.reliability, "floor": each.reliability_floor,
         "p": p(each.p), "above": answer(each.p <= NOISE_LEVEL)}
        for each in found[:MAX_ASSESSORS_SHOWN]
    )  # fmt: skip
    if len(found) > MAX_ASSESSORS_SHOWN:
        yield Paragraph(f"{len(found) - MAX_ASSESSORS_SHOWN} more in expertise.csv.")


def _opinion(found: Opinion | None) -> Iterator[Block]:
    if found is None:
        return
    yield Heading("Mean opinion scores (1 to 5)", level=3)
    yield table(
        {"condition": each.condition, "MOS": each.mos, "95 %": interval(each.low, each.high, 2), "SD": each.sd,
         "ratings": each.ratings}
        for each in sorted(found.scores, key=lambda each: (-each.mos, each.condition))
        if not each.item
    )  # fmt: skip
    sos = found.sos
    value = "not computed" if sos.value != sos.value else f"{sos.value:.3f} ({interval(sos.low, sos.high, 3)})"
    yield Paragraph(f"SOS parameter {value}: {sos.rule}.")


def _preference(found: Preference | None) -> Iterator[Block]:
    if found is None:
        return
    yield Heading("Which are preferred?", level=3)
    ties = f"; ν {found.nu:.3g}" if found.nu else ""
    yield Paragraph(f"{found.comparisons} comparisons by {found.assessors} assessors. {found.rule}{ties}.")
    yield table(_worth(each) for each in found.worths)
    yield table(_preferred(each) for each in found.pairs[:MAX_PAIRS_SHOWN])
    yield from _left_out(len(found.pairs), "preferences.csv")


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
        "p (sign flips)": p(each.sign_flip_p), "p (order alone, Holm)": p(each.p_ordinal_holm),
        "order agrees": answer(each.ordinal_agrees), **_against(each, margin), "d": each.effect_size,
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


def _made(made: Provenance) -> Iterator[Block]:
    yield Heading("How this was made")
    yield from (Paragraph(f"Ratings: {name}, SHA-256 {digest}.") for name, digest in made.sources.items())
    versions = ", ".join(f"{name} {number}" for name, number in made.versions.items())
    yield Paragraph(f"{versions}; seed {made.seed}.")
    if made.command:
        yield Paragraph(f"To reproduce it: {made.command}")


def _left_out(pairs: int, file: str) -> Iterator[Block]:
    if pairs > MAX_PAIRS_SHOWN:
        yield Paragraph(f"{pairs - MAX_PAIRS_SHOWN} more in {file}.")


def _best_first(found: Sequence[Summary]) -> list[Summary]:
    return sorted(found, key=lambda each: (-each.mean, each.condition))
