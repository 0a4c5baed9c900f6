"""A waveform as the points of an SVG, with the excerpt marked."""

from dataclasses import dataclass

from listening.intake.grid import Excerpt
from listening.intake.measure import Measured

WIDTH, HEIGHT = 1000, 120


@dataclass(frozen=True)
class Waveform:
    """An outline in a box of `WIDTH` by `HEIGHT`, and where the excerpt begins and how wide it is."""

    points: str
    start: float
    width: float
    seconds: float


def drawn(found: Measured, excerpt: Excerpt | None, rate: int) -> Waveform:
    """Return the outline of a sound: its envelope above the middle, mirrored below."""
    step = WIDTH / max(1, len(found.envelope))
    upper = [(number * step, HEIGHT / 2 * (1 - value)) for number, value in enumerate(found.envelope)]
    lower = [(x, HEIGHT - y) for x, y in reversed(upper)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *lower])
    if excerpt is None:
        return Waveform(points, 0, 0, found.seconds)
    start, width = (WIDTH * at / found.seconds for at in (excerpt.start, excerpt.frames / rate))
    return Waveform(points, round(start, 1), round(width, 1), found.seconds)
