"""The page of a choice among systems: damage over leak with intervals, what cannot be told apart, the worst moments."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, isfinite
from pathlib import Path
from typing import Final, Literal

from lossmodel.files import atomic_file
from lossmodel.objective.report.plots import Axes
from lossmodel.ratings.estimate import Estimate
from separation.choose import ATTRIBUTES, PAIRS_RULE, Choice
from separation.data.survey import clock
from separation.outputs import Output
from separation.report.document import document, number
from separation.report.sounds import Moment, Sounds

MIN_SONGS_TO_TELL = 10
"""Songs under which the page says that they are few: differences of 50 points between systems may not be clear."""

COLOURS = 8
"""Colours of systems in the style sheet; further systems begin again with the first."""

LETTER_WIDTH, LETTER_HEIGHT = 12, 14
"""Room that a letter of a system's name takes in the drawing, in its units."""

HEIGHTS = (-8, 17, -24, 33, -40, 49)
"""Where a name may stand above or below its point, the best first."""

HEADS: Final = {"damage_db": "damage, dB", "leak_db": "leak, dB", "si_sdr": "SI-SDR, dB", "museval_sdr": "SDR, dB"}

LEAD = (
    "<p class=hb-lead>What listeners would say, as an objective predicts it, from 0 (none) to 100:"
    " <strong>damage</strong>"
    " to the voice, and accompaniment that <strong>leaks</strong> into it. Lines are 95 % intervals over songs.</p>"
)


@dataclass(frozen=True)
class Place:
    """Where a name stands in the drawing, and whether it begins or ends there."""

    x: float
    y: float
    anchor: Literal["start", "end"]

    def left(self, width: float) -> float:
        """Return where a name of such a width begins."""
        return self.x - (width if self.anchor == "end" else 0)

    def hides(self, width: float, points: Sequence[tuple[float, float]]) -> bool:
        """Tell whether it would cover one of the points."""
        left, middle = self.left(width), self.y - LETTER_HEIGHT / 3
        return any(left - 6 < x < left + width + 6 and abs(y - middle) < LETTER_HEIGHT for x, y in points)


def write(path: Path, found: Choice, outputs: Sequence[Output]) -> None:
    """Write the page, with the sounds of each system's worst moments, which are read anew."""
    worst = worst_moments(found)
    sounds = _cut(worst, outputs)
    body = (
        f"{LEAD}{_verdict(found)}<div class=hb-pair><figure>{scatter(found)}</figure>{_table(found)}</div>"
        f"<h2>Worst moments</h2><p class=hb-note>The second in which most is damaged, and in which most leaks, of all"
        f" songs of a system; beside it the system that does best there. A sound that is switched goes on at the"
        " same place.</p>"
        f"{_moments(worst, sounds)}<h2>What cannot be told apart</h2>{_alike(found)}{_left_out(found)}"
    )
    with atomic_file(path) as part:
        part.write_text(document("Which separator to choose", body, sounds), encoding="utf-8")


def worst_moments(found: Choice) -> list[tuple[str, str, Moment, float, str]]:
    """Return of each system and axis (system, axis, moment, level in dB, the system that has least of it there)."""
    return [(system, axis, *_worst(found, system, axis)) for system in found.systems for axis in ATTRIBUTES]


def _worst(found: Choice, system: str, axis: str) -> tuple[Moment, float, str]:
    def of(name: str, song: str) -> Sequence[float]:
        values: Sequence[float] = found.figures[name, song]["windows"][axis]
        return values

    level, song, second = max(
        (level, song, second) for song in found.songs for second, level in enumerate(of(system, song))
    )
    best = min((name for name in found.systems if name != system), key=lambda name: of(name, song)[second])
    return Moment(song, float(second)), level, best


