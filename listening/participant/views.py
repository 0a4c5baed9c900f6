"""The assessor's requests: parse, call one thing, answer. The personal link is the right to everything behind it."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from listening.models import Session, Stage, Study, Unavailable
from listening.models.session import check_room, new_token
from listening.participant import pages, sounds
from listening.participant.answers import Refused, received, store
from listening.participant.codes import TooManyCodes, coded
from listening.participant.log import log
from listening.participant.sheet import shortfall
from listening.participant.sitting.outlook import expected
from listening.participant.steps import step

LONGEST_COMMENT = 4000


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this site is, for whoever comes without a link."""
    return render(request, "participant/home.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Welcome an assessor and ask for consent; begin on «agree»; resume what this browser began."""
    study = get_object_or_404(Study, slug=slug)
    if known := pages.remembered(request, study):
        return redirect(known)
    if request.POST.get("answer") == "decline":
        return render(request, "participant/declined.html", {"study": study})
    try:
        if request.method == "POST":
            return redirect(pages.remember(request, pages.begun(study, request.POST.get("ticket", ""))))
        check_room(study)
    except Unavailable as refusal:
        return render(request, "participant/unavailable.html", {"study": study, "reason": refusal}, status=403)
    own = {"study": study, "ticket": new_token(), "outlook": expected(study)}
    return render(request, "participant/consent.html", own)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Ask whoever has begun on another device for the personal code, and go on where it leads."""
    study = get_object_or_404(Study, slug=slug)
    notice, status = "", 200
    try:
        if request.method == "POST":
            if sitting := coded(request, study):
                return redirect(pages.remember(request, sitting))
            notice, status = _("No session has this code. Please compare it letter by letter."), 404
    except TooManyCodes:
        notice, status = _("That were many wrong codes. Please wait ten minutes, or open your personal link."), 429
    return render(request, "participant/resume.html", {"study": study, "notice": notice}, status=status)


@never_cache
@require_safe
def session(request: HttpRequest, token: str) -> HttpResponse:
    """Show the page at which the sitting stands."""
    return pages.show(request, _session(token))


@step
def consent(request: HttpRequest, token: str) -> HttpResponseBase:
    """Note the decision of an assessor who came by a personal link."""
    sitting = _session(token)
    if request.POST.get("answer") == "decline":
        sitting.decline()
    else:
        sitting.consent()
    return redirect(sitting)


@step
def instructions(request: HttpRequest, token: str) -> HttpResponseBase:
    """Note that the instructions were read."""
    sitting = _session(token)
    sitting.instruct()
    return redirect(sitting)


@step
def trial(request: HttpRequest, token: str, position: int) -> HttpResponseBase:
    """Finish a trial, or show it again with what is missing. A stale page just comes to where the sitting stands."""
    sitting = _session(token)
    page = get_object_or_404(sitting.trials.select_related("session__study"), position=position)
    missing = shortfall(page)
    if missing and sitting.stage == Stage.TRIAL:
        return pages.show(request, sitting, notice=missing, status=409)
    page.finish()
    return redirect(sitting)


@csrf_exempt  # the secret link is the right, and a beacon sent as the page goes away cannot carry a header
@require_POST
def answers(request: HttpRequest, token: str) -> JsonResponse:
    """Store one answer: {"saved": true} and what stands now in its slot; else {"error": one line}."""
    try:
        standing = store(Session.objects.get(token=token), received(request))
    except Session.DoesNotExist:
        return JsonResponse({"error": _("this link is not known")}, status=404)
    except Refused as refusal:
        return JsonResponse({"error": str(refusal)}, status=refusal.status)
    return JsonResponse({"saved": True, **standing._asdict()})


@csrf_exempt  # as for answers
@require_POST
def events(request: HttpRequest, token: str) -> JsonResponse:
    """Store a batch of what happened on a trial's page: {"saved": how many}; else {"error": one line}."""
    try:
        saved = log(Session.objects.select_related("study").get(token=token), request)
    except Session.DoesNotExist:
        return JsonResponse({"error": _("this link is not known")}, status=404)
    except Refused as refusal:
        return JsonResponse({"error": str(refusal)}, status=refusal.status)
    return JsonResponse({"saved": saved})


@require_safe
def audio(request: HttpRequest, token: str, opaque: str) -> HttpResponse:
    """Serve a sound of this sitting under its opaque name, as long as every other of its trial."""
    sitting = _session(token)
    if sitting.stage not in {Stage.INSTRUCTIONS, Stage.TRIAL}:
        raise Http404(_("The sounds of this session are no longer served."))
    try:
        file = sounds.delivered(sitting, opaque)
    except sounds.NoSuchSound:
        raise Http404(_("There is no such sound in this session.")) from None
    headers = {"Cache-Control": "private, max-age=86400, immutable", "Sound-Check": sounds.check(opaque, file)}
    return HttpResponse(file, content_type="audio/flac", headers=headers)


@step
def comment(request: HttpRequest, token: str) -> HttpResponseBase:
    """End the sitting, with a comment if there is one."""
    sitting = _session(token)
    sitting.finish(request.POST.get("comment", "").replace("\0", "").strip()[:LONGEST_COMMENT])
    return redirect(sitting)


def _session(token: str) -> Session:
    return get_object_or_404(Session.objects.select_related("study", "assessor"), token=token)
