"""Which page a sitting stands at. Every link, reload and second tab comes through here."""

import re
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template

from listening.models import Assessor, Session, Stage, Study, Trial
from listening.participant.codes import grouped
from listening.participant.modules import names
from listening.participant.sheet import sheet, texts
from listening.participant.sitting import pages as around
from listening.participant.sitting.outlook import outlook
from listening.participant.sounds import addresses, open_sounds

Context = dict[str, Any]
DESKS = ("desk/scale", "desk/choice", "left", "keys", "code")
"""What a trial's page includes."""


def warm() -> None:
    """Read the template of every stage before anybody comes: that takes a third as long again as answering with it."""
    for name in (*Stage, *DESKS):
        get_template(f"participant/{name}.html")


def show(request: HttpRequest, session: Session, *, status: int = 200, **more: Any) -> HttpResponse:
    """Answer with the page at which `session` stands; `more` goes to it, such as a `notice` what did not go through."""
    remember(request, session)
    stage = session.stage
    context = {"session": session, "study": session.study, "code": grouped(session.code)}
    context |= {"outlook": None if session.ended else outlook(session)} | CONTEXTS[stage](session) | more
    return render(request, f"participant/{stage}.html", context, status=status)


def remember(request: HttpRequest, session: Session) -> Session:
    """Let this browser come back to `session` by the study's open address."""
    if request.session.get(_memory(session.study)) != session.token:  # what has not changed is not written again
        request.session[_memory(session.study)] = session.token
    return session


def remembered(request: HttpRequest, study: Study) -> Session | None:
    """Return the sitting that this browser began, unless the address asks for a new one."""
    token = request.session.get(_memory(study))
    return None if "new" in request.GET or not token else study.sessions.filter(token=token).first()


@transaction.atomic
def begun(study: Study, ticket: str) -> Session:
    """Return a new sitting of a new assessor who has agreed, or the one that the form with this `ticket` began before.

    Raises `Unavailable` if the study takes no new one.
    """
    Study.objects.select_for_update().get(pk=study.pk)
    valid = ticket if re.fullmatch(r"[\w-]{16,40}", ticket, re.ASCII) else None
    if valid and (known := study.sessions.filter(ticket=valid).first()):
        return known
    session = Session.objects.begin(study, Assessor.objects.create(), ticket=valid)
    session.consent()
    return session


def _memory(study: Study) -> str:
    return f"study-{study.pk}"


def _current(session: Session) -> Trial | None:
    """Return the first open trial, or the last one if another tab has just finished it."""
    trials = session.trials.select_related("attribute", "item__mixture", "session__study")
    return trials.open().first() or trials.last()


def _trial(session: Session) -> Context:
    if trial := _current(session):
        trial.start()
    return {"sheet": trial and sheet(trial)}


def _instructions(session: Session) -> Context:
    trial = _current(session)
    sample = next(iter(open_sounds(trial)), None) if trial else None
    return {
        "sample": sample,
        "settings": {"rate": sample and sample.audio.rate, "texts": texts()},
        "trials": session.trials.counted().count(),
        "trainings": session.trials.filter(item__training=True).count(),
        "attributes": session.study.attributes.all(),
        "modules": names(),
        "ahead": addresses(trial) if trial else [],
    }


def _plain(_session: Session) -> Context:
    return {}


CONTEXTS: dict[Stage, Callable[[Session], Context]] = {
    Stage.CONSENT: _plain,
    Stage.QUESTIONS: around.questions,
    Stage.VOLUME: around.volume,
    Stage.HEADPHONES: around.headphones,
    Stage.NO_HEADPHONES: _plain,
    Stage.INSTRUCTIONS: _instructions,
    Stage.EXAMPLES: around.examples,
    Stage.BREAK: around.pause,
    Stage.TRIAL: _trial,
    Stage.COMMENT: _plain,
    Stage.SCREENED: _plain,
    Stage.DONE: _plain,
    Stage.DECLINED: _plain,
}