def _cut(worst: Sequence[tuple[str, str, Moment, float, str]], outputs: Sequence[Output]) -> Sounds:
    sounds, by_name = Sounds(), {(output.system, output.song): output for output in outputs}
    for system, _, moment, _, best in worst:
        estimate, truth = by_name[system, moment.song].read()
        other, _ = by_name[best, moment.song].read()
        sounds.keep(moment, {f"of {system}": estimate, f"of {best}": other, **truth.sounds})
    return sounds


def scatter(found: Choice) -> str:
    """Return damage over leak as SVG text: a point a system, with both intervals; best at the lower left."""
    ends = {axis: _end([axes[axis] for axes in found.systems.values()]) for axis in ATTRIBUTES}
    axes = Axes((0, ends["leak"]), (0, ends["damage"]))
    across, up = (range(0, ends[axis] + 1, 10 if ends[axis] <= 60 else 20) for axis in ("leak", "damage"))
    labels = _labels(axes, found.systems)
    systems = (_system(axes, at, name, values, labels[name]) for at, (name, values) in enumerate(found.systems.items()))
    corner = f'<text class="hb-corner" x="{axes.across(0) + 8:.0f}" y="{axes.up(0) - 8:.0f}">best</text>'
    return axes.framed(
        [corner, *systems],
        title="damage over leak of each system",
        x="leak (100 − predicted freedom from interference)",
        y="damage (100 − predicted quality)",
        ticks=(axes.ticks_across(across, [str(each) for each in across]), axes.ticks_up(up)),
    )


def _end(estimates: Sequence[Estimate]) -> int:
    """Return where an axis ends: the next ten above every interval."""
    most = max(each.high if isfinite(each.high) else each.value for each in estimates)
    return int(min(100, max(10, 10 * ceil(most / 10))))


def _labels(axes: Axes, systems: Mapping[str, Mapping[str, Estimate]]) -> dict[str, Place]:
    """Return where each name stands: at a corner of its point at which no other name or point is in the way."""
    points = {name: (axes.across(p["leak"].value), axes.up(p["damage"].value)) for name, p in systems.items()}
    taken = list(points.values())
    found: dict[str, Place] = {}
    for name, (x, y) in points.items():
        width = LETTER_WIDTH * len(name)
        places = [Place(x + side * 9, y + up, "end" if side < 0 else "start") for up in HEIGHTS for side in (1, -1)]
        found[name] = next((place for place in places if not place.hides(width, taken)), places[0])
        left = found[name].left(width)
        taken += [(left + share * width, found[name].y - 4) for share in (0.0, 0.5, 1.0)]
    return found


def _system(axes: Axes, at: int, name: str, values: Mapping[str, Estimate], label: Place) -> str:
    leak, damage = values["leak"], values["damage"]
    words = escape(f"{name}: damage {_told(damage)}, leak {_told(leak)}")
    lines = ""
    if isfinite(leak.low):
        lines = axes.line("hb-range", leak.low, damage.value, leak.high, damage.value)
        lines += axes.line("hb-range", leak.value, damage.low, leak.value, damage.high)
    return (
        f'<g class="hb-system hb-system-{at % COLOURS}"><title>{words}</title>{lines}'
        f'<circle cx="{axes.across(leak.value):.1f}" cy="{axes.up(damage.value):.1f}" r="5.5"/>'
        f'<text x="{label.x:.1f}" y="{label.y:.1f}" text-anchor="{label.anchor}">{escape(name)}</text></g>'
    )


def verdict(found: Choice) -> Iterator[str]:
    """Yield what follows, a sentence each."""
    unbeaten, count = found.unbeaten, len(found.songs)
    if len(unbeaten) == 1:
        yield f"{unbeaten[0]} is best: every other system is clearly worse on one axis and not better on the other."
    else:
        yield f"The choice is among {_listed(unbeaten)}: no other system beats one of them."
    for axis in ATTRIBUTES:
        least = min(found.systems, key=lambda name: found.systems[name][axis].value)
        others = [name for name in found.systems if name != least and not found.difference(least, name, axis).is_clear]
        beside = f", from which {_listed(others)} cannot be told apart" if others else ", clearly"
        yield f"Least {axis}: {least}{beside}."
    if count < MIN_SONGS_TO_TELL:
        yield f"{count} song{'s tell' if count != 1 else ' tells'} little of others: measure more."


