"""What a card says, for people: the figures of a fit as a table, everything else as it stands."""

import json
from collections.abc import Iterable
from typing import Any

from django.utils.html import format_html
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
    """Return the cross-validated figures of a fit as a table; a dash before there are any."""
    measures = (card.get("evaluation") or {}).get("measures")
    if not measures:
        return NOTHING
    rows = ([attribute, *(_figure(found.get(name)) for name in MEASURES)] for attribute, found in measures.items())
    return table([str(_("attribute")), *map(str, MEASURES.values())], rows)


def facts(card: dict[str, Any]) -> str:
    """Return the whole card, folded; a dash while it is empty."""
    if not card:
        return NOTHING
    text = json.dumps(card, indent=2, ensure_ascii=False)
    return format_html("<details><summary>{}</summary><pre class=hb-card>{}</pre></details>", _("show"), text)


def clauses(findings: Iterable[Finding]) -> str:
    """Return what a standard says of a study: met, broken, or for people to see to."""
    marks = {
        True: badge("done", str(_("met"))),
        False: badge("failed", str(_("not met"))),
        None: badge("draft", str(_("see to it"))),
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
