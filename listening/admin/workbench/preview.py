"""A look at any page of a study as an assessor sees it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

from listening import preview
from listening.admin.workbench.frame import page
from listening.models import Study
from lossmodel.errors import BadInput


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the list of pages; a chosen one begins a throw-away sitting and leads there."""
    if request.method == "POST":
        return _begin(request, study)
    context = {"pages": preview.pages(study)}
    return page(request, study, "preview", "admin/listening/workbench/preview.html", context)


def _begin(request: HttpRequest, study: Study) -> HttpResponse:
    try:
        return redirect(preview.begin(study, request.POST.get("page", "consent")))
    except BadInput as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(request.path)
