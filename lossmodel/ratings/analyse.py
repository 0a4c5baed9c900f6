"""From a ratings table to a folder that a researcher can look at, publish and compute with."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from lossmodel.cells import write_csv
from lossmodel.files import atomic_folder, write_json
from lossmodel.progress import Report, silent
from lossmodel.ratings import describe, figures, html, page, pdf, scatter
from lossmodel.ratings.inference.pairs import Difference, to_baseline
from lossmodel.ratings.predicted import Agreement, Predictions
from lossmodel.ratings.provenance import Provenance, provenance
from lossmodel.ratings.results import Analysis, Findings, Panel, compute
from lossmodel.ratings.thresholds import Rules

SIMULATED_MARK = "SIMULATED LISTENERS"
About = Mapping[str, Sequence[Mapping[str, object]]]
UNSCREENED_MARK = "not screened: the screening excludes everybody"


def analyse(
    ratings: pd.DataFrame,
    output: Path,
    *,
    rules: Rules | None = None,
    seed: int = 0,
    margin: float | None = None,
    baseline: str | None = None,
    predictions: Predictions | None = None,
    sources: Sequence[Path] = (),
    command: str = "",
    about: About = MappingProxyType({}),
    report: Report = silent,
) -> Analysis:
    """Analyse a checked ratings table and write the folder `output`, whole or not at all; return what was found.

    `index.html` is the report, whole in one file, and `report.pdf` the same as a PDF; each figure lies beside them as
    SVG and PDF, each table as CSV, and `results.json` holds all numbers with versions, seed and the hash of each of
    `sources`, the files that the ratings were read from. With a `margin` in points differences are also tested
    against it; with a `baseline` every other system is set against it, in a figure and a table of their own; with
    `predictions` ratings are compared with them. Tables of assessors say in the column `screening`
    whether they are of `everybody` or of those `kept`. `about` are tables that whoever ran the test adds to the report:
    heading → rows of column → cell.
    """
    found = compute(
        ratings, rules=rules, seed=seed, margin=margin, baseline=baseline, predictions=predictions, report=report
    )
    made = provenance(seed=seed, sources=sources, command=command)
    with atomic_folder(output) as folder:
        write_json(folder / "results.json", results_json(found, made))
        for name, table in (tables(found) | _across(found)).items():
            write_csv(folder / f"{name}.csv", table)
        drawn = list(_draw(folder, found))
        said = page.blocks(found, made, drawn, about)
        (folder / "index.html").write_text(html.render(page.TITLE, said, folder), encoding="utf-8")
        pdf.write(folder / "report.pdf", page.TITLE, said, folder)
    report(found.progress_steps, found.progress_steps)
    return found


def tables(found: Analysis) -> dict[str, pd.DataFrame]:
    """Return every table of the report by name; with study, attribute, whether simulated, and screening."""
    parts = [part for panel in found.panels for _, part in _parts(panel)]
    return {
        "conditions": _each(found, lambda part: _rows(part.summaries)),
        "items": _each(found, lambda part: _rows(part.items)),
        "differences": _each(found, lambda part: _differences(part.differences, found.margin)),
        **(_to_baseline(found, found.baseline) if found.baseline else {}),
        **(_preferences(found) if any(part.preference for part in parts) else {}),
        **({"opinion": _opinions(found)} if any(part.opinion for part in parts) else {}),
        "effects": _each(found, lambda part: _rows(part.effects)),
        "assumptions": _each(found, lambda part: _rows(part.checks)),
        "reliability": _each(found, lambda part: _rows(part.agreement.values(), figure=list(part.agreement))),
        "assessors": _each(found, lambda part: _by_assessor(part.ratings)),
        "order": _each(found, lambda part: _rows(part.drift.steps)),
        "order_trends": _each(found, lambda part: _rows(part.drift.trends)),
        "expertise": pd.concat([_named(panel, _rows(panel.expertise)) for panel in found.panels]),
        **(_predicted(found) if any(panel.predicted for panel in found.panels) else {}),
        "outliers": _each(found, lambda part: describe.outliers(part.ratings).drop(columns=["study", "attribute"])),
        "with_and_without": pd.concat([_named(panel, panel.comparison) for panel in found.panels]),
        "exclusions": _rows(found.screening.exclusions),
        "screening": _rows(found.screening.tallies, share=[each.share for each in found.screening.tallies]),
    }


def _by_assessor(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the mean rating of each assessor and condition: what the picture by assessor shows."""
    return ratings.groupby(["assessor", "condition"])["score"].agg(mean="mean", ratings="size").reset_index()


