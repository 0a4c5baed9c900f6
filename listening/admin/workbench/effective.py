"""Every rule of a study with the value that holds, where that value is from, and what it means."""

from dataclasses import dataclass, fields
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from listening import presets
from listening.admin.rules import LABELS
from listening.admin.sitting import STEPS
from listening.models import Study
from listening.presets import Form, Rules

MEANINGS = {
    "form": lazy("what a trial shows: sliders for all stimuli of an item, a list of grades for one, or two to compare"),
    "only_sounding": lazy("the others are locked, so nothing is rated from memory (BS.1534-3 §5.4)"),
    "all_heard": lazy("the page can be left only after each stimulus has played for long enough"),
    "heard_seconds": lazy("how long a stimulus must play before it counts as heard"),
    "to_end": lazy("a stimulus counts as heard only when its last sample has played"),
    "all_moved": lazy("the page can be left only after each slider was moved"),
    "one_full": lazy("the hidden reference is among them (BS.1534-3, p. 23)"),
    "start": lazy("the position of each slider before it is moved"),
    "show_number": lazy("the number from 0 to 100 is shown beside the slider"),
    "intervals": lazy("the labels of the five equal intervals of the scale"),
    "open_reference": lazy("the reference is offered by name, for comparison"),
    "open_mixture": lazy("the mixture is also offered by name"),
    "choices": lazy("the grades or answers that are offered"),
    "ties": lazy("the middle answer of a pair is offered"),
    "meeting": lazy("which stimuli are paired with which"),
}
NAMES = LABELS | {
    "form": lazy("form of a trial"),
    "heard_seconds": lazy("seconds until heard"),
    "intervals": lazy("labels of the scale"),
    "open_reference": lazy("the reference is open"),
    "choices": lazy("choices"),
    "meeting": lazy("pairing"),
}
OF_FORM = {
    Form.SCALE: ("only_sounding", "all_moved", "one_full", "start", "show_number", "intervals"),
    Form.CATEGORY: ("choices",),
    Form.PAIR: ("choices", "ties", "meeting"),
}
"""Rules that mean something in one form of trial alone."""
AMOUNTS = ("items_per_session", "replicates", "attention", "quota", "cell_quota", "hold_minutes")
SOUND = ("rate", "loudness", "longest", "seed")


@dataclass(frozen=True)
class Effective:
    """One rule as it holds; `changed` tells that the study differs from its method there."""

    name: str
    value: str
    meaning: str
    changed: bool = False


def groups(study: Study) -> list[tuple[str, list[Effective]]]:
    """Return what holds in `study`, in groups with their titles."""
    return [
        (_("Rules of a page"), rules(study)),
        (_("How much each assessor rates"), [_of_field(study, name) for name in AMOUNTS]),
        (_("Steps around the trials"), [_of_field(study, name) for name in _steps(study)]),
        (_("Sound and order"), [_of_field(study, name) for name in SOUND]),
    ]


def rules(study: Study) -> list[Effective]:
    """Return the rules of a trial that mean something in its form."""
    method, own = presets.preset(study.preset).rules, study.rules
    foreign = {name for form, names in OF_FORM.items() for name in names} - set(OF_FORM[own.form])
    return [
        Effective(str(NAMES[name]), said(value), str(MEANINGS[name]), value != getattr(method, name))
        for name, value in ((each.name, getattr(own, each.name)) for each in fields(Rules))
        if name not in foreign
    ]


def said(value: Any) -> str:
    """Return a value in words.

    >>> [said(value) for value in (True, 1.0, ("Bad", "Good"), ())]
    ['yes', '1', 'Bad · Good', 'none']
    """
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, tuple | list):
        return " · ".join(_(each) for each in value) or _("none")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _steps(study: Study) -> tuple[str, ...]:
    """Return the steps that can be told of `study`: thresholds only where there is a check."""
    about_checks = {"headphone_rule", "antiphase_threshold", "huggins_threshold"}
    return tuple(name for name in STEPS if study.checks or name not in about_checks)


def _of_field(study: Study, name: str) -> Effective:
    field: Any = Study._meta.get_field(name)
    display = getattr(study, f"get_{name}_display", None)
    value = getattr(study, name)
    text = _empty(study, name) if value in (None, "") else str(display()) if display else said(value)
    method = presets.preset(study.preset)
    changed = name in {"replicates", "attention"} and value != getattr(method, name)
    return Effective(str(field.verbose_name), text, str(field.help_text), changed)


def _empty(study: Study, name: str) -> str:
    """Return what an empty field means."""
    if name == "items_per_session":
        return _("all %d") % study.items.filter(training=False).count()
    return {"quota": _("no limit"), "cell_quota": _("no quota"), "loudness": _("as delivered")}.get(name, _("none"))
