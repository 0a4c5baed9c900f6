"""Small pieces of pages that several lists share: links, badges, players, lineage; and rows that nobody may edit."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import models
from django.forms.widgets import Script
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from listening.admin.reach import InlineOfStudies, OfStudies
from listening.models import Analysis, Audio, Preparation, ancestry

if TYPE_CHECKING:  # Django's classes take their type arguments from the type checker alone
    AnyAdmin = admin.ModelAdmin[Any]
    AnyInline = admin.TabularInline[Any, Any]
    AnyForm = forms.ModelForm[Any]
else:
    AnyAdmin, AnyInline, AnyForm = admin.ModelAdmin, admin.TabularInline, forms.ModelForm

NOTHING = ""
"""What a list or page shows of what is not there."""


class OwnLook:
    """Bring our style sheet and elements to a page."""

    class Media:
        css = {"all": ["admin/hearback/hearback.css"]}
        js = [Script("admin/hearback/run-progress.js", type="module")]


class Kept(OwnLook, OfStudies, AnyAdmin):
    """Rows that are looked at and never edited, added or deleted by hand: what people answered, what was measured."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds such a row by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits such a row."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes such a row."""
        return False


class KeptInline(InlineOfStudies, AnyInline):
    """Rows below another row's page, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds such a row by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits such a row."""
        return False


def link(row: models.Model | None, text: str = "") -> str:
    """Return a link to a row's page, by its name unless there is a `text`; nothing for no row."""
    if row is None:
        return NOTHING
    return format_html('<a href="{}">{}</a>', page_of(row), text or row)


def page_of(row: models.Model) -> str:
    """Return the address of a row's page; runs that have none are shown on a tab of their study."""
    if isinstance(row, Analysis):
        return reverse("admin:listening_study_results", args=[row.study_id])
    if isinstance(row, Preparation):
        return reverse("admin:listening_study_sounds", args=[row.intake.study_id])
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: type[models.Model], text: str, **where: Any) -> SafeString:
    """Return a link to the list of `model`, filtered."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist", query=where)
    return format_html('<a href="{}">{}</a>', address, text)


def badge(kind: str, text: str) -> SafeString:
    """Return `text` as a coloured word; `kind` is a status or `simulated`."""
    return format_html('<span class="hb-badge hb-{}">{}</span>', kind, text)


def simulated(is_so: bool) -> str:
    """Return the mark of what no person said."""
    return badge("simulated", _("simulated")) if is_so else ""


def player(audio: Audio | None) -> str:
    """Return a player for staff; nothing for no audio."""
    if audio is None:
        return NOTHING
    address = reverse("admin:listening_audio_play", args=[audio.pk])
    return format_html('<audio controls preload="none" src="{}"></audio>', address)


def lineage(row: models.Model) -> str:
    """Return everything `row` was made from, nearest first, as a nested line of links each."""
    lines = (
        (f"hb-generation-{min(depth, 8)}", parent._meta.verbose_name, link(parent)) for depth, parent in ancestry(row)
    )
    listed = format_html_join("", '<li class="{}"><span class="hb-kind">{}</span> {}</li>', lines)
    return format_html('<ul class="hb-lineage">{}</ul>', listed) if listed else NOTHING


def table(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> SafeString:
    """Return a small table of plain values, escaped."""
    head = format_html_join("", "<th scope=col>{}</th>", ((cell,) for cell in header))
    body = format_html_join(
        "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    )
    return format_html('<table class="hb-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', head, body)