def _verdict(found: Choice) -> str:
    first, *rest = map(escape, verdict(found))
    return f'<p class="hb-sentence"><strong>{first}</strong> {" ".join(rest)}</p>'


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _table(found: Choice) -> str:
    heads = "".join(f'<th scope="col">{each}</th>' for each in ("system", *ATTRIBUTES, *HEADS.values()))
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}</th>"
        + "".join(
            f'<td class="hb-number">{number(axes[axis].value)}'
            f'<span class="hb-range-text">{_range(axes[axis])}</span></td>'
            for axis in ATTRIBUTES
        )
        + "".join(f"<td>{number(found.means[name][key])}</td>" for key in HEADS)
        + "</tr>"
        for name, axes in found.systems.items()
    )
    count = len(found.songs)
    note = (
        f"Means over {count} song{'s' * (count != 1)}. The levels in dB are measured, relative to the reference: lower"
        " is better; of SI-SDR and SDR (BSS Eval v4) higher is."
    )
    return (
        f'<div><div class="hb-wide"><table class="hb-figures"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div><p class=hb-note>{note}</p></div>"
    )


def _moments(worst: Sequence[tuple[str, str, Moment, float, str]], sounds: Sounds) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(system)}</th><td>{axis}, {number(level, 'dB')}</td>"
        f"<td>{escape(moment.song)}, {clock(moment.start)}</td><td>{_player(system, best, moment, sounds)}</td></tr>"
        for system, axis, moment, level, best in worst
    )
    heads = "".join(f'<th scope="col">{each}</th>' for each in ("system", "most", "where", "to hear"))
    return (
        f'<div class="hb-wide"><table class="hb-figures hb-worst"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>'
        "</table></div>"
    )


def _player(system: str, best: str, moment: Moment, sounds: Sounds) -> str:
    names = {f"of {system}": system, f"of {best}": f"{best} (least)", "reference": "reference", "mixture": "mixture"}
    return sounds.player(moment, names)


def _alike(found: Choice) -> str:
    names = list(found.systems)
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in names[1:])
    rows = "".join(
        f"<tr><th scope=row>{escape(first)}</th>{'<td></td>' * at}"
        + "".join(_cell(found, first, second) for second in names[at + 1 :])
        + "</tr>"
        for at, first in enumerate(names[:-1])
    )
    return (
        f'<div class="hb-wide"><table class="hb-figures hb-alike"><thead><tr><th scope="col"></th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div><p class=hb-note>How much more damage and leak the system of the row has"
        f" than that of the column, in points; bold where the two can be told apart: {PAIRS_RULE}. The error of the"
        " objective itself is not in the intervals: where the choice matters, ask listeners.</p>"
    )


def _cell(found: Choice, first: str, second: str) -> str:
    apart = found.pairs[first, second]
    if not any(each.is_clear for each in apart.values()):
        words = ", ".join(f"{axis} {_signed(each.value)}" for axis, each in apart.items())
        return f'<td class="hb-same" title="{words}">cannot be told apart</td>'
    parts = (
        f'<span class="{"hb-apart" if each.is_clear else "hb-quiet"}">{axis} {_signed(each.value)}</span>'
        for axis, each in apart.items()
    )
    return f"<td>{'<br>'.join(parts)}</td>"


def _left_out(found: Choice) -> str:
    listed = "".join(f"<li>{escape(each)}</li>" for each in found.left_out)
    return f"<h2>Left out</h2><ul>{listed}</ul>" if listed else ""


def _range(each: Estimate) -> str:
    return f"{number(each.low)} … {number(each.high)}" if isfinite(each.low) else "one song"


def _told(each: Estimate) -> str:
    return f"{number(each.value)} ({_range(each)})"


def _signed(value: float) -> str:
    return ("+" if value >= 0.05 else "") + number(value)
