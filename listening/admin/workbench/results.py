"""What was heard: the mean rating of each condition, and the ways to every file of it."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from listening import proof
from listening.admin.charts import charts
from listening.admin.workbench import analysis
from listening.admin.workbench.frame import page
from listening.exports import contrast, results
from listening.models import Study


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the mean rating of each condition."""
    means = results.means(study)
    studies = admin.site.get_model_admin(Study)
    context = {
        "answers": sum(each.ratings for each in means),
        "said": studies.said(study),  # type: ignore[attr-defined]
        "done": studies.done(study),  # type: ignore[attr-defined]
        "contrasts": contrast.contrasts(study),
        "charts": charts(means),
        "sound": proof.sittings(study.sessions.sat()),
        "comprehension": results.comprehension(study),
        "sets": study.rating_sets.all(),
    }
    context |= analysis.context(study)
    return page(request, study, "results", "admin/listening/workbench/results.html", context)
