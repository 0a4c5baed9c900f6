"""What is heard: items, their references and stimuli, with players for staff."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from listening.admin.show import NOTHING, Kept, KeptInline, link, list_of, player
from listening.models import Audio, Item, Reference, Stimulus, Study
from listening.models.access import may
from lossmodel.audio import SILENT_PEAK_80_DBFS

NOTES = 5
"""Items whose notes stand on their study's page in full."""


class ReferenceInline(KeptInline):
    """The admissible true vocals of an item."""

    model = Reference
    fields = readonly_fields = ("name", "listen", "audio")
    show_change_link = False

    @admin.display(description=_("listen"))
    def listen(self, reference: Reference) -> str:
        """Return a player."""
        return player(reference.audio)


class StimulusInline(KeptInline):
    """What is rated."""

    model = Stimulus
    fields = readonly_fields = ("name", "role", "listen", "level", "audio")
    show_change_link = False

    @admin.display(description=_("listen"))
    def listen(self, stimulus: Stimulus) -> str:
        """Return a player."""
        return player(stimulus.audio)

    @admin.display(description=_("condition"))
    def name(self, stimulus: Stimulus) -> str:
        """Return its condition."""
        return stimulus.condition.name

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stimulus]:
        """Fetch what the rows name in the same query."""
        return super().get_queryset(request).select_related("condition__study", "audio", "item__study")

    @admin.display(description=_("role"))
    def role(self, stimulus: Stimulus) -> str:
        """Return what its condition is there for."""
        return str(stimulus.condition.get_role_display())

    @admin.display(description="LUFS")
    def level(self, stimulus: Stimulus) -> str:
        """Return its loudness."""
        return loudness(stimulus.audio)


