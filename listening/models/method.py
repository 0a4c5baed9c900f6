"""By which method a study is rated: its preset's rules with what the study changes of them, and the pages they make."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from listening import design, presets
from listening.presets import Form, Meeting, Rules
from lossmodel.errors import BadInput


class Role(models.TextChoices):
    """What a condition is there for."""

    SYSTEM = "system", _("system under test")
    REFERENCE = "reference", _("hidden reference")
    ANCHOR = "anchor", _("anchor")


Roles = Mapping[int, str]
"""The stimuli of an item, each with its condition's role."""


class Method(models.Model):
    """The part of a `Study` that says how its stimuli are rated."""

    preset = models.CharField(_("preset"), max_length=40, help_text=_("the test method it was made from"))
    changed_rules = models.JSONField(
        _("changed rules"), default=dict, blank=True, help_text=_("rules in which it differs from its test method")
    )
    attention = models.PositiveSmallIntegerField(
        _("attention trials per attribute"), default=0,
        help_text=_("the hidden reference is to be recognised; their ratings are shown and exported, but do not count"),
    )  # fmt: skip

    class Meta:
        abstract = True

    @property
    def rules(self) -> Rules:
        """Return the rules of a trial: the preset's, with the study's changes."""
        return presets.changed(presets.preset(self.preset).rules, self.changed_rules)

    def clean(self) -> None:
        """Refuse changes that a rule does not allow."""
        super().clean()
        try:
            presets.changed(Rules(), self.changed_rules)
        except BadInput as error:
            raise ValidationError({"changed_rules": str(error)}) from None

    def parts(self, roles: Roles) -> list[tuple[int, ...]]:
        """Return the pages of an item: one with everything, one a stimulus, or one a pair; none where nobody meets."""
        rules, reference = self.rules, _first(roles, Role.REFERENCE)
        if rules.form == Form.SCALE:
            return [tuple(roles)]
        if rules.form == Form.CATEGORY:
            return design.singles(list(roles))
        if rules.meeting == Meeting.SYSTEMS:
            return design.pairs([stimulus for stimulus, role in roles.items() if role == Role.SYSTEM])
        others = [stimulus for stimulus in roles if stimulus not in reference]
        return design.against(reference[0], others) if reference else []

    def controls(self, roles: Roles) -> tuple[int, ...]:
        """Return what an attention trial of an item shows: the hidden reference, with what is surely worse beside it.

        On a scale these are the anchors; in a pair the first anchor, or else a system; in a list of grades nothing.
        Empty without a hidden reference, and where it would stand alone on a scale.
        """
        reference, worse = _first(roles, Role.REFERENCE), [s for s, role in roles.items() if role == Role.ANCHOR]
        form = self.rules.form
        if form == Form.PAIR:
            worse = (worse or list(_first(roles, Role.SYSTEM)))[:1]
        if not reference or (form != Form.CATEGORY and not worse):
            return ()
        return reference if form == Form.CATEGORY else (*reference, *worse)

    def pages(self, items: Mapping[int, Roles]) -> dict[str, Any]:
        """Return the part of `listening.design.Design` that the method decides: items, parts and controls."""
        made = {item: found for item, roles in items.items() if (found := self.parts(roles))}
        whole = self.rules.form == Form.SCALE
        return {
            "items": {item: list(items[item]) for item in made},
            "parts": {} if whole else made,
            "controls": {item: self.controls(items[item]) for item in made},
        }


def _first(roles: Roles, role: str) -> tuple[int, ...]:
    return tuple(stimulus for stimulus, own in roles.items() if own == role)[:1]
