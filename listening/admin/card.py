"""What a card says, for people: the figures of a fit as a table, everything else as it stands."""

import json
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from listening.admin.show import NOTHING, table


def figures(card: dict[str, Any]) -> str:
    """Return the cross-validated figures of a fit as a table; a dash before there are any."""
    measures = (card.get("evaluation") or {}).get("measures")
    if not measures:
        return NOTHING
    names = list(next(iter(measures.values())))
    rows = ([key, *(_figure(row.get(name)) for name in names)] for key, row in measures.items())
    return table([_("attribute"), *names], rows)


def facts(card: dict[str, Any]) -> str:
    """Return the whole card, folded; a dash while it is empty."""
    if not card:
        return NOTHING
    text = json.dumps(card, indent=2, ensure_ascii=False)
    return format_html("<details><summary>{}</summary><pre class=hb-card>{}</pre></details>", _("show"), text)


def _figure(value: Any) -> str:
    """Return a value, with its interval where it has one."""
    if isinstance(value, dict) and {"value", "low", "high"} <= value.keys():
        return f"{_figure(value['value'])} [{_figure(value['low'])}, {_figure(value['high'])}]"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
