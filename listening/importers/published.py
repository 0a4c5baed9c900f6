"""What every importer reads a test into, and the one way it is written: all of it, or nothing.

An importer gives the excerpts, the role of each condition and one `Line` for every published rating. Nothing is
dropped, rounded or filled in: a page that was rated twice comes as replicates 0 and 1, in the order of the sitting.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from listening.models import Assessor, Condition, Rating, Role, Session, Slot, Stimulus, Study, Trial
from listening.presets import AttributeText
from listening.stimuli import Excerpt, add_anchors, fill, new_study, together
from lossmodel.audio import LONGEST
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent


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


@dataclass(frozen=True)
class Published:
    """Somebody's test as it was published. `anchors` are recipes that its own software rendered and kept to itself."""

    slug: str
    title: str
    preset: str
    source: str
    excerpts: Sequence[Excerpt]
    roles: Mapping[str, Role]
    lines: Sequence[Line] = ()
    anchors: Sequence[str] = ()
    attributes: Sequence[AttributeText] = ()


@dataclass(frozen=True)
class Page:
    """One trial as it was sat, its ratings in the order of the source."""

    attribute: str
    item: str
    position: int
    lines: list[Line]


def write(test: Published, slug: str = "", report: Report = silent) -> Study:
    """Return `test` as a study: closed with its ratings, or a draft where it has none.

    Its sounds are kept as delivered. Raises `BadInput`, and keeps nothing, where the slug is taken, a sound cannot be
    used, or a rating is out of range, given twice, or for a sound or attribute that the test has not.
    """
    sittings = gather(test.lines)
    with together():
        study = new_study(
            slug or test.slug, test.title, test.preset, attributes=test.attributes, source=test.source,
            rate=test.excerpts[0].rate, loudness=None, longest=LONGEST, replicates=_replicates(sittings),
        )  # fmt: skip
        fill(study, [Condition(name=name, role=role) for name, role in test.roles.items()], test.excerpts, report)
        add_anchors(study, test.anchors)
        if sittings:
            _write_sittings(study, sittings)
            study.close()
    return study


def gather(lines: Iterable[Line]) -> dict[tuple[str, str], list[Page]]:
    """Return the pages of each (sitting, assessor) by position.

    Raises `BadInput` for a score outside 0–100, a stimulus rated twice on a page, and two pages in one place.
    """
    sittings: dict[tuple[str, str], dict[int, Page]] = defaultdict(dict)
    for line in lines:
        if not 0 <= line.score <= 100:
            raise BadInput(f"{line.where}: score {line.score:g}; scores go from 0 to 100")
        pages = sittings[line.sitting, line.assessor]
        page = pages.setdefault(line.position, Page(line.attribute, line.item, line.position, []))
        if (page.attribute, page.item) != (line.attribute, line.item):
            raise BadInput(f"{line.where}: page {line.position} of the sitting is {page.item} before, {line.item} here")
        if any(other.condition == line.condition for other in page.lines):
            raise BadInput(f"{line.where}: {line.condition} of {line.item} is rated twice on one page; keep one")
        page.lines.append(line)
    return {key: sorted(pages.values(), key=lambda page: page.position) for key, pages in sittings.items()}


def _replicates(sittings: Mapping[Any, Sequence[Page]]) -> int:
    """Return how many pages of an attribute were rated again, in the sitting with the most."""
    again = [len(pages) - len({(page.attribute, page.item) for page in pages}) for pages in sittings.values()]
    return max(again, default=0)


def _write_sittings(study: Study, sittings: Mapping[tuple[str, str], Sequence[Page]]) -> None:
    codes = {assessor for _sitting, assessor in sittings}
    Assessor.objects.bulk_create([Assessor(code=code) for code in sorted(codes)], ignore_conflicts=True)
    people = Assessor.objects.in_bulk(codes, field_name="code")
    now = timezone.now()
    sessions = Session.objects.bulk_create(
        Session(study=study, assessor=people[assessor], number=number, seed=study.seed, finished_at=now)
        for number, (_sitting, assessor) in enumerate(sittings)
    )
    attributes = dict(study.attributes.values_list("key", "pk"))
    stimuli = {(i, c): (item, pk) for i, c, item, pk in _stimuli(study)}
    drafts = []
    for session, pages in zip(sessions, sittings.values(), strict=True):
        counts: dict[tuple[str, str], int] = defaultdict(int)
        for page in pages:
            drafts.append((_trial(session, page, counts[page.attribute, page.item], attributes, stimuli), page.lines))
            counts[page.attribute, page.item] += 1
    _write_pages(drafts, {key: pk for key, (_item, pk) in stimuli.items()})


def _stimuli(study: Study) -> Iterable[tuple[str, str, int, int]]:
    found = Stimulus.objects.filter(item__study=study)
    return found.values_list("item__name", "condition__name", "item_id", "pk")


def _trial(
    session: Session, page: Page, replicate: int, attributes: Mapping[str, int], stimuli: Mapping[Any, Any]
) -> Trial:
    first = page.lines[0]
    if page.attribute not in attributes:
        raise BadInput(f"{first.where}: attribute {page.attribute!r}; known are: {', '.join(attributes)}")
    for line in page.lines:
        if (line.item, line.condition) not in stimuli:
            raise BadInput(f"{line.where}: no sound of {line.item!r} is called {line.condition!r}; add it or the row")
    return Trial(
        session=session, attribute_id=attributes[page.attribute], item_id=stimuli[page.item, first.condition][0],
        position=page.position, replicate=replicate, seconds=first.seconds, finished_at=session.finished_at,
    )  # fmt: skip


def _write_pages(drafts: Sequence[tuple[Trial, Sequence[Line]]], stimuli: Mapping[tuple[str, str], int]) -> None:
    trials = Trial.objects.bulk_create(trial for trial, _lines in drafts)
    rated = [
        (Slot(trial=trial, position=position, stimulus_id=stimuli[line.item, line.condition]), line.score)
        for trial, (_, lines) in zip(trials, drafts, strict=True)
        for position, line in enumerate(lines)
    ]
    slots = Slot.objects.bulk_create(slot for slot, _score in rated)
    now = timezone.now()
    Rating.objects.bulk_create(
        Rating(slot=slot, score=score, created_at=now, changed_at=now)
        for slot, (_, score) in zip(slots, rated, strict=True)
    )
