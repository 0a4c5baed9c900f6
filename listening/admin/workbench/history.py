"""Who did what to a study, newest first; which assessors withdrew stands among it without a name."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from listening import audit
from listening.admin.workbench.frame import page
from listening.models import Study

PER_PAGE = 50


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with what is in the log."""
    entries = Paginator(audit.history(study), PER_PAGE).get_page(request.GET.get("page"))
    return page(request, study, "history", "admin/listening/workbench/history.html", {"entries": entries})