def _predicted(found: Analysis) -> dict[str, pd.DataFrame]:
    """Return each stimulus beside its prediction, of the panels of which something was predicted."""
    compared = [(panel, panel.predicted) for panel in found.panels if panel.predicted]
    return {"predicted": pd.concat([_named(panel, _rows(own.points)) for panel, own in compared])}


def _across(found: Analysis) -> dict[str, pd.DataFrame]:
    """Return the tables that compare studies, where there are several."""
    if found.across is None:
        return {}
    scales, changes = _rows(found.across.scales), _rows(found.across.changes)
    return {"across_means": found.across.means, "across_scales": scales, "across_changes": changes}


def _differences(pairs: Sequence[Difference], margin: float | None) -> pd.DataFrame:
    """Return every pair; with a margin also the p-values against it."""
    rows = _rows(pairs)
    return rows if margin is None else rows.assign(**pd.DataFrame(_against(each, margin) for each in pairs))


def _to_baseline(found: Analysis, baseline: str) -> dict[str, pd.DataFrame]:
    """Return the differences of every other system to the baseline: what the figure shows."""
    rows = _each(found, lambda part: _differences(to_baseline(part.differences, baseline), found.margin))
    return {"baseline": rows.rename(columns=lambda name: name.replace("first", "system").replace("second", "baseline"))}


def _against(each: Difference, margin: float) -> dict[str, float | None]:
    return {
        "margin": margin,
        "p_first_worse": each.p_worse_by(margin),
        "p_second_worse": each.p_second_worse_by(margin),
        "p_not_equivalent": each.p_not_equivalent(margin),
    }


def _preferences(found: Analysis) -> dict[str, pd.DataFrame]:
    """Return the tables that only comparisons of two have."""
    return {
        "worths": _each(found, lambda part: _rows(part.preference.worths if part.preference else [])),
        "preferences": _each(found, lambda part: _rows(part.preference.pairs if part.preference else [])),
    }


def _opinions(found: Analysis) -> pd.DataFrame:
    """Return the mean opinion scores, of each condition over all items (empty `item`) and in each."""
    return _each(found, lambda part: _rows(part.opinion.scores if part.opinion else []))


def results_json(found: Analysis, made: Provenance) -> dict[str, Any]:
    """Return all numbers as plain values, None where there is none."""
    return {
        "made": asdict(made),
        "screening": found.screening.to_json(),
        "across": [plain(each) for each in found.across.changes] if found.across else [],
        "margin": found.margin,
        "baseline": found.baseline,
        "panels": [
            panel.key._asdict()
            | {"excluded": panel.excluded, "warning": panel.warning}
            | {"expertise": [plain(each) for each in panel.expertise], "predicted": _plain_agreement(panel.predicted)}
            | {name: _plain_findings(part, found.margin) for name, part in _parts(panel)}
            for panel in found.panels
        ],
    }


def plain(each: Any) -> dict[str, Any]:
    """Return the fields of a record with None for NaN, which JSON does not know."""
    values = asdict(each)
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()}


def _plain_findings(part: Findings, margin: float | None) -> dict[str, Any]:
    lists = ("summaries", "items", "differences", "effects", "checks")
    found: dict[str, Any] = {name: [plain(each) for each in getattr(part, name)] for name in lists}
    if margin is not None:
        found["differences"] = [plain(each) | _against(each, margin) for each in part.differences]
    found["drift"] = asdict(part.drift)
    found["preference"] = asdict(part.preference) if part.preference else None
    scores = part.opinion and [plain(each) for each in part.opinion.scores]
    found["opinion"] = part.opinion and {"scores": scores, "sos": plain(part.opinion.sos)}
    return found | {"letters": part.letters, "agreement": {name: plain(own) for name, own in part.agreement.items()}}


