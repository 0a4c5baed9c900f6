"""API tokens: made here, their secret shown once, revoked when they are not needed any more."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from listening.admin.show import NOTHING, AnyAdmin, AnyForm, OwnLook, badge, link
from listening.audit import record
from listening.models import ApiToken, Right, Scope
from listening.models.team import has_right, studies


class TokenForm(AnyForm):
    """What a token is for, and how far it reaches."""

    scopes = forms.MultipleChoiceField(label=_("May"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple)
    expires_at = forms.DateTimeField(
        label=_("Expires"), required=False, help_text=_("empty: never"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )  # fmt: skip


@admin.register(ApiToken)
class ApiTokenAdmin(OwnLook, AnyAdmin):
    """Everybody's own tokens; a superuser sees those of all."""

    form = TokenForm
    actions = ("revoke",)
    list_display = ("name", "begins", "state", "may", "only", "user", "expires_at", "used_at")
    list_select_related = ("user", "study")
    fields = ("name", "scopes", "study", "expires_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Return one's own tokens; all for a superuser."""
        every: QuerySet[ApiToken] = super().get_queryset(request)
        user: Any = request.user
        return every if user.is_superuser else every.filter(user=user.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Name the table to whoever may see a study."""
        return has_right(request.user, Right.SEE)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether there is anything that a token of this user could read."""
        return has_right(request.user, Right.SEE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether there is anything that a token of this user could read."""
        return has_right(request.user, Right.SEE)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token stays what it was made for."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is revoked; its row stays, to say who had it."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever sees a token may revoke it."""
        return self.has_view_permission(request)

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        """Offer the studies that this user may see."""
        return studies(request.user, Right.SEE)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Issue the token to whoever asks; its secret is on the row until the answer is sent, and in no table."""
        obj.user = request.user
        obj.secret = obj.seal()
        super().save_model(request, obj, form, change)
        record(request.user, obj, "issued", ", ".join(obj.scopes))  # type: ignore[arg-type]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """Answer with the secret, this once."""
        own = {"title": _("Copy the token now"), "token": obj, "secret": obj.secret, "opts": self.opts}
        context = self.admin_site.each_context(request) | own
        answer: HttpResponse = never_cache(render)(request, "admin/listening/apitoken/issued.html", context)
        return answer

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Make them useless from now on."""
        revoked = [token for token in queryset if token.revoke()]
        for token in revoked:
            record(request.user, token, "revoked")  # type: ignore[arg-type]
        text = ngettext("%d token revoked.", "%d tokens revoked.", len(revoked)) % len(revoked)
        self.message_user(request, text, messages.SUCCESS)

    @admin.display(description=_("begins with"))
    def begins(self, token: ApiToken) -> str:
        """Return how its secret begins."""
        return f"{token.prefix}…"

    @admin.display(description=_("state"))
    def state(self, token: ApiToken) -> str:
        """Return whether it works."""
        if token.revoked_at:
            return badge("cancelled", str(_("revoked")))
        return badge("done", str(_("in use"))) if token.is_usable else badge("failed", str(_("expired")))

    @admin.display(description=_("may"))
    def may(self, token: ApiToken) -> str:
        """Return its scopes in words."""
        return ", ".join(str(Scope(scope).label) for scope in token.scopes) or NOTHING

    @admin.display(description=_("only this study"))
    def only(self, token: ApiToken) -> str:
        """Return the study that it is held to."""
        return link(token.study)
