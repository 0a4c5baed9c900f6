"""How the pages of the Sounds tab answer: back to the tab, with what went wrong in words."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from listening.models import Intake, Study
from lossmodel.errors import BadInput


def back(request: HttpRequest, study: Study, *, said: str = "", wrong: str = "", cell: str = "") -> HttpResponse:
    """Return the way back to the tab (at a cell's panel, where one is named), saying what was done or is wrong."""
    if said:
        messages.success(request, said)
    if wrong:
        messages.error(request, wrong)
    at = {"query": {"cell": cell}, "fragment": "cell"} if cell else {"fragment": "sounds"} if said else {}
    return HttpResponseRedirect(reverse("admin:listening_study_sounds", args=[study.pk], **at))


def open_intake(study: Study) -> Intake:
    """Return the draft's open intake; `BadInput` where it has none, or a worker is busy with it."""
    intake = study.intakes.filter(ended_at=None).first()
    if intake is None:
        raise BadInput("no sounds have been uploaded to this study; upload some first")
    if intake.busy:
        raise BadInput("the sounds are being processed; wait until that is finished, or cancel it")
    return intake
