"""Two people edit one row: nothing of the first is lost when the second saves.

A form carries the values that it was made with. What its author did not touch stays as it stands in the row now, though
somebody else has changed it meanwhile; where both changed the same field to different values, the form comes back and
says so, and is saved as it is the next time.
"""

import json
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from listening import audit
from listening.admin.show import AnyForm
from listening.models import Study


class MergingForm(AnyForm):
    """A form of a row that knows what the row was when the form was made."""

    made_with = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merged: list[str] = []
        """The labels of what somebody else changed meanwhile, and stayed."""
        if self.instance.pk:
            self.initial["made_with"] = _written(self._now)

    @property
    def _now(self) -> dict[str, Any]:
        """Return the values of the row as it stands."""
        return {name: self.initial.get(name) for name in self.fields if name not in NOT_MERGED}

    @cached_property
    def _then(self) -> dict[str, Any]:
        """Return the values that the form was made with; those of now where it does not tell."""
        try:
            told = json.loads(self.data.get(self.add_prefix("made_with")) or "{}")
        except ValueError:
            told = {}
        return self._now | (told if isinstance(told, dict) else {})

    @cached_property
    def changed_data(self) -> list[str]:
        """Return what the author of this form changed, whatever happened to the row meanwhile."""
        if not self.instance.pk:
            return super().changed_data
        return [name for name, then in self._then.items() if name in self.fields and self._differs(name, then)]

    def clean(self) -> dict[str, Any]:
        """Keep what others changed meanwhile; complain where both changed the same field."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.instance.pk:
            return given
        then, again = self._then, {}
        for name, now in self._now.items():
            if _plain(now) == _plain(then[name]):
                continue
            if name not in self.changed_data:
                given[name] = getattr(self.instance, name)
                self.merged.append(str(self.fields[name].label or name))
            elif self._differs(name, now):
                self.add_error(name, _clash(self.instance, now))
                again[name] = now
        if again:
            self._tell_again(again)
        return given

    def _differs(self, name: str, value: Any) -> bool:
        """Tell whether the form gives another value than `value`."""
        field = self.fields[name]
        return field.has_changed(value, self[name].data)

    def _tell_again(self, seen: dict[str, Any]) -> None:
        """Send the form back with what its author now knows, so that the next save is meant."""
        data: Any = self.data
        self.data = data.copy()
        self.data[self.add_prefix("made_with")] = _written(self._then | seen)  # type: ignore[index]


class MergingRowForm(MergingForm):
    """One line of a table of rows below another row: its fields have no labels beside them."""

    def __getitem__(self, name: str) -> forms.BoundField:
        """Return the bound field, its widget named: the box that deletes the row, too, which comes after the others."""
        field = self.fields[name]
        field.widget.attrs["aria-label"] = field.label or name
        return super().__getitem__(name)


NOT_MERGED = ("made_with", "id", "DELETE", "study")
"""Fields of a form that are no values of its row."""


def tell_merged(request: HttpRequest, forms_saved: list[Any]) -> None:
    """Say what others had changed meanwhile, and that it stands."""
    merged = [label for form in forms_saved for label in getattr(form, "merged", ())]
    if merged:
        said = _("Somebody else changed this in the meantime, and their values were kept: %s.")
        messages.warning(request, said % get_text_list(merged, _("and")))


def _clash(row: Any, now: Any) -> str:
    """Return what to tell whose change meets another's."""
    study = row if isinstance(row, Study) else row.study
    last = audit.of(study).order_by("-action_time").first()
    who = str(last.user) if last else _("somebody else")
    said = _("%(who)s changed this to “%(now)s” while you were editing. Save again to replace it with yours.")
    return said % {"who": who, "now": _("nothing") if now in (None, "", {}) else now}


def _plain(value: Any) -> Any:
    """Return a value as it comes back from JSON."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


def _written(values: dict[str, Any]) -> str:
    return json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False)
