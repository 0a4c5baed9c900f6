"""Where the pages of the Sounds tab are, and who may see and change them: whoever may see and change the study."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from listening.admin.reach import study_for
from listening.admin.show import AnyAdmin
from listening.admin.sounds import corrections, files, pages
from listening.models import Right

Page = Callable[..., HttpResponseBase]

if TYPE_CHECKING:
    Base = AnyAdmin
else:
    Base = object


class SoundsPages(Base):
    """The part of the studies' admin that brings sounds in."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the Sounds tab."""
        own = [
            self._page("sounds.csv", "_csv", pages.table, "GET", change=False),
            self._page("progress/", "_progress", pages.progress_of_run, "GET", change=False),
            self._page("files/", "_files", files.announce, "POST"),
            self._page("files/<int:file>/", "_file", files.take, "PUT"),
            self._page("files/<int:file>/play/", "_play", files.play, "GET", change=False),
            self._page("check/", "_check", pages.check_files, "POST"),
            self._page("folder/", "_folder", pages.name_folder, "POST"),
            self._page("prepare/", "_prepare", pages.prepare, "POST"),
            self._page("cancel/", "_cancel", pages.cancel, "POST"),
            self._page("discard/", "_discard", pages.discard, "POST"),
            self._page("fix/", "_fix", corrections.fix, "POST"),
            self._page("place/", "_place", corrections.place, "POST"),
            self._page("rename/", "_rename", corrections.rename, "POST"),
            self._page("excerpt/", "_excerpt", corrections.excerpt, "POST"),
        ]
        return [*own, *super().get_urls()]

    def _page(self, where: str, name: str, page: Page, method: str, *, change: bool = True) -> URLPattern:
        def view(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponseBase:
            study = study_for(request, pk, Right.DESIGN if change else Right.SEE)
            return page(request, study, **kwargs)

        checked = require_http_methods([method])(view)
        return path(
            f"<int:pk>/sounds/{where}", self.admin_site.admin_view(checked), name=f"listening_study_sounds{name}"
        )
