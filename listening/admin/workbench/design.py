"""Who hears what, by which rules: each as it holds, the form that changes it, and what BS.1534-3 says of it."""

from django.http import HttpRequest, HttpResponse

from listening import conformity
from listening.admin.card import clauses
from listening.admin.workbench import effective
from listening.admin.workbench.forms import form
from listening.exports.facts import facts
from listening.models import Study


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the design as it holds, and the form of what can still be changed."""
    found = clauses(conformity.check(facts(study)))
    context = {"effective": effective.groups(study), "clauses": found, "design_part": "plan"}
    return form(request, study, "design", context)
