"""The one way an imported test is written: all of it, or nothing; and the report that says what all of it was."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from listening import anchors
from listening.importers.import_report import import_report
from listening.importers.published import Page, Published, gather
from listening.importers.replies import write_replies
from listening.importers.sounds import NOTHING, common_rate, prepared
from listening.models import Assessor, Condition, Rating, Role, Session, Slot, Stimulus, Study, Trial
from listening.stimuli import fill, new_study, together
from lossmodel.audio import MAX_SECONDS
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent

Sittings = Mapping[tuple[str, str], Sequence[Page]]


def write(test: Published, slug: str = "", report: Report = silent) -> Study:
    """Return `test` as a study: closed with its ratings, or a draft where it has none.

    Its sounds are kept as they were heard. Raises `BadInput`, and keeps nothing, where the slug is taken, a sound
    cannot be used, or a rating is out of range, given twice, or for a sound or attribute that the test has not.
    """
    sittings = gather(test.lines)
    notes = list(test.notes)
    with together():
        study = new_study(
            slug or test.slug, test.title, test.preset, attributes=test.attributes, source=test.source,
            rate=common_rate(test.excerpts), loudness=None, longest=MAX_SECONDS,
            replicates=_replicates(sittings.values()),
        )  # fmt: skip
        _write_sounds(study, test, notes, report)
        if sittings:
            sessions = _write_sittings(study, sittings)
            write_replies(study, test, sessions)
            study.close()
        study.import_report = import_report(study, notes, test.left_out)
        study.save(update_fields=["import_report"])
    return study


def _replicates(sittings: Iterable[Sequence[Page]]) -> int:
    """Return how many pages of an attribute were rated again, in the sitting with the most."""
    return max((len(pages) - len({page.kind for page in pages}) for pages in sittings), default=0)


def _write_sounds(study: Study, test: Published, notes: list[str], report: Report) -> None:
    """Admit the excerpts one by one, so that the sounds made of only one are in memory at a time."""
    conditions = [Condition(name=name, role=role) for name, role in test.roles.items()]
    rendered = dict.fromkeys(name for made in test.made.values() for name in made.anchors)
    conditions += [Condition(name=n, role=Role.ANCHOR, description=anchors.recipe(n).description) for n in rendered]
    for number, excerpt in enumerate(test.excerpts):
        report(number, len(test.excerpts))
        made = test.made.get(excerpt.name, NOTHING)
        fill(study, conditions, [prepared(excerpt, made, study.rate, notes.append)])


def _write_sittings(study: Study, sittings: Sittings) -> dict[tuple[str, str], Session]:
    """Write every page with its ratings; returns the session of each (sitting, assessor)."""
    people = _assessors(sittings)
    now = timezone.now()
    sessions = Session.objects.bulk_create(
        Session(study=study, assessor=people[assessor], number=number, cell=number, seed=study.seed, finished_at=now)
        for number, (_sitting, assessor) in enumerate(sittings)
    )
    stimuli = {(i, c): (item, pk) for i, c, item, pk in _stimuli(study)}
    drafts = list(_drafts(study, sessions, sittings, stimuli))
    _write_pages(drafts, {key: pk for key, (_item, pk) in stimuli.items()})
    return dict(zip(sittings, sessions, strict=True))


def _assessors(sittings: Sittings) -> dict[str, Assessor]:
    """Return the assessors by code, made where they are new; `BadInput` where a program has a known person's code."""
    lines = {assessor: pages[0].lines[0] for (_sitting, assessor), pages in sorted(sittings.items())}
    new = [Assessor(code=code, simulated=line.simulated) for code, line in lines.items()]
    Assessor.objects.bulk_create(new, ignore_conflicts=True)
    found: dict[str, Assessor] = Assessor.objects.in_bulk(lines, field_name="code")
    for code, line in lines.items():
        if line.simulated and not found[code].simulated:
            raise BadInput(
                f"{line.where}: assessor {code!r} is simulated, but a person on this site; rename it in the table"
            )
    return found


def _drafts(
    study: Study, sessions: Sequence[Session], sittings: Sittings, stimuli: Mapping[Any, Any]
) -> Iterator[tuple[Trial, Page]]:
    attributes = dict(study.attributes.values_list("key", "pk"))
    for session, pages in zip(sessions, sittings.values(), strict=True):
        counts: dict[tuple[str, str, int], int] = defaultdict(int)
        for page in pages:
            yield _trial(session, page, counts[page.kind], attributes, stimuli), page
            counts[page.kind] += 1


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
            raise BadInput(
                f"{line.where}: no sound of {line.item!r} is called {line.condition!r}; add the sound or remove the row"
            )
    return Trial(
        session=session, attribute_id=attributes[page.attribute], item_id=stimuli[page.item, first.condition][0],
        position=page.position, part=first.part, replicate=replicate, seconds=first.seconds,
        finished_at=session.finished_at,
    )  # fmt: skip


def _write_pages(drafts: Sequence[tuple[Trial, Page]], stimuli: Mapping[tuple[str, str], int]) -> None:
    trials = Trial.objects.bulk_create(trial for trial, _page in drafts)
    rated = [
        (Slot(trial=trial, position=position, stimulus_id=stimuli[line.item, line.condition]), line.score)
        for trial, (_, page) in zip(trials, drafts, strict=True)
        for position, line in enumerate(page.lines)
    ]
    slots = Slot.objects.bulk_create(slot for slot, _score in rated)
    now = timezone.now()
    Rating.objects.bulk_create(
        Rating(slot=slot, score=score, created_at=now, changed_at=now)
        for slot, (_, score) in zip(slots, rated, strict=True)
    )
