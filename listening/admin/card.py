"""What a card says, for people: the figures of a fit as a table, everything else as tables."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from listening.admin.show import NOTHING, badge, table
from listening.conformity import Finding

MEASURES = {
    "stimuli": _("stimuli"),
    "songs": _("songs"),
    "pearson": _("Pearson r"),
    "spearman": _("Spearman"),
    "within": _("Spearman within songs"),
    "rmse": _("RMSE (points)"),
    "coverage": _("share in 90 % interval"),
    "calibrated": _("share in calibration"),
}
"""What the figures of a fit are called."""


def figures(card: dict[str, Any]) -> str:
    """Return the cross-validated figures of a fit as a table; nothing before there are any."""
    measures = (card.get("evaluation") or {}).get("measures")
    if not measures:
        return NOTHING
    rows = ([attribute, *(_figure(found.get(name)) for name in MEASURES)] for attribute, found in measures.items())
    return table([str(_("attribute")), *map(str, MEASURES.values())], rows)


def facts(card: dict[str, Any]) -> str:
    """Return the whole card as tables, a section for each part, and as it stands on disk; nothing while it is empty."""
    if not card:
        return NOTHING
    plain = {key: value for key, value in card.items() if not _is_part(value)}
    sections = format_html_join("", "<h3>{}</h3>{}", ((key, _rows(card[key])) for key in card if key not in plain))
    text = json.dumps(card, indent=2, ensure_ascii=False)
    as_file = format_html("<details><summary>card.json</summary><pre class=hb-card>{}</pre></details>", text)
    return format_html("<div class=hb-card-page>{}{}{}</div>", _rows(plain), sections, as_file)


def _is_part(value: Any) -> bool:
    return isinstance(value, dict) and bool(value)


def _rows(part: dict[str, Any]) -> str:
    """Return a part of a card as a table, its own parts by dotted key."""
    return table([str(_("fact")), str(_("value"))], ((key, _value(value)) for key, value in _flat(part)))


def _flat(part: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in part.items():
        if _is_part(value):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _value(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return NOTHING
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return ", ".join(_value(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def clauses(findings: Iterable[Finding]) -> str:
    """Return what a standard says of a study: met, broken, or for people to see to."""
    marks = {
        True: badge("done", str(_("met"))),
        False: badge("failed", str(_("not met"))),
        None: badge("draft", str(_("to check"))),
    }
    rows = ((marks[each.met], f"{each.clause}, {each.page}", each.text, each.detail) for each in findings)
    return table([str(_("finding")), str(_("clause")), str(_("what it asks")), str(_("here"))], rows)


def _figure(value: Any) -> str:
    """Return a value, with its interval below where it has one."""
    if isinstance(value, dict):
        interval = f"{_figure(value.get('low'))} … {_figure(value.get('high'))}"
        return format_html('{}<br><span class="hb-quiet">{}</span>', _figure(value.get("value")), interval)
    if value is None:
        return NOTHING
    return f"{value:.2f}" if isinstance(value, float) else str(value)
