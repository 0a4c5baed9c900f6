"""What every tab of a study's workbench shares: the header, the actions, the row of tabs."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from listening import presets
from listening.admin.show import badge
from listening.admin.workbench.actions import study_actions
from listening.models import Right, Study
from listening.models.team import has_right

TABS = {
    "sounds": _("Sounds"),
    "questions": _("Questions and texts"),
    "design": _("Design"),
    "listeners": _("Listeners"),
    "results": _("Results"),
    "team": _("Team"),
    "publication": _("Publication and privacy"),
    "history": _("History"),
}
"""The tabs in the order of the work; the key is the end of the URL and of its name."""
TAB_RIGHTS = {
    "listeners": Right.LISTENERS, "watch": Right.LISTENERS, "recruit": Right.LISTENERS, "invite": Right.SITTINGS,
    "revoke": Right.SITTINGS, "payments": Right.SITTINGS, "results": Right.RESULTS, "team": Right.MANAGE,
    "publication": Right.MANAGE,
}  # fmt: skip
"""What a user must have the right to, to be shown a tab; all others are for whoever sees the study."""


@dataclass(frozen=True)
class Tab:
    """One way in the row of tabs."""

    key: str
    title: str
    url: str
    current: bool


def page(
    request: HttpRequest, study: Study, tab: str, template: str, context: dict[str, Any] | None = None
) -> TemplateResponse:
    """Answer with one tab of `study`: `template` extends admin/listening/workbench/base.html and fills its `tab`."""
    site = admin.site.each_context(request)
    return TemplateResponse(request, template, site | frame(request, study, tab) | (context or {}))


def frame(request: HttpRequest, study: Study, tab: str) -> dict[str, Any]:
    """Return what the header of `study` needs around the tab that is open."""
    address = request.build_absolute_uri(study.get_absolute_url())
    method = presets.PRESETS.get(study.preset)
    return {
        "title": f"{study.title} · {TABS.get(tab, tab)}",
        "study": study,
        "method": method.title if method else study.preset,
        "state": _state(study),
        "tabs": [
            Tab(key, str(title), tab_url(study, key), key == tab)
            for key, title in TABS.items()
            if has_right(request.user, tab_right(key), study)
        ],
        "actions": study_actions(request, study),
        "address": address,
        "qr": qr_code(address),
        "opts": Study._meta,
    }


def _state(study: Study) -> str:
    if study.paused:
        return badge("queued", gettext("paused"))
    return badge(study.status, study.get_status_display())


def tab_right(tab: str) -> Right:
    """Return the right that a tab asks for."""
    return TAB_RIGHTS.get(tab, Right.SEE)


def tab_url(study: Study, tab: str) -> str:
    """Return the address of one tab."""
    return reverse(f"admin:listening_study_{tab}", args=[study.pk])


def first_tab(study: Study, user: Any = None) -> str:
    """Return the tab that a study's page opens with: where its state says that the work is, as far as `user` may."""
    wanted = {"draft": "sounds", "open": "listeners"}.get(study.status, "results")
    return wanted if user is None or has_right(user, tab_right(wanted), study) else "sounds"


def qr_code(address: str) -> SafeString:
    """Return `address` as the data URI of an SVG that a phone's camera reads, dark on light in both schemes."""
    import segno

    uri: str = segno.make(address, error="m").svg_data_uri(scale=4, border=3, dark="#1c2426", light="#ffffff")
    return SafeString(uri)
