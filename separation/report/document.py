"""The frame of such a page: one HTML file with its style, its sounds and the script that plays them."""

from html import escape
from importlib.resources import files

from separation.report.sounds import Sounds

MINUS_SIGN = "−"


def document(title: str, body: str, sounds: Sounds) -> str:
    """Return the whole file; it loads nothing from elsewhere."""
    style = _asset("lossmodel.objective.report", "report.css") + _asset("separation.report", "page.css")
    script = _asset("separation.report", "player.js")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{style}</style></head>"
        f'<body class="hb-alone"><main class="hb-report"><h1>{escape(title)}</h1>{body}</main>'
        f"{sounds.embedded()}<script>{script}</script></body></html>\n"
    )


def tile(name: str, value: str, below: str = "", told: str = "") -> str:
    """Return a figure that matters, large, with what stands below it and what it says when it is pointed at."""
    return (
        f'<div class="hb-tile" title="{escape(told)}"><dt>{escape(name)}</dt><dd>{escape(value)}'
        f'<span class="hb-range-text">{escape(below)}</span></dd></div>'
    )


def number(value: float | None, unit: str = "", *, places: int = 1) -> str:
    """Return a number as it is written for people.

    >>> number(-3.14159, "dB"), number(None, "dB"), number(11025, "Hz", places=0), number(-0.01)
    ('−3.1 dB', '–', '11,025 Hz', '0.0')
    """
    if value is None:
        return "–"
    text = f"{value:,.{places}f}"
    text = text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", MINUS_SIGN)
    return f"{text} {unit}".strip()


def _asset(package: str, name: str) -> str:
    return (files(package) / "assets" / name).read_text(encoding="utf-8")
