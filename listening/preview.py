"""Any page of a study as an assessor sees it, on a throw-away sitting that counts nowhere.

The sitting is a row like every other, so what is seen is what assessors see; `Session.objects` leaves it out, and
`manage.py sweep` deletes it a day after its last sign of life.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from listening.design import plan
from listening.models import Comprehension, Question, Session, Stage, Study
from listening.models.sitting import trials_before_half_way
from lossmodel.errors import BadInput

LONGEST_WALK = 40
"""Steps after which a page is given up: no sitting has as many besides its trials."""


def pages(study: Study) -> list[tuple[str, str]]:
    """Return the pages of `study` in their order, each with its name."""
    places = set(study.questions.values_list("place", flat=True))
    trained, rated = _trial_counts(study)
    failing = bool(study.checks)
    found = [
        (Stage.CONSENT, _("Consent"), True),
        (f"questions-{Question.Place.BEFORE}", _("Questions before"), Question.Place.BEFORE in places),
        (Stage.VOLUME, _("Volume"), study.volume_step),
        (Stage.HEADPHONES, _("Headphone check"), failing),
        (Stage.NO_HEADPHONES, _("Check not passed"), failing and study.headphone_rule == study.HeadphoneRule.INFORM),
        (Stage.SCREENED, _("Screened out"), failing and study.headphone_rule == study.HeadphoneRule.EXCLUDE),
        (Stage.INSTRUCTIONS, _("Instructions"), True),
        (Stage.EXAMPLES, _("Labelled examples"), study.familiarisation and trained),
        *((f"trial-{n}", _("Practice %d") % (n + 1), True) for n in range(trained)),
        (Stage.DEFINITION, _("Definition once more"), study.comprehension and study.attributes.exists()),
        *((f"trial-{trained + n}", _("Trial %d") % (n + 1), True) for n in range(rated)),
        (Stage.BREAK, _("Break"), rated),
        (f"questions-{Question.Place.BETWEEN}", _("Questions half-way"), Question.Place.BETWEEN in places),
        (f"questions-{Question.Place.AFTER}", _("Questions after"), Question.Place.AFTER in places),
        (Stage.COMMENT, _("Comment"), True),
        (Stage.DONE, _("Thanks"), True),
        (Stage.DECLINED, _("Declined"), True),
    ]
    return [(str(page), name) for page, name, shown in found if shown]


@transaction.atomic
def begin(study: Study, page: str = Stage.CONSENT) -> Session:
    """Return a throw-away sitting that stands at `page`; raise `BadInput` for a page that the study does not show."""
    session = Session.every.preview(study)
    for _step in range(LONGEST_WALK):
        if _place(session) == page:
            return session
        if session.ended:
            break
        PASSING[session.stage](session, page)
        session.refresh_from_db()
    raise BadInput(_("page %r: this study does not show it; choose one of the list") % page)


def _trial_counts(study: Study) -> tuple[int, int]:
    """Return how many practice trials and how many others a sitting has."""
    return len(plan(study.design(training=True), 0)), len(plan(study.design(), 0))


def _place(session: Session) -> str:
    """Return which page a sitting shows, as `pages` calls it."""
    stage = session.stage
    if stage == Stage.QUESTIONS:
        return f"questions-{session.place}"
    trial = session.trials.open().first() if stage == Stage.TRIAL else None
    return f"trial-{trial.position}" if trial else str(stage)


def _consent(session: Session, page: str) -> None:
    if page == Stage.DECLINED:
        session.decline()
    else:
        session.consent()


def _reply(session: Session, page: str) -> None:
    for question in session.open_questions(session.place or ""):
        session.replies.create(question=question, value="")


def _check(session: Session, page: str) -> None:
    session.headphone_check()
    passed = page not in {Stage.NO_HEADPHONES, Stage.SCREENED}
    session.checks.filter(passed=None).update(passed=passed)
    if page == Stage.SCREENED:
        session.screen()


def _rate(session: Session, page: str) -> None:
    """Pass over the trials before `page`, or bring about what is shown between them."""
    if page == Stage.DEFINITION:
        attribute = session.study.attributes.all()[0]
        mistaken = {"score": 90, "understood": False}
        Comprehension.objects.get_or_create(session=session, attribute=attribute, defaults=mistaken)
    elif page == Stage.BREAK:
        session.pause()
    else:
        session.trials.filter(pk__in=_passed(session, page)).update(finished_at=timezone.now())


def _passed(session: Session, page: str) -> list[int]:
    """Return the trials that an assessor has rated who stands at `page`."""
    kind, _dash, number = page.partition("-")
    if kind == Stage.TRIAL and number.isdecimal():
        return list(session.trials.filter(position__lt=int(number)).values_list("pk", flat=True))
    every = [*session.trials.filter(item__training=True).values_list("pk", flat=True)]
    counted = list(session.trials.counted().values_list("pk", flat=True))
    return every + (counted[: trials_before_half_way(len(counted))] if number == Question.Place.BETWEEN else counted)


PASSING: Mapping[Stage, Callable[[Session, str], object]] = MappingProxyType(
    {
        Stage.CONSENT: _consent,
        Stage.QUESTIONS: _reply,
        Stage.VOLUME: lambda session, page: session.set_volume(),
        Stage.HEADPHONES: _check,
        Stage.NO_HEADPHONES: lambda session, page: session.go_on(),
        Stage.INSTRUCTIONS: lambda session, page: session.instruct(),
        Stage.EXAMPLES: lambda session, page: session.familiarise(),
        Stage.DEFINITION: lambda session, page: session.read_definition(),
        Stage.BREAK: lambda session, page: session.go_on(),
        Stage.TRIAL: _rate,
        Stage.COMMENT: lambda session, page: session.finish(),
    }
)
"""How a sitting leaves each stage on its way to another page, without anything being rated."""
