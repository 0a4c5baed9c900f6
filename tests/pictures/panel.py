"""A panel that never was: sittings of invented people, with ratings, comments and mishaps."""

import uuid
from datetime import timedelta

import numpy as np
from django.utils import timezone

from listening.models import Assessor, Event, Rating, Recruitment, Session, Slot, Study

DESERVED = {"net A": 74, "net B": 52, "net C": 27, "net A retrained": 81, "hidden": 99}
"""The mean rating of each condition, 0 to 100."""
OFFSET_SCORE, NOISE_SCORE = 5.0, 6.0
"""Standard deviations of an assessor's own offset and of a single rating, in points of the scale."""
SECONDS_PER_PAGE = 48
COMMENTS = {
    1: "In two excerpts the voice sounded as if under water, otherwise easy to judge.",
    3: "The drums are still audible in some versions; I rated those low.",
    6: "Thank you, that was interesting!",
}
CLIENT = {"browser": "Firefox 143 on Linux", "rate": 48000, "latency": 0.021}


def sit(study: Study, people: int, *, seed: int = 1) -> None:
    """Let `people` sit: the last but one declines, the last stops after a few pages, all others rate everything."""
    rng = np.random.default_rng(seed)
    for number in range(people):
        session = _begun(study, hours_ago=3.0 * (people - number), number=number)
        if number == people - 2:
            Session.objects.filter(pk=session.pk).update(consented_at=None, declined_at=session.created_at)
        else:
            _rate(session, rng, pages=5 if number == people - 1 else None, comment=COMMENTS.get(number, ""))


def _begun(study: Study, *, hours_ago: float, number: int) -> Session:
    session = Session.objects.begin(study, Assessor.objects.create(code=f"listener-{number + 1:02d}-{study.pk}"))
    begun = timezone.now() - timedelta(hours=hours_ago)
    session.consent()
    session.instruct()
    Session.objects.filter(pk=session.pk).update(
        created_at=begun, consented_at=begun, volume_at=begun + timedelta(minutes=1), seen_at=begun,
        instructed_at=begun + timedelta(minutes=3), client=CLIENT,
    )  # fmt: skip
    Recruitment.objects.create(study=study, session=session, parameters={"PROLIFIC_PID": f"{number:024x}"})
    for kind in study.checks:
        session.checks.create(
            kind=kind, answered=6, correct=3 if number == 2 else 6, passed=number != 2,
            told_at=begun + timedelta(minutes=2) if number == 2 else None,
        )  # fmt: skip
    for question in study.questions.all():
        session.replies.create(question=question, value=question.options[number % len(question.options)])
    return session


def _rate(session: Session, rng: np.random.Generator, *, pages: int | None, comment: str) -> None:
    """Rate the first `pages` of the session, all of them for None, and finish it then."""
    offset = rng.normal(0, OFFSET_SCORE)
    own, load = Session.objects.get(pk=session.pk), uuid.uuid4()
    for trial in list(session.trials.order_by("position"))[:pages]:
        for slot in Slot.objects.filter(trial=trial).select_related("stimulus__condition", "stimulus__audio"):
            name = slot.stimulus.condition.name
            spread = 0 if name == "hidden" else offset + rng.normal(0, NOISE_SCORE)
            Rating.objects.create(slot=slot, score=int(np.clip(DESERVED[name] + spread, 0, 100)))
            Event.objects.create(
                trial=trial, slot=slot, load=load, order=slot.position + 1, kind="heard", value=0.0,
                until=slot.stimulus.audio.seconds, at=own.created_at,
            )  # fmt: skip
        seconds = float(SECONDS_PER_PAGE * rng.uniform(0.6, 1.5))
        done = own.created_at + timedelta(minutes=3, seconds=SECONDS_PER_PAGE * (trial.position + 1))
        session.trials.filter(pk=trial.pk).update(finished_at=done, seconds=seconds, proved=True)
        own.seen_at = done
    own.finished_at = own.seen_at if pages is None else None
    own.comment = comment
    own.save(update_fields=["seen_at", "finished_at", "comment"])
