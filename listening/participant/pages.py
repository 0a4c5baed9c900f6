"""Which page a sitting stands at. Every link, reload and second tab comes through here."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template

from listening.limits import Limit, address
from listening.models import Assessor, Full, Session, Stage, Study, Trial
from listening.models.recruiting import filled
from listening.participant.codes import grouped
from listening.participant.modules import names
from listening.participant.recruits import AlreadyBegun, Arrival, begun_before, is_somebody_else, note, ways_back
from listening.participant.sitting import pages as around
from listening.participant.sounds import addresses, open_sounds
from listening.participant.trial_page import messages, trial_page
from listening.remaining_time import remaining_time

Context = dict[str, Any]
INCLUDED_TEMPLATES = ("rating/scale", "rating/choice", "minutes_left", "keys", "code")
"""What a trial's page includes."""

SESSIONS_BEGUN = Limit("sessions-begun", attempts=100, window_seconds=600)
"""Sittings of one study that one address may begin: a lecture hall behind one router does, a script is stopped."""


class TooManyBegun(Exception):
    """This address has begun too many sittings of this study lately; who has a personal link of their own may."""


def preload_templates() -> None:
    """Read the template of every stage before anybody comes: that takes a third as long again as answering with it."""
    for name in (*Stage, *INCLUDED_TEMPLATES):
        get_template(f"participant/{name}.html")


def show(request: HttpRequest, session: Session, *, status: int = 200, **more: Any) -> HttpResponse:
    """Answer with the page at which `session` stands; `more` goes to it, such as a `notice` what did not go through."""
    if not session.preview:
        remember(request, session)
    stage = session.stage
    context = {"session": session, "study": session.study, "code": grouped(session.code)}
    context |= {"remaining": None if session.ended else remaining_time(session), **CONTEXTS[stage](session), **more}
    return render(request, f"participant/{stage}.html", context, status=status)


def remember(request: HttpRequest, session: Session) -> Session:
    """Let this browser come back to `session` by the study's open address."""
    if request.session.get(_session_key(session.study)) != session.token:  # what has not changed is not written again
        request.session[_session_key(session.study)] = session.token
    return session


def remembered(request: HttpRequest, study: Study, came: Arrival) -> Session | None:
    """Return the sitting that this browser began, unless the address asks for a new one or names somebody else."""
    token = request.session.get(_session_key(study))
    sitting = None if "new" in request.GET or not token else study.sessions.filter(token=token).first()
    return None if sitting is None or is_somebody_else(came, sitting) else sitting


def come_back(request: HttpRequest, study: Study, came: Arrival) -> Session | None:
    """Return the sitting that the person of this link has begun; a form looks for itself, after its own ticket."""
    return None if request.method == "POST" else begun_before(came, study)


def turned_away(request: HttpRequest, study: Study, why: Exception) -> HttpResponse:
    """Answer whoever cannot begin with the reason, and with the way that a recruiter wants when it is full."""
    if isinstance(why, TooManyBegun):
        return render(request, "participant/too_many.html", {"study": study}, status=429)
    if isinstance(why, AlreadyBegun):
        return render(request, "participant/already_begun.html", {"study": study}, status=409)
    quota_url = filled(study.quota_url, study.given(request.GET)) if isinstance(why, Full) else ""
    context = {"study": study, "reason": why, "paused": study.paused, "quota_url": quota_url}
    return render(request, "participant/unavailable.html", context, status=403)


@transaction.atomic
def begin(request: HttpRequest, study: Study, came: Arrival) -> Session:
    """Return a new sitting of a new assessor who has agreed, or the one that this form or person began before.

    One begun while a researcher is logged in is a pilot. Raises `Unavailable` if the study takes no new one, and
    `TooManyBegun` if this address has begun too many of late.
    """
    Study.objects.select_for_update().get(pk=study.pk)
    ticket = request.POST.get("ticket", "")
    valid = ticket if re.fullmatch(r"[\w-]{16,40}", ticket, re.ASCII) else None
    if valid and (known := study.sessions.filter(ticket=valid).first()):
        return known
    if known := begun_before(came, study):
        return known
    if came.invitation is None and not SESSIONS_BEGUN.take(f"{study.pk} {address(request)}"):
        raise TooManyBegun
    session: Session = Session.objects.begin(
        study, Assessor.objects.create(), ticket=valid, pilot=request.user.is_staff
    )
    note(came, session)
    session.consent()
    return session


def _session_key(study: Study) -> str:
    return f"study-{study.pk}"


def _current_trial(session: Session) -> Trial | None:
    """Return the first open trial, or the last one if another tab has just finished it."""
    trials = session.trials.select_related("attribute", "item__mixture", "session__study")
    return trials.open().first() or trials.last()


def _trial(session: Session) -> Context:
    if trial := _current_trial(session):
        trial.start()
    return {"trial_page": trial and trial_page(trial)}


def _instructions(session: Session) -> Context:
    trial = _current_trial(session)
    sample = next(iter(open_sounds(trial)), None) if trial else None
    return {
        "sample": sample,
        "settings": {"rate": sample and sample.audio.rate, "messages": messages()},
        "trials": session.trials.counted().count(),
        "trainings": session.trials.filter(item__training=True).count(),
        "attributes": session.study.attributes.all(),
        "modules": names(),
        "ahead": addresses(trial) if trial else [],
    }


def _no_context(_session: Session) -> Context:
    return {}


CONTEXTS: dict[Stage, Callable[[Session], Mapping[str, Any]]] = {
    Stage.CONSENT: _no_context,
    Stage.QUESTIONS: around.questions,
    Stage.VOLUME: around.volume,
    Stage.HEADPHONES: around.headphones,
    Stage.NO_HEADPHONES: _no_context,
    Stage.INSTRUCTIONS: _instructions,
    Stage.EXAMPLES: around.examples,
    Stage.DEFINITION: around.definition,
    Stage.BREAK: around.pause,
    Stage.TRIAL: _trial,
    Stage.COMMENT: around.comment,
    Stage.SCREENED: ways_back,
    Stage.DONE: ways_back,
    Stage.DECLINED: _no_context,
}
