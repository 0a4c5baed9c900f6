"""A card for people: what an objective was learnt from, how, and what it must not be used for. Light as the report."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any


def card_section(card: Mapping[str, Any]) -> str:
    """Return the card as a section: data, screening, recipe and seed, inputs by hash, environment, limits, and all."""
    parts = {
        "Data": _data(card.get("data") or {}),
        "Post-screening": _screening(card.get("screening")),
        "Limits": _list(card.get("limits") or ()),
        "Made with": _made(card),
        "Inputs": _inputs(card.get("inputs") or {}),
    }
    body = "".join(f"<h3>{name}</h3>{part}" for name, part in parts.items() if part)
    raw = escape(json.dumps(card, indent=2, ensure_ascii=False))
    return (
        f'<section class="hb-card-page"><h2>Card</h2>{body}'
        f"<details><summary>card.json</summary><pre class=hb-card>{raw}</pre></details></section>"
    )


def _data(data: Mapping[str, Any]) -> str:
    rows = (
        (
            name,
            ", ".join(own["studies"]),
            f"{own['ratings']:,}" + (" (some simulated)" if own.get("simulated") else ""),
            own["assessors"],
            own["items"],
            len(own["conditions"]),
        )
        for name, own in data.items()
    )
    return _table(("attribute", "studies", "ratings kept", "assessors", "songs", "conditions"), rows)


def _screening(screening: Any) -> str:
    """Return who was left out and why; a fit of several studies has a screening for each."""
    if not screening:
        return "<p>None was applied: every assessor counts.</p>"
    several = {"": screening} if "exclusions" in screening else screening
    return "".join(_one_screening(str(name), own) for name, own in several.items())


def _one_screening(name: str, own: Mapping[str, Any]) -> str:
    title = f"<strong>{escape(name)}</strong>: " if name else ""
    rules = own.get("rules") or {}
    source = escape(str(own.get("source", "")))
    thresholds = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in rules.items() if value is not None)
    gone = _list(f"{each['assessor']}, {each['attribute']}: {each['reason']}" for each in own.get("exclusions", ()))
    notes = _list(own.get("notes", ()))
    count = len(own.get("exclusions", ()))
    return f"<p>{title}{source} ({escape(thresholds)}): {count} left out.</p>{gone}{notes}"


def _made(card: Mapping[str, Any]) -> str:
    environment = card.get("environment") or {}
    rows = [
        ("seed", card.get("seed", (card.get("recipe") or {}).get("seed"))),
        ("code", card.get("code")),
        ("weights (SHA-256)", card.get("weights_sha256")),
        *environment.items(),
    ]
    return _table(("", ""), [row for row in rows if row[1] is not None], plain=True)


def _inputs(inputs: Mapping[str, Any]) -> str:
    rows = ((name, own["file"], own["sha256"]) for name, own in inputs.items())
    return _table(("input", "file", "SHA-256"), rows)


def _table(heads: Iterable[str], rows: Iterable[Iterable[Any]], *, plain: bool = False) -> str:
    body = "".join(
        "<tr>"
        + "".join(
            f"<{'td' if at else 'th scope=row'}>{escape(str(cell))}</{'td' if at else 'th'}>"
            for at, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    head = "" if plain else "<thead><tr>" + "".join(f'<th scope="col">{each}</th>' for each in heads) + "</tr></thead>"
    return f'<div class="hb-wide"><table class="hb-figures">{head}<tbody>{body}</tbody></table></div>' if body else ""


def _list(texts: Iterable[str]) -> str:
    found = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{found}</ul>" if found else ""
