"""Damage and leak over a song's seconds, as SVG text."""

from collections.abc import Sequence

from separation.data.survey import clock
from separation.report.document import MINUS_SIGN

TOP_DB, BOTTOM_DB = 5.0, -35.0
HEIGHT = 50
KEY = (
    '<span class="hb-key hb-key-damage">damage</span><span class="hb-key hb-key-leak">leak</span>'
    f"from {MINUS_SIGN}{-BOTTOM_DB:.0f} dB at the foot to 0 dB (as loud as the voice) at the upper line"
)


def strip(damage: Sequence[float], leak: Sequence[float]) -> str:
    """Return both curves, a value a second, in dB; a song of one second is a level line."""
    seconds = len(damage)
    lines = "".join(_curve(kind, values) for kind, values in (("hb-damage", damage), ("hb-leak", leak)))
    zero = _height(0.0)
    middle = f"<span>{clock(seconds // 2)}</span>" if seconds > 3 else ""
    return (
        f'<svg class="hb-strip" viewBox="0 0 {max(seconds, 1)} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="damage and leak over {seconds} seconds">'
        f'<line class="hb-level" x1="0" x2="{seconds}" y1="{zero:.1f}" y2="{zero:.1f}"/>'
        f'<line class="hb-level" x1="0" x2="{seconds}" y1="{HEIGHT}" y2="{HEIGHT}"/>{lines}</svg>'
        f'<div class="hb-strip-scale" aria-hidden="true"><span>0:00</span>{middle}<span>{clock(seconds)}</span></div>'
    )


def _curve(kind: str, values: Sequence[float]) -> str:
    """Return a step for each second."""
    steps = " ".join(f"{at},{_height(value):.1f} {at + 1},{_height(value):.1f}" for at, value in enumerate(values))
    return f'<polyline class="{kind}" points="{steps}"/>'


def _height(level: float) -> float:
    return HEIGHT * (TOP_DB - min(TOP_DB, max(BOTTOM_DB, level))) / (TOP_DB - BOTTOM_DB)
