"""What came out: each condition's mean rating with its interval, what the objective predicts, and its SI-SDR."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from listening import tasks
from listening.exports import ratings as export
from listening.exports import results
from listening.models import Objective, Study
from lossmodel.progress import Report


@dataclass(frozen=True)
class Line:
    """One condition: SI-SDR in dB, and by attribute (rated mean, half its interval, predicted); None: unknown."""

    condition: str
    si_sdr: float
    attributes: dict[str, tuple[float | None, float | None, float]]


def lines(rated: Study, draft: Study, objective: Objective, report: Report) -> list[Line]:
    """Return a line for each condition of the draft, best SI-SDR first."""
    predicted = predictions(draft, objective, report)
    means = {(row.attribute, row.condition): row for row in results.means(rated)}
    found = []
    for condition, si_sdr in _si_sdr(draft).items():
        attributes = {}
        for attribute in rated.attributes.all():
            row = means.get((attribute.name, condition))
            half = (row.high - row.low) / 2 if row and row.low is not None and row.high is not None else None
            attributes[attribute.name] = (row.mean if row else None, half, predicted[attribute.key, condition])
        found.append(Line(condition, si_sdr, attributes))
    return sorted(found, key=lambda line: -line.si_sdr)


def predictions(draft: Study, objective: Objective, report: Report) -> dict[tuple[str, str], float]:
    """Return the mean predicted rating by (attribute, condition).

    Systems that were rated are predicted by fits that have not seen the song; reference, anchors and what is new by
    the objective itself.
    """
    from lossmodel.objective import score, store

    pairs = export.pairs(draft)
    rows = defaultdict(list)
    for each in score.score(store.load(objective.folder), pairs, report=report):
        for attribute, opinion in each.opinions.items():
            rows[attribute, each.condition].append(opinion.mean)
    return {key: fmean(values) for key, values in rows.items()} | _left_out(objective)


def draw(found: Sequence[Line]) -> Iterable[str]:
    """Return the table as lines of text."""
    attributes = list(found[0].attributes)
    width = max(len(line.condition) for line in found)
    yield " " * width + "".join(f"  {name:^24}" for name in attributes)
    yield f"{'condition':{width}}" + "  rated (95 %)   predicted" * len(attributes) + "  SI-SDR dB"
    for line in found:
        cells = "".join(_cell(*line.attributes[name]) for name in attributes)
        yield f"{line.condition:{width}}{cells}{line.si_sdr:11.1f}"


def _cell(mean: float | None, half: float | None, predicted: float) -> str:
    rated = "not yet" if mean is None else f"{mean:4.0f} ± {half:2.0f}" if half is not None else f"{mean:4.0f}"
    return f"  {rated:>12}{predicted:12.0f}"


def _left_out(objective: Objective) -> dict[tuple[str, str], float]:
    import pandas as pd

    from lossmodel.cells import restored

    table = pd.read_csv(objective.folder / tasks.PREDICTIONS_FILE)
    table = table.assign(condition=table["condition"].map(restored))
    means = table.groupby(["attribute", "condition"], as_index=False)["predicted"].mean()
    return {(row.attribute, row.condition): row.predicted for row in means.itertuples()}


def _si_sdr(draft: Study) -> dict[str, float]:
    from lossmodel.metrics.measure import measure

    values = defaultdict(list)
    for row in measure(export.pairs(draft), only=["si_sdr"]):
        values[row.pair.condition].append(row.values["si_sdr"])
    return {condition: fmean(each) for condition, each in values.items()}
