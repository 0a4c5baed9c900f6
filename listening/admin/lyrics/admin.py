"""Alignments of lyrics in the admin: started from a form, heard with its words lit, corrected, exported."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from listening import audit
from listening.admin.lyrics import actions
from listening.admin.lyrics.forms import CheckpointChoice, LyricsAlignmentForm, readers
from listening.admin.lyrics.karaoke import page_context
from listening.admin.lyrics.ranges import send_part
from listening.admin.runs import RunAdmin
from listening.admin.show import page_of
from listening.models import Item, LyricsAlignment, Run, Study
from listening.models.access import may, within_reach
from listening.stimuli.words import take_words
from lossmodel.errors import BadInput
from separation.lyrics.formats import FORMATS

SOUND_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "mp3": "audio/mpeg"}
TEXT_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8", "vtt": "text/vtt; charset=utf-8"}


@admin.register(LyricsAlignment)
class LyricsAlignmentAdmin(RunAdmin):
    """Songs with their words in time."""

    form = LyricsAlignmentForm
    change_form_template = "admin/listening/lyrics/change_form.html"
    list_display = ("title", "state", "language", "study")
    search_fields = ("title",)
    asked = ("title", "study", "recording", "language", "lyrics", "lyrics_file", "checkpoint", "free", "delay")
    kept = ("title", "study", "recorded_as", "language", "checkpoint", "free", "delay", "lyrics")
    """What the page tells of what was asked: the recording is heard above it."""

    def get_fieldsets(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """Ask when it is started; tell when it stands."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        own = (*self.kept, "made_from", "created_at", "started_at", "ended_at", "attempts")
        return [(None, {"fields": own})]

    def get_readonly_fields(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """Keep everything as it was when the run was started."""
        return () if obj is None else (*self.kept, "made_from", "created_at", "started_at", "ended_at", "attempts")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the long columns of a song to its own page."""
        return super().get_queryset(request).defer("found", "envelope", "lyrics")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin without a title: songs have their own."""
        return {name: value for name, value in super().get_changeform_initial_data(request).items() if name != "name"}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer checkpoints that read lyrics; ask whoever adds by their role in a study for the study."""
        if db_field.name == "checkpoint":
            kwargs |= {"queryset": readers(request.user), "form_class": CheckpointChoice}
        if db_field.name == "study":
            kwargs["queryset"] = within_reach(request.user, "change", Study.objects.all())
            kwargs["required"] = not request.user.has_perm("listening.add_lyricsalignment")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Start the run, and keep what the recording was called."""
        if not change:
            obj.recorded_as = str(obj.recording.name)[-300:]
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: LyricsAlignment) -> None:
        """Delete the recording too, once the row is gone for good."""
        storage, name = obj.recording.storage, str(obj.recording.name)
        super().delete_model(request, obj)
        transaction.on_commit(lambda: storage.delete(name))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the recordings too."""
        for run in queryset:
            self.delete_model(request, run)

    def get_urls(self) -> list[URLPattern]:
        """Add the recording, corrections, exports, and handing words to an item."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/recording/", view(self.play), name="listening_lyricsalignment_recording"),
            path("<int:pk>/correct/", view(require_POST(self.correct)), name="listening_lyricsalignment_correct"),
            path("<int:pk>/use/", view(require_POST(self.use)), name="listening_lyricsalignment_use"),
            path("<int:pk>/export/<str:suffix>/", view(self.export), name="listening_lyricsalignment_export"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the song with its words once they are found."""
        run: LyricsAlignment | None = context.get("original")
        more: dict[str, Any] = {}
        if run is not None:
            more = page_context(run, may_correct=self.has_change_permission(request, run))
            more["items"] = _items(request, run) if more else ()
        return super().render_change_form(request, context | more, *args, **kwargs)

    def play(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Answer with the recording, in parts where they are asked for."""
        run = self._visible(request, pk)
        if not run.recording.storage.exists(str(run.recording.name)):
            raise Http404
        kind = SOUND_TYPES.get(str(run.recording.name).rpartition(".")[2].lower(), "application/octet-stream")
        return send_part(request, run.recording, kind)

    def correct(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Move words, or take a correction back."""
        return actions.correct(request, self._visible(request, pk, change=True, done=True))

    def export(self, request: HttpRequest, pk: int, suffix: str) -> HttpResponse:
        """Answer with the times as a file: as they are corrected, or with `machine` as they were found."""
        run = self._visible(request, pk, done=True)
        written = FORMATS.get(f".{suffix.lower()}")
        if written is None:
            raise Http404
        name = f"{slugify(run.title) or 'song'}.{'TextGrid' if suffix == 'textgrid' else suffix}"
        text = written(run.machine if "machine" in request.GET else run.corrected)
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
        return HttpResponse(text, content_type=TEXT_TYPES.get(suffix, "text/plain; charset=utf-8"), headers=headers)

    def use(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give the words that are sung in an item's excerpt to the item."""
        run = self._visible(request, pk, done=True)
        chosen = within_reach(request.user, "change", Item.objects.select_related("study", "mixture"))
        number, start = request.POST.get("item", ""), request.POST.get("start", "").strip()
        item = get_object_or_404(chosen, pk=int(number) if number.isdecimal() else 0)
        try:
            count = take_words(item, run, float(start) if start else None)
        except (BadInput, ValueError) as error:
            messages.error(request, str(error))
        else:
            audit.record(request.user, item.study, "took words", f"{item.name}: {count} of {run}")  # type: ignore[arg-type]
            told = {"item": str(item), "count": count}
            messages.success(request, _("%(item)s has %(count)d words. Assessors do not see them yet.") % told)
        return HttpResponseRedirect(page_of(run))

    def _visible(self, request: HttpRequest, pk: int, *, change: bool = False, done: bool = False) -> LyricsAlignment:
        run: LyricsAlignment = get_object_or_404(self.get_queryset(request), pk=pk)
        allowed = self.has_change_permission if change else self.has_view_permission
        if not allowed(request, run):
            raise PermissionDenied
        if done and run.status != "done":
            raise Http404
        return run


def _items(request: HttpRequest, run: LyricsAlignment) -> list[Item]:
    """Return the items that may take words: of drafts that this user may change, those of the run's study first."""
    if not may(request.user, "change", Item):
        return []
    drafts = within_reach(request.user, "change", Item.objects.filter(study__status=Study.Status.DRAFT))
    found = drafts.exclude(mixture=None).select_related("study")
    return sorted(found, key=lambda item: (item.study_id != run.study_id, str(item)))
