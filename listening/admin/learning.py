"""What runs are made of and leave behind: frozen ratings and saved states. Made by the software, never by hand."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from listening.admin.card import facts
from listening.admin.show import NOTHING, Kept, badge, lineage, link, page_of
from listening.audit import record
from listening.models import Checkpoint, RatingSet, Rendering


@admin.register(RatingSet)
class RatingSetAdmin(Kept):
    """Ratings frozen for a fit."""

    list_display = ("__str__", "link_to_study", "rows", "mark", "unproved", "sha256", "created_at")
    list_filter = ("study",)
    fields = readonly_fields = (
        "link_to_study", "rows", "mark", "unproved", "download", "sha256", "screened", "created_at",
    )  # fmt: skip

    @admin.display(description=_("study"), ordering="study")
    def link_to_study(self, ratings: RatingSet) -> str:
        """Return the way to the study."""
        return link(ratings.study)

    @admin.display(description=_("simulated"), ordering="simulated")
    def mark(self, ratings: RatingSet) -> str:
        """Mark what no person said."""
        return badge("simulated", f"{ratings.simulated} / {ratings.rows}") if ratings.simulated else "0"

    def get_urls(self) -> list[URLPattern]:
        """Add the file itself."""
        view = self.admin_site.admin_view(self.send)
        return [path("<int:pk>/ratings.csv", view, name="listening_ratingset_file"), *super().get_urls()]

    def send(self, request: HttpRequest, pk: int) -> FileResponse:
        """Answer with the frozen file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        ratings = get_object_or_404(self.get_queryset(request), pk=pk)
        record(request.user, ratings.study, "exported", ratings.path.name)  # type: ignore[arg-type]
        return FileResponse(ratings.file.open("rb"), as_attachment=True, filename=ratings.path.name)

    @admin.display(description=_("file"))
    def download(self, ratings: RatingSet) -> str:
        """Return the way to the frozen file."""
        address = reverse("admin:listening_ratingset_file", args=[ratings.pk])
        return format_html('<a href="{}">{}</a>', address, ratings.path.name)

    @admin.display(description=_("post-screening"))
    def screened(self, ratings: RatingSet) -> str:
        """Return who was dropped and why."""
        return facts(ratings.screening)


@admin.register(Checkpoint)
class CheckpointAdmin(Kept):
    """Saved states of trainings, and the way to hear them."""

    list_display = ("__str__", "run", "step", "short_hash", "start", "created_at")
    list_filter = ("run",)
    list_select_related = ("run",)
    fields = readonly_fields = (
        "run", "step", "path", "sha256", "start", "aligner", "all_facts", "made_from", "created_at",
    )  # fmt: skip

    @admin.display(description="SHA-256")
    def short_hash(self, checkpoint: Checkpoint) -> str:
        """Return the beginning of its hash."""
        return checkpoint.sha256[:12]

    @admin.display(description=_("rendering"))
    def start(self, checkpoint: Checkpoint) -> str:
        """Return the way to a rendering with it."""
        address = reverse(f"admin:listening_{Rendering._meta.model_name}_add", query={"checkpoint": checkpoint.pk})
        return format_html('<a href="{}">{}</a>', address, _("Render with it"))

    @admin.display(description=_("aligning lyrics"))
    def aligner(self, checkpoint: Checkpoint) -> str:
        """Return whether it aligns lyrics by default, with the way to let it."""
        if not checkpoint.reads:
            return NOTHING
        if checkpoint.promoted_for:
            return _("the default for %s") % checkpoint.reads
        address = reverse("admin:listening_checkpoint_promote", args=[checkpoint.pk])
        return format_html('<a href="{}">{}</a>', address, _("Make it the default for %s …") % checkpoint.reads)

    def get_urls(self) -> list[URLPattern]:
        """Add the page that promotes it."""
        view = self.admin_site.admin_view(self.promote)
        return [path("<int:pk>/promote/", view, name="listening_checkpoint_promote"), *super().get_urls()]

    def promote(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether it is to align lyrics by default, and let it."""
        checkpoint: Checkpoint = get_object_or_404(self.get_queryset(request), pk=pk)
        if not request.user.has_perm("listening.change_checkpoint"):
            raise PermissionDenied
        if not checkpoint.reads:
            raise Http404
        if request.method == "POST":
            checkpoint.promote()
            record(request.user, checkpoint, "promoted", checkpoint.reads)  # type: ignore[arg-type]
            return HttpResponseRedirect(page_of(checkpoint))
        before = Checkpoint.objects.filter(promoted_for=checkpoint.reads).exclude(pk=pk).first()
        own = {"title": _("Align lyrics with %s?") % checkpoint, "checkpoint": checkpoint, "before": before}
        own |= {"opts": self.opts, "back": page_of(checkpoint)}
        return render(request, "admin/listening/lyrics/promote.html", self.admin_site.each_context(request) | own)

    @admin.display(description=_("card"))
    def all_facts(self, checkpoint: Checkpoint) -> str:
        """Return the whole card."""
        return facts(checkpoint.card)

    @admin.display(description=_("lineage"))
    def made_from(self, checkpoint: Checkpoint) -> str:
        """Return everything it was made from."""
        return lineage(checkpoint)
