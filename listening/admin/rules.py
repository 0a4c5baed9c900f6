"""Which rules a study changes of its test method: one list to choose from for each, none of them changed at first."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from listening.presets import SWITCHES

KEPT = ("", _("as in the test method"))
ANSWERS = [KEPT, ("yes", _("yes")), ("no", _("no"))]
PLACES = [
    KEPT, ("random", _("at random")), ("none", _("no value until placed")), ("0", _("at the bottom")),
    ("50", _("in the middle")), ("100", _("at the top")),
]  # fmt: skip
LABELS = {
    "only_sounding": _("only the slider of the playing stimulus moves"),
    "all_heard": _("all must be heard"),
    "to_end": _("heard means heard to the end"),
    "all_moved": _("all must be moved"),
    "one_full": _("at least one must be rated 100"),
    "start": _("where sliders start"),
    "show_number": _("the number is shown"),
    "open_mixture": _("the mixture is an open reference"),
    "ties": _("“no preference” is offered"),
}


class RulesWidget(forms.MultiWidget):
    """A labelled list for each rule."""

    template_name = "admin/listening/study/rules.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({name: forms.Select(choices=_choices(name)) for name in SWITCHES}, attrs)

    def decompress(self, value: dict[str, Any] | None) -> list[str]:
        """Return what is chosen in each list, from the rules that a study changes."""
        return [_word((value or {}).get(name)) for name in SWITCHES]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Name each list."""
        context = super().get_context(name, value, attrs)
        for switch, widget in zip(SWITCHES, context["widget"]["subwidgets"], strict=True):
            widget["label"] = LABELS[switch]
        return context


class RulesField(forms.MultiValueField):
    """The rules that a study changes, as its row keeps them."""

    widget = RulesWidget

    def __init__(self, **kwargs: Any) -> None:
        fields = [forms.ChoiceField(choices=_choices(name), required=False) for name in SWITCHES]
        super().__init__(fields, required=False, require_all_fields=False, **kwargs)

    def compress(self, chosen: list[str]) -> dict[str, Any]:
        """Return the rules that are changed, from what is chosen in each list."""
        return {name: _value(name, word) for name, word in zip(SWITCHES, chosen) if word}


def _choices(name: str) -> list[tuple[str, Any]]:
    return PLACES if name == "start" else ANSWERS


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else value or ""


def _value(name: str, word: str) -> bool | float | str:
    if name != "start":
        return word == "yes"
    return float(word) if word.isdecimal() else word
