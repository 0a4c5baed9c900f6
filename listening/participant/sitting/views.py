"""The requests around the trials: parse, call one thing, answer. A step that is not due leads to the one that is."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from listening.models import Session, Stage
from listening.participant import pages
from listening.participant.sitting import questionnaire, sounds
from listening.participant.sounds import NoSuchSound
from listening.participant.steps import sitting_behind, step

STEPS: Mapping[str, Callable[[Session], bool]] = MappingProxyType(
    {
        "volume": Session.set_volume,
        "examples": Session.familiarise,
        "definition": Session.read_definition,
        "pause": Session.pause,
        "go-on": Session.go_on,
    }
)
"""What «I have done that» may be said of."""


@step
def done(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """Note that a step is done."""
    sitting = sitting_behind(request, token)
    if name not in STEPS:
        raise Http404(_("There is no such step."))
    STEPS[name](sitting)
    return redirect(sitting)


@step
def questions(request: HttpRequest, token: str, place: str) -> HttpResponseBase:
    """Store the replies of a questionnaire, or show it again with what is missing."""
    sitting = sitting_behind(request, token)
    if sitting.stage == Stage.QUESTIONS and sitting.place == place:
        filled = questionnaire.form(sitting, request.POST)
        if not filled.is_valid():
            return pages.show(request, sitting, status=422, form=filled)
        questionnaire.store(sitting, filled)
    return redirect(sitting)


@step
def headphones(request: HttpRequest, token: str, kind: str, number: int) -> HttpResponseBase:
    """Note which interval was chosen in a trial of a headphone check."""
    sitting = sitting_behind(request, token)
    under_way = sitting.checks.filter(kind=kind).select_related("session__study").first()
    if sitting.stage == Stage.HEADPHONES and under_way and request.POST.get("interval") in {"1", "2", "3"}:
        under_way.answer(number, int(request.POST["interval"]))
    return redirect(sitting)


@never_cache
@csrf_exempt  # the secret link is the right to act, as for every step
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, token: str) -> HttpResponseBase:
    """Ask whether all that was given is to be deleted, and delete it."""
    sitting = sitting_behind(request, token)
    if request.method == "POST":
        sitting.withdraw()
        return redirect("participant:withdraw", token)
    return render(request, "participant/withdraw.html", {"session": sitting, "study": sitting.study})


@require_safe
def sound(request: HttpRequest, token: str, opaque: str) -> HttpResponse:
    """Serve a sound of the step at which the sitting stands."""
    try:
        parcel = sounds.parcel_of(sitting_behind(request, token), opaque)
    except NoSuchSound:
        raise Http404(_("There is no such sound in this session.")) from None
    headers = {"Cache-Control": "private, max-age=3600"}
    return HttpResponse(parcel, content_type="application/octet-stream", headers=headers)
