"""What a study consists of, below its page: attributes and conditions."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from listening.admin.merging import MergingRowForm
from listening.admin.reach import InlineOfStudies
from listening.admin.show import AnyInline, KeptInline, list_of
from listening.models import Attribute, Condition, Stimulus, Study


class AttributeInline(InlineOfStudies, AnyInline):
    """What is judged."""

    model = Attribute
    form = MergingRowForm
    extra = 0
    fields = ("made_with", "position", "key", "name", "question", "low", "high")

    def has_change_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        """Attributes stay as they are once the study is open."""
        draft = obj is None or obj.status == Study.Status.DRAFT
        return draft and super().has_change_permission(request, obj)

    has_add_permission = has_delete_permission = has_change_permission


class ConditionInline(KeptInline):
    """What is compared."""

    model = Condition
    fields = readonly_fields = ("name", "role", "sounds", "description", "checkpoint")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Condition]:
        """Count the stimuli in the same query."""
        conditions: QuerySet[Condition] = super().get_queryset(request)
        return conditions.annotate(sounds_all=Count("stimuli"))

    @admin.display(description=gettext_lazy("stimuli"))
    def sounds(self, condition: Any) -> str:
        """Return the way to its stimuli."""
        return list_of(Stimulus, str(condition.sounds_all), condition=condition.pk)