@admin.register(Item)
class ItemAdmin(Kept):
    """Excerpts with all their sounds on one page."""

    list_display = ("name", "study", "training", "seconds", "listen_to_mixture", "noted")
    list_filter = ("study", "training", ("note", admin.EmptyFieldListFilter))
    actions = ("practise", "count", "reveal_words", "hide_words")
    list_select_related = ("study", "mixture")
    search_fields = ("name", "study__slug")
    fields = readonly_fields = (
        "study", "name", "training", "seconds", "noted", "listen_to_mixture", "listen_to_accompaniment", "sung",
        "show_words",
    )  # fmt: skip
    inlines = (ReferenceInline, StimulusInline)

    def has_training_permission(self, request: HttpRequest) -> bool:
        """Tell whether this user may say what an item is there for."""
        return may(request.user, "change", Item)

    def permitted(self, request: HttpRequest, needed: str, rows: QuerySet[Item]) -> QuerySet[Item]:
        """Return those of the items whose study this user may change."""
        return super().permitted(request, "change" if needed == "training" else needed, rows)

    @admin.action(description=_("Use for training: its ratings do not count"), permissions=["training"])
    def practise(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        """Let assessors practise on these."""
        self._use(request, queryset, training=True)

    @admin.action(description=_("Show assessors what is sung"), permissions=["training"])
    def reveal_words(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        """Let assessors read the words of these, where they have any."""
        self._use(request, queryset.exclude(words=[]), show_words=True)

    @admin.action(description=_("Do not show what is sung"), permissions=["training"])
    def hide_words(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        """Keep the words of these to the researcher."""
        self._use(request, queryset, show_words=False)

    @admin.action(description=_("Use in the test"), permissions=["training"])
    def count(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        """Let the ratings of these count."""
        self._use(request, queryset, training=False)

    def _use(self, request: HttpRequest, items: QuerySet[Item], **change: bool) -> None:
        """Change the items of drafts; what somebody may have rated stays what it was."""
        tried = items.count()
        done = items.filter(study__status=Study.Status.DRAFT).update(**change)
        if done:
            self.message_user(request, ngettext("%d item changed.", "%d items changed.", done) % done)
        if left := tried - done:
            text = ngettext(
                "%d item is not in a draft and was not changed.",
                "%d items are not in a draft and were not changed.",
                left,
            )
            self.message_user(request, text % left, messages.WARNING)

    @admin.display(description=_("length"))
    def seconds(self, item: Item) -> str:
        """Return how long it is."""
        return f"{item.mixture.seconds:.1f} s" if item.mixture else ""

    @admin.display(description=_("note"), ordering="note")
    def noted(self, item: Item) -> str:
        """Return remarks from the checks of its sounds, a line each."""
        return format_html_join(SafeString("<br>"), "{}", ((line,) for line in item.note.splitlines()))

    @admin.display(description=_("what is sung"))
    def sung(self, item: Item) -> str:
        """Return its words, a line each; nothing before it was given some from an alignment of its lyrics."""
        lines = ((" ".join(word["written"] for word in line),) for line in item.words)
        return format_html_join(SafeString("<br>"), "{}", lines)

    @admin.display(description=_("mixture"))
    def listen_to_mixture(self, item: Item) -> str:
        """Return a player."""
        return player(item.mixture)

    @admin.display(description=_("accompaniment"))
    def listen_to_accompaniment(self, item: Item) -> str:
        """Return a player."""
        return player(item.accompaniment)


@admin.register(Stimulus)
class StimulusAdmin(Kept):
    """Every sound that is rated."""

    list_display = ("item", "condition_name", "role", "listen", "level")
    list_filter = ("item__study", "condition__role")
    list_select_related = ("item__study", "condition__study", "audio")
    search_fields = ("item__name", "condition__name")
    fields = readonly_fields = ("item", "condition", "role", "listen", "level", "audio")

    @admin.display(description=_("condition"), ordering="condition__name")
    def condition_name(self, stimulus: Stimulus) -> str:
        """Return its condition."""
        return stimulus.condition.name

    @admin.display(description=_("role"), ordering="condition__role")
    def role(self, stimulus: Stimulus) -> str:
        """Return what its condition is there for."""
        return str(stimulus.condition.get_role_display())

    @admin.display(description=_("listen"))
    def listen(self, stimulus: Stimulus) -> str:
        """Return a player."""
        return player(stimulus.audio)

    @admin.display(description="LUFS")
    def level(self, stimulus: Stimulus) -> str:
        """Return its loudness."""
        return loudness(stimulus.audio)


@admin.register(Audio)
class AudioAdmin(Kept):
    """Sound files as they were let in."""

    list_display = ("delivered_as", "seconds", "rate", "channels", "level", "gain", "listen")
    search_fields = ("delivered_as", "sha256")
    fields = readonly_fields = (
        "delivered_as",
        "listen",
        "seconds",
        "rate",
        "channels",
        "level",
        "peak",
        "gain",
        "sha256",
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the sound itself."""
        view = self.admin_site.admin_view(self.play)
        return [path("<int:pk>/play/", view, name="listening_audio_play"), *super().get_urls()]

    def play(self, request: HttpRequest, pk: int) -> FileResponse:
        """Answer with the sound."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        audio = get_object_or_404(self.get_queryset(request), pk=pk)
        return FileResponse(audio.file.open("rb"), content_type="audio/flac")

    @admin.display(description=_("length"))
    def seconds(self, audio: Audio) -> str:
        """Return how long it is."""
        return f"{audio.seconds:.1f} s"

    @admin.display(description="LUFS", ordering="loudness")
    def level(self, audio: Audio) -> str:
        """Return its loudness."""
        return loudness(audio)

    @admin.display(description=_("listen"))
    def listen(self, audio: Audio) -> str:
        """Return a player."""
        return player(audio)


def loudness(audio: Audio) -> str:
    """Return the loudness in LUFS with one decimal; words for what is silent, nothing for what was not measured."""
    if audio.peak < SILENT_PEAK_80_DBFS:
        return str(_("silent"))
    return "" if audio.loudness is None else f"{audio.loudness:.1f}"


def noticed(study: Study) -> str:
    """Return the notes on the items of `study`, the first few in full with the way to all; nothing for none."""
    items = study.items.exclude(note="").select_related("study")
    count = items.count()
    if not count:
        return NOTHING
    lines = ((link(item, item.name), line) for item in items[:NOTES] for line in item.note.splitlines())
    listed = format_html_join("", "<li>{} · {}</li>", lines)
    every = ngettext("%d item with a note", "%d items with a note", count) % count
    where = {"study__id__exact": study.pk, "note__isempty": 0}
    return format_html('{}<ul class="hb-notes">{}</ul>', list_of(Item, every, **where), listed)
