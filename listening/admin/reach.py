"""What a user reaches in the admin: the rows of the studies in which they have a role, in every list, page and choice.

`OfStudies` goes before `ModelAdmin` and `InlineOfStudies` before an inline; the rules are `listening.models.access`.
"""

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import ngettext

from listening.models import Right, Study
from listening.models.access import ACCESS, may, may_below, within_reach
from listening.models.team import has_right, studies

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
    InlineBase = admin.TabularInline[Any, Any]
    Filter = admin.RelatedFieldListFilter
else:
    Base = InlineBase = object
    Filter = admin.RelatedFieldListFilter


def study_for(request: HttpRequest, pk: int, right: Right) -> Study:
    """Return the study; 404 where this user does not see it, 403 where they have no `right` in it, or in any."""
    if not has_right(request.user, right):
        raise PermissionDenied
    study = get_object_or_404(studies(request.user, Right.SEE), pk=pk)
    if not has_right(request.user, right, study):
        raise PermissionDenied
    return study


class ReachableFilter(Filter):
    """A filter by a related row that names only the rows which this user may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        """Return what there is to choose."""
        ordering = self.field_admin_ordering(field, request, model_admin)
        seen = within_reach(request.user, "view", QuerySet(field.related_model)).values("pk")
        found: list[Any] = field.get_choices(include_blank=False, ordering=ordering, limit_choices_to={"pk__in": seen})
        return found


class OfStudies(Base):
    """Rows that belong to studies: seen, changed and chosen by whoever has the right there."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that this user may see."""
        return within_reach(request.user, "view", super().get_queryset(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Name the table to whoever may see a row of it."""
        return super().has_module_permission(request) or may(request.user, "view", self.model)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this user may see the row, or any."""
        return may(request.user, "view", self.model, obj) or self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this user may change the row, or any."""
        return may(request.user, "change", self.model, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether this user may add a row."""
        return may(request.user, "add", self.model)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this user may delete the row, or any."""
        return may(request.user, "delete", self.model, obj)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Name in filters by related rows only those that this user may see."""
        return [_by_reach(self.model, each) for each in super().get_list_filter(request)]

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        """Offer in forms only the rows that this user may see."""
        found = super().get_field_queryset(db, db_field, request)
        related = db_field.remote_field.model
        if related not in ACCESS:
            return found
        return within_reach(request.user, "view", QuerySet(related) if found is None else found)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Let each action work on those of the chosen rows alone on which this user may carry it out."""
        found: dict[str, Any] = super().get_actions(request)
        return {name: (_narrowed(action), name, text) for name, (action, name, text) in found.items()}

    def permitted(self, request: HttpRequest, needed: str, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of `rows` on which this user may carry out what asks for the permission `needed`."""
        return within_reach(request.user, needed, rows)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Refuse a row of a list that this user sees and may not change."""
        if change and not self.has_change_permission(request, obj):
            raise PermissionDenied
        super().save_model(request, obj, form, change)


class InlineOfStudies(InlineBase):
    """Rows below another row's page; `obj` is that other row."""

    template = "admin/listening/tabular.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this user may see the rows."""
        return may_below(request.user, "view", self.model, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this user may change the rows."""
        return may_below(request.user, "change", self.model, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this user may add a row."""
        return may_below(request.user, "add", self.model, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this user may delete the rows."""
        return may_below(request.user, "delete", self.model, obj)


def _narrowed(action: Any) -> Any:
    """Return the action, on the rows that this user has the right to carry it out on; the others are named."""

    @wraps(action)
    def narrowed(self: Any, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        rows = queryset
        for needed in getattr(action, "allowed_permissions", ()):
            rows = self.permitted(request, needed, rows)
        if left := queryset.exclude(pk__in=rows.values("pk")).count():
            text = ngettext(
                "You are not allowed to do this to %d row.", "You are not allowed to do this to %d rows.", left
            )
            self.message_user(request, text % left, messages.ERROR)
            if not rows.exists():
                return None
        return action(self, request, rows)

    return narrowed


def _by_reach(model: type[Model], entry: Any) -> Any:
    """Return the entry of a list of filters, with `ReachableFilter` where it is the plain name of a relation."""
    if not isinstance(entry, str) or not get_fields_from_path(model, entry)[-1].remote_field:
        return entry
    return (entry, ReachableFilter)
