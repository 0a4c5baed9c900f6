"""Whether a sitting counts, decided by a researcher: excluded and restored with a reason, or withdrawn on request."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listening import audit
from listening.admin.show import AnyAdmin, page_of
from listening.models import Session

if TYPE_CHECKING:
    Base = AnyAdmin
else:
    Base = object


class ReasonForm(forms.Form):
    """Why a sitting is to count no longer, or to count again."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300,
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
        help_text=gettext_lazy("kept with your name in the history, and in exports that include excluded sessions"),
    )  # fmt: skip


class ExclusionPages(Base):
    """The part of a session's page that decides whether it counts."""

    change_form_template = "admin/listening/session/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        """Add a page for each decision."""
        view = self.admin_site.admin_view(self.decide)
        return [path("<int:pk>/<slug:verb>-session/", view, name="listening_session_decide"), *super().get_urls()]

    def decide(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Ask for the reason; exclude, restore or withdraw the sitting and note who did."""
        session = get_object_or_404(self.get_queryset(request), pk=pk)
        if verb not in TITLES:
            raise Http404
        if not self.has_change_permission(request, session):
            raise PermissionDenied
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self._note(request, session, verb, form.cleaned_data["reason"])
            return HttpResponseRedirect(page_of(session))
        own = {"title": TITLES[verb], "session_row": session, "form": form, "verb": verb, "opts": self.opts}
        context = self.admin_site.each_context(request) | own
        return render(request, "admin/listening/session/decide.html", context)

    def _note(self, request: HttpRequest, session: Session, verb: str, reason: str) -> None:
        user: Any = request.user
        excluding = partial(session.exclude, user, reason)
        done: dict[str, Callable[[], bool]] = {
            "exclude": excluding,
            "restore": session.restore,
            "withdraw": session.withdraw,
        }
        if not done[verb]():
            messages.warning(request, _("This was not possible for %s in its current state.") % session)
            return
        for row in (session, session.study):
            audit.record(user, row, DONE[verb], f"{session}: {reason}")
        messages.success(request, _("%(session)s: %(done)s.") % {"session": session, "done": DONE[verb]})


TITLES = {
    "exclude": gettext_lazy("Exclude this session from all results?"),
    "restore": gettext_lazy("Include this session again?"),
    "withdraw": gettext_lazy("Delete everything given in this session?"),
}
DONE = {"exclude": "excluded", "restore": "restored", "withdraw": "withdrawn"}
"""The words that the history keeps."""
