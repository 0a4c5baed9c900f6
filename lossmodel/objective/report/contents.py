"""What is known of a fitted objective, as `report.json` beside its card: written by a fit, read by every page of it.

No torch or pandas here, so that the web process may read it.
"""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from lossmodel.errors import BadInput
from lossmodel.files import atomic_file

REPORT_FILE: Final = "report.json"
PAGE_FILE: Final = "report.html"
VERSION: Final = 1

Number = float | None
"""None where the data do not allow a value: JSON knows no NaN."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, from_attributes=True)


class Interval(_Part):
    """An estimate, its interval, from how many, and by which rule."""

    value: Number
    low: Number
    high: Number
    n: int
    rule: str


class Stimulus(_Part):
    """One system on one song, as rated and as predicted by fits that had not heard the song (0-100).

    `half_width` is half the 95 % interval of the mean rating, `low` and `high` the predicted 90 % interval.
    """

    item: str
    condition: str
    rated: float
    half_width: Number
    people: int
    predicted: float
    low: float
    high: float
    in_calibration: bool


class Residual(_Part):
    """See `lossmodel.objective.report.residuals.Residual`."""

    name: str
    mean: float
    low: Number
    high: Number
    rms: float
    n: int


class MetricComparison(_Part):
    """See `lossmodel.objective.report.agreement.Rival`."""

    metric: str
    stimuli: int
    songs: int
    measures: dict[str, Interval]
    differences: dict[str, Interval]


class Point(_Part):
    """See `lossmodel.objective.report.curve.Point`."""

    songs: int
    raters: int
    ratings: int
    rmse: float
    pearson: Number


class Curve(_Part):
    """See `lossmodel.objective.report.curve.Curve`; `law` is (floor, a, b) in squared points."""

    songs: int
    raters: int
    systems: float
    draws: int
    points: tuple[Point, ...]
    law: tuple[float, float, float]
    sentence: str


class Attribute(_Part):
    """Everything about one attribute. `measures` has those of `agreement.MEASURES` and `coverage`."""

    name: str
    simulated: bool
    stimuli: tuple[Stimulus, ...]
    measures: dict[str, Interval]
    residuals: dict[Literal["song", "system", "assessor"], tuple[Residual, ...]]
    rivals: tuple[MetricComparison, ...]
    curve: Curve | None


class Suggestion(_Part):
    """One stimulus to rate, and why.

    `score` 0-1; `disagreement` the ensemble's standard deviation and `conflict` objective less auditors (points; each
    where it is largest among the attributes), `distance` to the nearest rated stimulus against the usual distance
    between songs (1: as usual), `ratings` how many people have rated it already.
    """

    item: str
    condition: str
    score: float
    disagreement: float
    conflict: float
    distance: float
    ratings: int
    reasons: tuple[str, ...]


class Report(_Part):
    """The whole; `left_out` is what no prediction had seen."""

    version: int = VERSION
    left_out: str
    attributes: tuple[Attribute, ...]
    suggestions: tuple[Suggestion, ...]

    def write(self, folder: Path) -> None:
        """Write `report.json` into `folder`, whole or not at all."""
        with atomic_file(folder / REPORT_FILE) as part:
            part.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read(folder: Path) -> Report | None:
    """Return the report in `folder`; None where there is none, `BadInput` for one that cannot be understood."""
    path = folder / REPORT_FILE
    if not path.is_file():
        return None
    try:
        found = Report.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadInput(f"{path}: not a report of this version ({error.errors()[0]['msg']}); fit again") from None
    if found.version != VERSION:
        raise BadInput(f"{path}: layout {found.version}, this version reads {VERSION}; fit again")
    return found
