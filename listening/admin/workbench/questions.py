"""What assessors are asked and told: attributes, questionnaire, texts, and who answers for the study."""

from django.http import HttpRequest, HttpResponse

from listening.admin.workbench.forms import form
from listening.models import Study


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the form of what is asked and told."""
    return form(request, study, "questions")
