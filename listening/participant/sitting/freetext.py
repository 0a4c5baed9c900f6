"""What an assessor types freely: counted as it is stored, and never cut without a word."""

from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from listening.models.sitting import MAX_REPLY_CHARACTERS


def as_stored(typed: str) -> str:
    """Return what was typed as it is stored and counted: without space around it, each line's end one character.

    >>> as_stored(" one\\r\\ntwo ")
    'one\\ntwo'
    """
    return typed.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def too_long(text: str) -> str:
    """Return by how much `text` is longer than what is stored, in words for the assessor; "" if it is not."""
    if len(text) <= MAX_REPLY_CHARACTERS:
        return ""
    template = _("This text has {count} characters; at most {most} are stored: please shorten it by {over}.")
    numbers = {"count": len(text), "most": MAX_REPLY_CHARACTERS, "over": len(text) - MAX_REPLY_CHARACTERS}
    return template.format(**{name: number_format(number, force_grouping=True) for name, number in numbers.items()})


class FreeText(forms.CharField):
    """Some lines, whose field takes more than is stored: a browser cuts nothing, and the server says what is over."""

    longest = MAX_REPLY_CHARACTERS

    def to_python(self, value: Any) -> str:
        """Return the text as it is stored."""
        return as_stored(value) if isinstance(value, str) else ""

    def validate(self, value: str) -> None:
        """Refuse a text that is too long."""
        super().validate(value)
        if notice := too_long(value):
            raise forms.ValidationError(notice, code="max_length")
