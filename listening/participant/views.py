"""The assessor's requests: parse, call one thing, answer. The personal link is the right to everything behind it."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from listening.models import Session, Stage, Study, Unavailable
from listening.models.notices import fill_up
from listening.models.session import check_room
from listening.models.tokens import new_token
from listening.participant import pages, recruits, sounds
from listening.participant.answers import Refused, read_body, store
from listening.participant.codes import TooManyCodes, session_by_code
from listening.participant.event_log import store_batch
from listening.participant.sitting.freetext import as_stored, too_long
from listening.participant.steps import sitting_behind, sitting_of, step
from listening.participant.trial_page import shortfall
from listening.remaining_time import expected


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this site is, for whoever comes without a link."""
    return render(request, "participant/home.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Welcome an assessor and ask for consent; begin on «agree»; resume what this browser began."""
    study = get_object_or_404(Study, slug=slug)
    came = recruits.arrival(request, study)
    try:
        if known := pages.remembered(request, study, came) or pages.come_back(request, study, came):
            return redirect(known)
        recruits.check_invitation(came, study)
        if request.POST.get("answer") == "decline":
            return render(request, "participant/declined.html", {"study": study})
        if request.method == "POST":
            return redirect(pages.remember(request, pages.begin(request, study, came)))
        check_room(study)
    except (Unavailable, recruits.AlreadyBegun, pages.TooManyBegun) as refusal:
        return pages.turned_away(request, study, refusal)
    own = {"study": study, "ticket": new_token(), "remaining": expected(study)}
    return render(request, "participant/consent.html", own)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Ask whoever has begun on another device for the personal code, and go on where it leads."""
    study = get_object_or_404(Study, slug=slug)
    notice, status = "", 200
    try:
        if request.method == "POST":
            if sitting := session_by_code(request, study):
                return redirect(pages.remember(request, sitting))
            notice, status = _("No session has this code. Please check it letter by letter."), 404
    except TooManyCodes:
        notice, status = _("Too many wrong codes. Please wait ten minutes, or open your personal link."), 429
    return render(request, "participant/resume.html", {"study": study, "notice": notice}, status=status)


@never_cache
@require_safe
def session(request: HttpRequest, token: str) -> HttpResponse:
    """Show the page at which the sitting stands."""
    return pages.show(request, sitting_behind(request, token))


@step
def consent(request: HttpRequest, token: str) -> HttpResponseBase:
    """Note the decision of an assessor who came by a personal link."""
    sitting = sitting_behind(request, token)
    if request.POST.get("answer") == "decline":
        sitting.decline()
    else:
        sitting.consent()
    return redirect(sitting)


@step
def instructions(request: HttpRequest, token: str) -> HttpResponseBase:
    """Note that the instructions were read."""
    sitting = sitting_behind(request, token)
    sitting.instruct()
    return redirect(sitting)


@step
def trial(request: HttpRequest, token: str, position: int) -> HttpResponseBase:
    """Finish a trial, or show it again with what is missing. A stale page just comes to where the sitting stands.

    A page that can show the next trial in its own place asks for it at once: the redirect would be one more way.
    """
    sitting = sitting_behind(request, token)
    whole = sitting.trials.select_related("session__study", "session__assessor", "item", "attribute")
    page = get_object_or_404(whole, position=position)
    missing = shortfall(page)
    if missing and sitting.stage == Stage.TRIAL:
        return pages.show(request, sitting, notice=missing, status=409)
    page.finish()
    return pages.show(request, Session.every.by_token(token)) if "In-Place" in request.headers else redirect(sitting)


@csrf_exempt  # the secret link is the right, and a beacon sent as the page goes away cannot carry a header
@require_POST
def answers(request: HttpRequest, token: str) -> JsonResponse:
    """Store one answer: {"saved": true} and what stands now in its slot; else {"error": one line}."""
    try:
        stored = store(sitting_of(request, token), read_body(request))
    except Session.DoesNotExist:
        return JsonResponse({"error": _("this link is not known")}, status=404)
    except Refused as refusal:
        return JsonResponse({"error": str(refusal)}, status=refusal.status)
    return JsonResponse({"saved": True, **stored._asdict()})


@csrf_exempt  # as for answers
@require_POST
def events(request: HttpRequest, token: str) -> JsonResponse:
    """Store a batch of what happened on a trial's page: {"saved": how many}; else {"error": one line}."""
    try:
        saved = store_batch(sitting_of(request, token), request)
    except Session.DoesNotExist:
        return JsonResponse({"error": _("this link is not known")}, status=404)
    except Refused as refusal:
        return JsonResponse({"error": str(refusal)}, status=refusal.status)
    return JsonResponse({"saved": saved})


@require_safe
def audio(request: HttpRequest, token: str, opaque: str) -> HttpResponse:
    """Serve a sound of this sitting under its opaque name, in a parcel as large as every other of its trial."""
    sitting = sitting_behind(request, token)
    if sitting.stage not in {Stage.INSTRUCTIONS, Stage.TRIAL}:
        raise Http404(_("The sounds of this session are no longer available."))
    try:
        parcel = sounds.parcel_of(sitting, opaque)
    except sounds.NoSuchSound:
        raise Http404(_("There is no such sound in this session.")) from None
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    return HttpResponse(parcel, content_type="application/octet-stream", headers=headers)


@step
def comment(request: HttpRequest, token: str) -> HttpResponseBase:
    """End the sitting, with a comment if there is one; one that is too long to be stored is shown again."""
    sitting, typed = sitting_behind(request, token), as_stored(request.POST.get("comment", ""))
    notice = too_long(typed)
    if notice and sitting.stage == Stage.COMMENT:
        return pages.show(request, sitting, notice=notice, comment=typed, status=422)
    if sitting.finish(typed):
        fill_up(sitting.study)
    return redirect(sitting)
