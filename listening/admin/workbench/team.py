"""Who works on a study: roles handed out, changed and taken back by an owner."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listening import audit
from listening.admin.workbench.frame import page, tab_url
from listening.models import Study, StudyRole


class RoleForm(forms.Form):
    """Who gets which role; the account must be there and may enter the admin."""

    user = forms.CharField(label=gettext_lazy("User name"), max_length=150)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=StudyRole.Role.choices, initial="analyst")

    def clean_user(self) -> Any:
        """Return the account."""
        name = self.cleaned_data["user"]
        found = get_user_model().objects.filter(username=name, is_active=True, is_staff=True).first()
        if found is None:
            raise forms.ValidationError(
                _("No member of staff has the name “%s”; the site’s administrator must create the account first.")
                % name
            )
        return found


def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with who has which role, or hand one out or take one back, and stay."""
    if "take_back" in request.POST:
        _take_back(request, study, request.POST["take_back"])
        return HttpResponseRedirect(tab_url(study, "team"))
    form = RoleForm(request.POST or None)
    if form.is_valid() and _hand_out(request, study, **form.cleaned_data):
        return HttpResponseRedirect(tab_url(study, "team"))
    context = {"form": form, "roles": study.roles.select_related("user")}
    return page(request, study, "team", "admin/listening/workbench/team.html", context)


def _hand_out(request: HttpRequest, study: Study, *, user: Any, role: str) -> bool:
    """Give `user` the role; False where the study would be left without an owner."""
    if role != StudyRole.Role.OWNER and _is_last_owner(study, user.pk):
        messages.error(request, _("A study needs an owner: make somebody else an owner first."))
        return False
    StudyRole.objects.update_or_create(study=study, user=user, defaults={"role": role})
    audit.record(request.user, study, "gave a role", f"{user} {role}")  # type: ignore[arg-type]
    return True


def _take_back(request: HttpRequest, study: Study, pk: str) -> None:
    role = study.roles.filter(pk=pk).select_related("user").first() if pk.isdecimal() else None
    if role is None:
        return
    if _is_last_owner(study, role.user_id):
        messages.error(request, _("A study needs an owner: make somebody else an owner first."))
        return
    audit.record(request.user, study, "revoked a role", f"{role.user} {role.role}")  # type: ignore[arg-type]
    role.delete()


def _is_last_owner(study: Study, user: int) -> bool:
    owners = study.roles.filter(role=StudyRole.Role.OWNER)
    return owners.filter(user=user).exists() and not owners.exclude(user=user).exists()
