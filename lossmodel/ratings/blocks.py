"""What a report is made of, before it is a page or a PDF: headings, paragraphs, lists, tables, figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NOT_COMPUTED = "not computed"


@dataclass(frozen=True)
class Heading:
    """A heading; `level` 2 is that of a section, 3 that of its parts."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text; `is_mark`: what nobody may overlook."""

    text: str
    is_mark: bool = False


@dataclass(frozen=True)
class Listing:
    """Plain lines, one below the other."""

    lines: Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows of column → cell; None and NaN are what was not computed."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Picture:
    """A figure by its SVG's name; its PDF lies beside it."""

    file: str
    caption: str


Block = Heading | Paragraph | Listing | Table | Picture


def table(rows: Iterable[Mapping[str, object]]) -> Table:
    """Return rows as a table with the columns of them all, in the order in which they come first."""
    listed = list(rows)
    columns = list(dict.fromkeys(name for row in listed for name in row))
    return Table(columns, [[row.get(name) for name in columns] for row in listed])


def is_number(value: object) -> bool:
    """Return whether a cell is set as a number, to the right."""
    return isinstance(value, float) and value == value


def words(value: object) -> str:
    """Return a cell as it is read: four digits of a number that is no whole one.

    >>> words(12.34567), words(12), words(float("nan"))
    ('12.35', '12', 'not computed')
    """
    if value is None or value != value:
        return NOT_COMPUTED
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """Return an interval in words; "no interval" without one."""
    return "no interval" if low is None or high is None or low != low else f"{low:.{digits}f} to {high:.{digits}f}"


def p(value: float | None) -> str:
    """Return a p-value as papers print it."""
    if value is None:
        return NOT_COMPUTED
    return "< .0001" if value < 0.0001 else f"{value:.4f}".lstrip("0") if value < 1 else "1"


def answer(holds: bool | None) -> str:
    """Return whether something holds, in a word."""
    return NOT_COMPUTED if holds is None else "yes" if holds else "no"