def _plain_agreement(found: Agreement | None) -> dict[str, Any] | None:
    if found is None:
        return None
    points = [plain(each) for each in found.points]
    return vars(found) | {"points": points, "r": plain(found.r), "rho": plain(found.rho)}


def _parts(panel: Panel) -> Iterator[tuple[str, Findings]]:
    """Yield a panel's findings by what the column `screening` calls them; where nobody goes, those of everybody."""
    yield "everybody", panel.everybody
    if panel.kept is not panel.everybody:
        yield "kept", panel.kept


def _each(found: Analysis, table: Callable[[Findings], pd.DataFrame]) -> pd.DataFrame:
    parts = [_named(panel, table(part), screening=name) for panel in found.panels for name, part in _parts(panel)]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _named(panel: Panel, table: pd.DataFrame, **columns: str) -> pd.DataFrame:
    names = panel.key._asdict() | columns
    kept = table[[name for name in table.columns if name not in names]]
    return pd.concat([pd.DataFrame(names, index=kept.index), kept], axis=1)


def _rows(records: Any, **columns: Sequence[Any]) -> pd.DataFrame:
    return pd.DataFrame([plain(each) for each in records]).assign(**columns)


def _draw(folder: Path, found: Analysis) -> Iterator[tuple[int, str, str]]:
    """Write the figures; yield the number of the panel (-1: of all), file name and what it shows."""
    for number, panel in enumerate(found.panels):
        stem = f"{number + 1}-{re.sub(r'[^A-Za-z0-9_]+', '-', str(panel.key)).strip('-')}"
        for name, caption in _draw_panel(folder, stem, panel, found.baseline):
            yield number, name, caption
    figures.screening(folder / "screening.svg", found.screening)
    yield -1, "screening.svg", "Post-screening: misses of each assessor, and the limit"


def _draw_panel(folder: Path, stem: str, panel: Panel, baseline: str | None) -> Iterator[tuple[str, str]]:
    part, mark = panel.kept, "; ".join(filter(None, [
        SIMULATED_MARK if panel.key.simulated else "", UNSCREENED_MARK if panel.warning else ""
    ]))  # fmt: skip
    order = [each.condition for each in sorted(part.summaries, key=lambda each: (-each.mean, each.condition))]
    figures.conditions(folder / f"{stem}-conditions.svg", part.summaries, part.ratings, part.letters, mark=mark)
    yield f"{stem}-conditions.svg", f"{panel.key}: each condition"
    if part.differences:
        figures.differences(folder / f"{stem}-differences.svg", part.differences, mark=mark)
        yield f"{stem}-differences.svg", f"{panel.key}: every pair of systems"
    if baseline and (own := to_baseline(part.differences, baseline)):
        figures.differences(folder / f"{stem}-baseline.svg", own, mark=mark, baseline=baseline)
        yield f"{stem}-baseline.svg", f"{panel.key}: each system minus {baseline}"
    for rows in ("item", "assessor"):
        figures.heat(folder / f"{stem}-{rows}s.svg", part.ratings, rows, order=order, mark=mark)
        yield f"{stem}-{rows}s.svg", f"{panel.key}: by {rows} and condition"
    if part.drift.trends:
        scatter.order(folder / f"{stem}-order.svg", part.ratings, part.drift, mark=mark)
        yield f"{stem}-order.svg", f"{panel.key}: by order and time"
    if panel.expertise:
        stay = set(part.ratings["assessor"])
        gone = {each.assessor for each in panel.expertise} - stay
        scatter.expertise(folder / f"{stem}-expertise.svg", panel.expertise, excluded=gone, mark=mark)
        yield f"{stem}-expertise.svg", f"{panel.key}: discrimination and reliability of each assessor (eGauge)"
    if panel.predicted:
        scatter.predicted(folder / f"{stem}-predicted.svg", panel.predicted, mark=mark)
        yield f"{stem}-predicted.svg", f"{panel.key}: predicted and rated, each point a stimulus"
