"""What leaves a study and what does not: personal data deleted, how long they are kept, and the publication bundle."""

from collections import Counter

from django.contrib import messages
from django.forms import ModelForm, Textarea
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from listening import audit, privacy
from listening.admin.charts import charts, drawing
from listening.admin.workbench.frame import page, tab_url
from listening.exports import results
from listening.exports.bundle import Choice, bundle
from listening.models import Study


class KeepingForm(ModelForm):  # type: ignore[type-arg]
    """Under which licence a study is published, and how long its personal data are kept."""

    class Meta:
        model = Study
        fields = ("licence", "retention_days")
        widgets = {"licence": Textarea(attrs={"rows": 3})}


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the tab, or delete personal data once that is confirmed, or save licence and retention, and stay."""
    if "forget" in request.POST:
        return _forget(request, study)
    form = KeepingForm(request.POST or None, instance=study)
    if form.is_valid():
        Study.objects.filter(pk=study.pk).update(**form.cleaned_data)
        audit.record(request.user, study, "changed", "licence and retention")  # type: ignore[arg-type]
        return HttpResponseRedirect(tab_url(study, "publication"))
    context = {
        "form": form, "forgotten_on": privacy.forgotten_on(study),
        "personal": privacy.amounts(study.sessions.all()), "asking": "ask" in request.GET,
    }  # fmt: skip
    return page(request, study, "publication", "admin/listening/workbench/publication.html", context)


def send_bundle(request: HttpRequest, study: Study) -> StreamingHttpResponse:
    """Answer with the publication bundle, made while it is sent."""
    audit.record(request.user, study, "exported", "publication bundle")  # type: ignore[arg-type]
    choice = Choice(audio="audio" in request.POST, replies="replies" in request.POST, figures=figures(study))
    name = f'attachment; filename="{study.slug}.zip"'
    headers = {"Content-Disposition": name, "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(bundle(study, choice), content_type="application/zip", headers=headers)


def figures(study: Study) -> dict[str, str]:
    """Return what the results page draws, as SVG by name."""
    taken: Counter[str] = Counter()
    found = {}
    for chart in charts(results.means(study)):
        name = slugify(chart.attribute) + ("-simulated" if chart.simulated else "")
        taken[name] += 1
        found[name if taken[name] == 1 else f"{name}-{taken[name]}"] = drawing(chart)
    return found


def _forget(request: HttpRequest, study: Study) -> HttpResponse:
    done = privacy.said(privacy.forget(study.sessions.all()))
    audit.record(request.user, study, "deleted", done)  # type: ignore[arg-type]
    messages.success(request, _("Deleted: %s. No rating was changed.") % done)
    return HttpResponseRedirect(tab_url(study, "publication"))
