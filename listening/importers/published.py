"""What every importer reads a test into: excerpts, the role of each condition, one `Line` for every published rating.

No rating is rounded or filled in: a page that was rated twice comes as replicates 0 and 1, in the order of the session.
What cannot be taken is listed, with the reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from listening.importers.sounds import Made
from listening.models import Question, Role
from listening.presets import AttributeText
from listening.stimuli import Excerpt
from lossmodel.errors import BadInput

LONGEST_CODE = 80
"""Characters of a pseudonym, as the table of assessors holds them; a longer one, cut, might be somebody else's."""


COMMENT = ""
"""Stands for no question: what was said of single sounds and pages. Asked again it would name conditions."""


@dataclass(frozen=True)
class Line:
    """One published rating; `where` names its file and row, `sitting` and `position` say when it was given."""

    where: str
    sitting: str
    assessor: str
    attribute: str
    item: str
    condition: str
    score: float
    position: int
    seconds: float | None = None
    part: int = 0
    simulated: bool = False
    """No person rated, but a program; only tables of ours tell."""


@dataclass(frozen=True)
class Asked:
    """A question that assessors replied to besides rating. `text` is what was asked, `choices` what was offered."""

    text: str
    place: Question.Place = Question.Place.AFTER
    kind: Question.Kind = Question.Kind.TEXT
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Said:
    """What somebody replied in a sitting; `question` is a key of `Published.questions`, or `COMMENT`."""

    sitting: str
    assessor: str
    question: str
    value: str


@dataclass(frozen=True)
class Published:
    """Somebody's test as it was published.

    `made` tells by the item's name what its own software did to its sounds. `notes` say what came in otherwise than it
    stands in the files, `left_out` what did not and why: sentences for the report.
    """

    slug: str
    title: str
    preset: str
    source: str
    excerpts: Sequence[Excerpt]
    roles: Mapping[str, Role]
    lines: Sequence[Line] = ()
    attributes: Sequence[AttributeText] = ()
    made: Mapping[str, Made] = field(default_factory=dict)
    questions: Mapping[str, Asked] = field(default_factory=dict)
    said: Sequence[Said] = ()
    notes: Sequence[str] = ()
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """One trial as it was sat, its ratings in the order of the source."""

    attribute: str
    item: str
    position: int
    lines: list[Line]

    @property
    def kind(self) -> tuple[str, str, int]:
        """Return what makes another page a replicate of this one: attribute, item and part."""
        return self.attribute, self.item, self.lines[0].part


def gather(lines: Iterable[Line]) -> dict[tuple[str, str], list[Page]]:
    """Return the pages of each (sitting, assessor) by position.

    Raises `BadInput` for a score outside 0–100, a stimulus rated twice on a page, two pages in one place, and a
    pseudonym that is too long to be kept apart from others.
    """
    sittings: dict[tuple[str, str], dict[int, Page]] = defaultdict(dict)
    for line in lines:
        if not 0 <= line.score <= 100:
            raise BadInput(f"{line.where}: score {line.score:g}; scores must be from 0 to 100")
        if len(line.assessor) > LONGEST_CODE:
            raise BadInput(
                f"{line.where}: assessor {line.assessor!r}: give a name of at most {LONGEST_CODE} characters"
            )
        pages = sittings[line.sitting, line.assessor]
        page = pages.setdefault(line.position, Page(line.attribute, line.item, line.position, []))
        if (page.attribute, page.item) != (line.attribute, line.item):
            raise BadInput(
                f"{line.where}: page {line.position} of the session is {page.item} in an earlier row, {line.item} here"
            )
        if any(other.condition == line.condition for other in page.lines):
            raise BadInput(f"{line.where}: {line.condition} of {line.item} is rated twice on one page; keep one")
        page.lines.append(line)
    return {key: sorted(pages.values(), key=lambda page: page.position) for key, pages in sittings.items()}
