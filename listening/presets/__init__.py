"""Test methods: what is asked, in which form of trial, with which anchors and rules. Pure.

A study copies the texts of its preset when it is made, so that they may be edited; the rules are looked up by key, and
a study stores only what it changes of them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from listening.presets.categories import CATEGORIES
from listening.presets.method import (
    BS1534_INTERVALS,
    SWITCHES,
    AttributeText,
    Form,
    Meeting,
    Preset,
    Rules,
    Start,
    changed,
)
from listening.presets.pairs import PAIRS
from listening.presets.scales import SCALES
from listening.presets.separation import SEPARATION
from lossmodel.errors import BadInput

__all__ = [
    "BS1534_INTERVALS",
    "PRESETS",
    "SWITCHES",
    "AttributeText",
    "Form",
    "Meeting",
    "Preset",
    "Rules",
    "Start",
    "changed",
    "preset",
]

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {each.key: each for each in (*SEPARATION, *SCALES, *CATEGORIES, *PAIRS)}
)


def preset(key: str) -> Preset:
    """Return the preset called `key`; `BadInput` names the known ones."""
    if key not in PRESETS:
        raise BadInput(f"no preset is called {key!r}; known are: {', '.join(PRESETS)}")
    return PRESETS[key]
