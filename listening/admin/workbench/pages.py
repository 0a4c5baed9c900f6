"""The URLs of a study's workbench, and the way there from everywhere that leads to a study."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from listening import audit
from listening.admin.reach import study_for
from listening.admin.show import AnyAdmin
from listening.admin.sounds import pages as sounds
from listening.admin.workbench import (
    analysis,
    deletion,
    design,
    forecast,
    history,
    listeners,
    preview,
    publication,
    questions,
    recruit,
    results,
    team,
)
from listening.admin.workbench.frame import first_tab, tab_right, tab_url
from listening.models import Right, Study

if TYPE_CHECKING:
    Base = AnyAdmin
else:
    Base = object

VIEWS = {
    "sounds": sounds.show, "questions": questions.show, "design": design.show, "forecast": forecast.show,
    "listeners": listeners.show, "watch": listeners.watch, "recruit": recruit.show, "invite": recruit.invite,
    "revoke": recruit.revoke, "payments": recruit.payments, "results": results.show, "team": team.show,
    "publication": publication.show, "preview": preview.show,
}  # fmt: skip
"""What shows each tab, and what its pages do; the history is where Django has it."""
DEEDS = {"open": "opened", "close": "closed", "freeze": "froze", "pause": "paused", "go_on": "went on"}
"""What the buttons of the header do by the actions of the same name, and the word that the history keeps."""

DEED_RIGHTS = {"freeze": Right.RESULTS}
"""What a button asks for besides the right to change the study."""


class WorkbenchPages(Base):
    """The part of a study's pages that is its workbench."""

    def get_urls(self) -> list[URLPattern]:
        """Add a page for each tab, and the actions of the header."""
        view = self.admin_site.admin_view
        tabs = [
            path(f"<int:pk>/{key}/", view(self._tab(key)), name=f"listening_study_{key}") for key in VIEWS
        ]  # fmt: skip
        return [
            *tabs,
            path("<int:pk>/do/<slug:verb>/", view(require_POST(self.do)), name="listening_study_do"),
            *self._analysis_urls(),
            path("<int:pk>/bundle/", view(require_POST(self.send_bundle)), name="listening_study_bundle"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the tab where the study's work is."""
        study = self.get_object(request, object_id)
        if study is None:
            raise Http404
        return HttpResponseRedirect(tab_url(study, first_tab(study, request.user)))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show who did what to the study, as a tab."""
        study = self.get_object(request, object_id)
        if study is None:
            raise Http404
        return history.show(request, study)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show what of a draft would go, and delete it once that is confirmed."""
        study = self.get_object(request, object_id)
        if study is None:
            raise Http404
        if not self.has_delete_permission(request, study):
            raise PermissionDenied
        return deletion.show(request, study)

    def get_actions(self, request: HttpRequest) -> Any:
        """Leave out Django's deletion, which knows nothing of sounds."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def do(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Do what a button of the header says, and come back; asks first where something is missing."""
        if verb not in DEEDS:
            raise Http404
        study = study_for(request, pk, DEED_RIGHTS.get(verb, Right.DESIGN))
        before = (study.status, study.paused, study.rating_sets.count())
        asked: HttpResponse | None = getattr(self, verb)(request, Study.objects.filter(pk=pk))
        study.refresh_from_db()
        if (study.status, study.paused, study.rating_sets.count()) != before:
            audit.record(request.user, study, DEEDS[verb])  # type: ignore[arg-type]
        return asked or HttpResponseRedirect(tab_url(study, first_tab(study, request.user)))

    def send_bundle(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Answer with the publication bundle."""
        return publication.send_bundle(request, study_for(request, pk, Right.MANAGE))

    def _analysis_urls(self) -> list[URLPattern]:
        """Return where an analysis is started, stopped, watched and taken away."""
        posted = {"start": require_POST(analysis.start), "cancel": require_POST(analysis.cancel)}
        own = {**posted, "progress": analysis.show_progress}
        view = self.admin_site.admin_view
        return [
            *(
                path(f"<int:pk>/analysis/{name}/", view(_read_results(shows)), name=f"listening_study_analysis_{name}")
                for name, shows in own.items()
            ),
            path(
                "<int:pk>/analysis/<str:name>", view(_read_results(analysis.send_file)),
                name="listening_study_analysis_file",
            ),
        ]  # fmt: skip

    def _tab(self, key: str) -> Any:
        def shown(request: HttpRequest, pk: int) -> HttpResponse:
            return VIEWS[key](request, study_for(request, pk, tab_right(key)))

        return shown


def _read_results(shows: Any) -> Any:
    """Return a view of a study for whoever may read its results."""

    def shown(request: HttpRequest, pk: int, **where: str) -> HttpResponse:
        response: HttpResponse = shows(request, study_for(request, pk, Right.RESULTS), **where)
        return response

    return shown
