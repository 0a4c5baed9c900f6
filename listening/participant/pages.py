"""Which page a sitting stands at. Every link, reload and second tab comes through here."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from listening.models import Assessor, Session, Stage, Study, Trial
from listening.participant.sheet import sheet, texts
from listening.participant.sounds import open_sounds

Context = dict[str, Any]


def show(request: HttpRequest, session: Session, *, notice: str = "", status: int = 200) -> HttpResponse:
    """Answer with the page at which `session` stands; `notice` says why an action did not go through."""
    remember(request, session)
    stage = session.stage
    context = {"session": session, "study": session.study, "notice": notice, **CONTEXTS[stage](session)}
    return render(request, f"participant/{stage}.html", context, status=status)


def remember(request: HttpRequest, session: Session) -> Session:
    """Let this browser come back to `session` by the study's open address."""
    request.session[_memory(session.study)] = session.token
    return session


def remembered(request: HttpRequest, study: Study) -> Session | None:
    """Return the sitting that this browser began, unless the address asks for a new one."""
    token = request.session.get(_memory(study))
    return None if "new" in request.GET or not token else study.sessions.filter(token=token).first()


@transaction.atomic
def begun(study: Study) -> Session:
    """Return a new sitting of a new assessor who has agreed; raise `Unavailable` if the study takes none."""
    session = Session.objects.begin(study, Assessor.objects.create())
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
        "trials": session.trials.count(),
        "attributes": session.study.attributes.all(),
    }


def _plain(_session: Session) -> Context:
    return {}


CONTEXTS: dict[Stage, Callable[[Session], Context]] = {
    Stage.CONSENT: _plain,
    Stage.INSTRUCTIONS: _instructions,
    Stage.TRIAL: _trial,
    Stage.COMMENT: _plain,
    Stage.DONE: _plain,
    Stage.DECLINED: _plain,
}
