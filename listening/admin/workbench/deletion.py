"""A draft is deleted with its material, after a look at what goes."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from listening import audit
from listening.admin.workbench.frame import page
from listening.models import Stimulus, Study
from listening.stimuli.deletion import delete_draft, undeletable
from lossmodel.errors import BadInput


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with what would go; delete it once that is confirmed."""
    if request.method == "POST":
        return _delete(request, study)
    stimuli = Stimulus.objects.filter(item__study=study).count()
    context: dict[str, Any] = {"why_not": undeletable(study), "items": study.items.count(), "stimuli": stimuli}
    return page(request, study, "delete", "admin/listening/workbench/delete.html", context)


def _delete(request: HttpRequest, study: Study) -> HttpResponse:
    try:
        with transaction.atomic():
            audit.record(request.user, study, "deleted", study.title)  # type: ignore[arg-type]
            sounds = delete_draft(study)
    except BadInput as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(request.path)
    said = _("%(study)s was deleted, with %(sounds)d sounds that nothing else used.")
    messages.success(request, said % {"study": study, "sounds": sounds})
    return HttpResponseRedirect(reverse("admin:listening_study_changelist"))
