"""What of a trial has been heard, by the log of what its page played: before that nothing is rated."""

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from listening.models import Event, Heard, Slot, Trial
from listening.participant.sounds import open_sounds
from listening.presets import Form, Rules

NOT_PLAYED = Heard()


def refusal(slot: Slot, rules: Rules) -> str:
    """Return why a rating of the stimulus in `slot` is not stored yet, in words for the assessor; "" if it is."""
    if not rules.all_heard or _is_heard_enough(Event.objects.heard_in(slot), slot.stimulus.audio.seconds, rules):
        return ""
    number = slot.position + 1
    if rules.to_end or slot.stimulus.audio.seconds <= rules.heard_seconds:
        return _("number {} has not been heard to its end yet; its rating is stored once it has been").format(number)
    template = _("number {} has not been heard yet; its rating is stored once it has been played for {} s")
    return template.format(number, floatformat(rules.heard_seconds))


def unheard(trial: Trial, rules: Rules) -> str:
    """Return which sounds of `trial` must still be heard, in words for the assessor; "" if none, or nobody listened.

    Beside sliders the references are there to be used freely; where one answer is asked for, they belong to it.
    """
    if not rules.all_heard or trial.session.simulated:
        return ""
    heard = Event.objects.heard(trial)
    slots = list(trial.slots.select_related("stimulus__audio"))
    numbers = [
        str(slot.position + 1) if len(slots) > 1 else _("the version")
        for slot in slots
        if not _is_heard_enough(heard.get((slot.pk, None), NOT_PLAYED), slot.stimulus.audio.seconds, rules)
    ]
    if rules.form == Form.SCALE:
        return _unheard_message(numbers, rules) if numbers else ""
    names = [
        sound.name
        for place, sound in enumerate(open_sounds(trial))
        if not _is_heard_enough(heard.get((None, place), NOT_PLAYED), sound.audio.seconds, rules)
    ]
    if len(slots) == 1:  # it has no number on the page
        numbers = [_("the version") for _number in numbers]
    template = _("Still to be heard to the end: {list}.") if rules.to_end else _("Still to hear: {list}.")
    return template.format(list=", ".join([*names, *numbers])) if names or numbers else ""


def _is_heard_enough(heard: Heard, seconds: float, rules: Rules) -> bool:
    return rules.heard(heard.seconds, whole=heard.whole, length=seconds)


def _unheard_message(numbers: list[str], rules: Rules) -> str:
    if rules.to_end:
        template = ngettext(
            "Number {} has not been heard to its end yet.",
            "Numbers {} have not been heard to their end yet.",
            len(numbers),
        )
    else:
        template = ngettext("Number {} has not been heard yet.", "Numbers {} have not been heard yet.", len(numbers))
    return template.format(", ".join(numbers))
