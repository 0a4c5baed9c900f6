"""Values put over a recipe by dotted key: how the shell and forms change single keys of it."""

import tomllib
from collections.abc import Mapping
from typing import Any

from lossmodel.errors import BadInput


def pair(text: str) -> tuple[str, Any]:
    """Read an override, KEY=VALUE, the value as TOML where it is, as text otherwise; `BadInput` without a sign.

    >>> pair("data.gain=[0.5, 1.0]"), pair("losses.balance=true"), pair("perceptual.aggregate=softmin")
    (('data.gain', [0.5, 1.0]), ('losses.balance', True), ('perceptual.aggregate', 'softmin'))
    """
    key, sign, value = text.partition("=")
    if not sign:
        raise BadInput(f"override {text}: give KEY=VALUE")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except ValueError:
        return key, value
    except RecursionError:
        raise BadInput(f"override {key}: its value is nested too deeply; give one as in recipes/*.toml") from None


def changed(values: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested `values` with `overrides` by dotted key put over them.

    >>> changed({"ends": {"anchor": 5, "raters": 4}}, {"ends.raters": 2})
    {'ends': {'anchor': 5, 'raters': 2}}
    """
    found = dict(values)
    for key, value in overrides.items():
        found = over(found, _nested(key, value))
    return found


def over(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `top` put over it, tables key by key."""
    both = dict(base)
    for key, value in top.items():
        nested = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = over(both[key], value) if nested else value
    return both


def _nested(key: str, value: Any) -> dict[str, Any]:
    head, _, rest = key.partition(".")
    return {head: _nested(rest, value) if rest else value}
