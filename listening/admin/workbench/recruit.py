"""How listeners come: what their links carry, where they go back to, personal links, and the list of whom to pay."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from listening import audit, webhook
from listening.admin.show import AnyForm
from listening.admin.workbench.frame import page
from listening.exports import recruits
from listening.exports.download import csv_response
from listening.models import Invitation, Right, Study
from listening.models.team import has_right

MAX_INVITATIONS = 500
"""Personal links that are made at a time."""
SHOWN_INVITATIONS = 200
FIELDSETS = (
    (gettext_lazy("Who comes in"), ("link_parameters", "invited_only", "quota", "cell_quota", "close_at_quota")),
    (gettext_lazy("Return links"), ("completion_code", "return_url", "screen_out_url", "quota_url")),
    (gettext_lazy("Notify me when it is full"), ("notify_email", "notify_webhook")),
)


def https_first(field: Any, **kwargs: Any) -> Any:
    """Return the form's field of a model's; an address without a scheme is one of https."""
    own = {"assume_scheme": "https"} if isinstance(field, models.URLField) else {}
    return field.formfield(**own, **kwargs)


class RecruitingForm(AnyForm):
    """What of a study says how people come to it; it may be changed at any time."""

    class Meta:
        model = Study
        fields = [name for _title, names in FIELDSETS for name in names]
        formfield_callback = https_first

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_help"


class InvitationForm(forms.Form):
    """How many personal links are to be made, or for whom."""

    number = forms.IntegerField(
        label=gettext_lazy("how many"), min_value=1, max_value=MAX_INVITATIONS, initial=20, required=False
    )
    label = forms.CharField(label=gettext_lazy("label"), max_length=60, required=False, initial="listener")
    labels = forms.CharField(
        label=gettext_lazy("or one label per line"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("your own code for each person, never a name"),
    )  # fmt: skip

    def wanted(self) -> list[str]:
        """Return the labels of the links to be made."""
        own = [line.strip()[:80] for line in self.cleaned_data["labels"].splitlines() if line.strip()]
        label, number = self.cleaned_data["label"] or "listener", self.cleaned_data["number"] or 0
        return own[:MAX_INVITATIONS] or [f"{label} {each}" for each in range(1, number + 1)]


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the page of recruiting, or save its form and stay."""
    may = _may(request, study)
    sent = request.method == "POST"
    if sent and not may:
        raise PermissionDenied
    form = RecruitingForm(request.POST if sent else None, instance=study, label_suffix="")
    if sent and form.is_valid():
        with transaction.atomic():
            Study.objects.filter(pk=study.pk).update(**{name: form.cleaned_data[name] for name in form.changed_data})
            audit.record(request.user, study, "changed", ", ".join(form.changed_data))  # type: ignore[arg-type]
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(_address(study))
    context = _context(study, form, may=may, runs=has_right(request.user, Right.SITTINGS, study))
    context["prolific"] = example_link(request.build_absolute_uri(study.get_absolute_url()), study)
    return page(request, study, "listeners", "admin/listening/workbench/recruit.html", context)


def invite(request: HttpRequest, study: Study) -> HttpResponse:
    """Make personal links and answer with them as a CSV: this once, since only their hashes are kept."""
    _check_post(request, study)
    form = InvitationForm(request.POST)
    labels = form.wanted() if form.is_valid() else []
    if not labels:
        messages.error(request, _("Enter the number of links, up to %d, or a label for each.") % MAX_INVITATIONS)
        return HttpResponseRedirect(_address(study))
    made = Invitation.objects.make(study, labels, user=request.user)
    audit.record(request.user, study, "made", f"{len(made)} personal links")  # type: ignore[arg-type]
    door = request.build_absolute_uri(study.get_absolute_url())
    rows = [{"label": str(row.label), "link": f"{door}?invitation={token}"} for row, token in made]
    return csv_response(rows, f"{study.slug}-personal-links", ("label", "link"))  # type: ignore[return-value]


def revoke(request: HttpRequest, study: Study) -> HttpResponse:
    """Let nobody begin by the chosen personal links any more, or by any that is unused."""
    _check_post(request, study)
    chosen = study.invitations.all()
    if "all" not in request.POST:
        chosen = chosen.filter(pk__in=[each for each in request.POST.getlist("invitation") if each.isdecimal()])
    count = chosen.revoke()
    if count:
        audit.record(request.user, study, "revoked", f"{count} personal links")  # type: ignore[arg-type]
    said = ngettext("%d personal link was revoked.", "%d personal links were revoked.", count) % count
    messages.info(request, said)
    return HttpResponseRedirect(_address(study))


def payments(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer whoever may change the study with the list of whom to pay, which names people as a recruiter does."""
    _check_post(request, study)
    audit.record(request.user, study, "exported", "the payment list")  # type: ignore[arg-type]
    rows = recruits.payments(study)
    return csv_response(rows, f"{study.slug}-payments", recruits.payment_columns(study))  # type: ignore[return-value]


def example_link(address: str, study: Study) -> str:
    """Return the participant link as a recruiter's form wants it, with its own gaps: Prolific's are {{%NAME%}}."""
    query = "&".join(f"{name}={{{{%{name}%}}}}" for name in study.parameter_names if name != "workerId")
    return f"{address}?{query}" if query else address


def _context(study: Study, form: RecruitingForm, *, may: bool, runs: bool) -> dict[str, Any]:
    own = study.invitations.select_related("session")
    fieldsets = [(title, [form[name] for name in names]) for title, names in FIELDSETS]
    return {
        "form": form, "fieldsets": fieldsets, "may": may, "runs": runs, "inviting": InvitationForm(label_suffix=""),
        "invitations": own[:SHOWN_INVITATIONS], "invited": own.count(), "unused": own.unused().count(),
        "known": study.recruitments.count(), "notices": study.notices.all()[:10],
        "secret": webhook.secret(study.pk) if may and study.notify_webhook else "",
    }  # fmt: skip


def _check_post(request: HttpRequest, study: Study) -> None:
    if request.method != "POST" or not has_right(request.user, Right.SITTINGS, study):
        raise PermissionDenied


def _may(request: HttpRequest, study: Study) -> bool:
    return admin.site.get_model_admin(Study).has_change_permission(request, study)


def _address(study: Study) -> str:
    return reverse("admin:listening_study_recruit", args=[study.pk])
