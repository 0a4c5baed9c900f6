"""Which of several separators to take: how much each damages and how much it leaks, and what cannot be told apart.

Both are what listeners would say of them, as an objective predicts it: damage is 100 less the predicted quality, leak
100 less the predicted freedom from interference; 0 is best. Systems are compared on the songs that all of them have,
each with itself: a difference is that of a song's values, and the songs are a sample of songs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import isfinite
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import stats

from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent
from lossmodel.ratings.estimate import Estimate, Values
from lossmodel.ratings.inference.multiplicity import adjusted
from lossmodel.ratings.power import half_width
from separation.evaluate import load_judges, song_figures
from separation.outputs import Output

ATTRIBUTES: Final = {"damage": "quality", "leak": "interference"}
"""The axes, and the predicted rating that each is the rest to 100 of."""

SIGNIFICANT = 0.05
FIGURES = ("damage_db", "leak_db", "si_sdr", "museval_sdr")
"""What else is told of each system: means over the songs."""

INTERVAL_RULE = "95 % interval of the mean over songs (Student's t)"
PAIRS_RULE = "paired t-tests over songs, Holm's adjustment for all pairs and both axes, 5 %"


@dataclass(frozen=True)
class Difference:
    """How much more of it the first system has than the second, with the interval over songs and Holm's p."""

    value: float
    low: float
    high: float
    p_holm: float | None

    @property
    def is_clear(self) -> bool:
        """Tell whether the two can be told apart."""
        return self.p_holm is not None and self.p_holm < SIGNIFICANT


@dataclass(frozen=True)
class Choice:
    """All that is known of the systems, best first by the sum of both axes."""

    songs: list[str]
    systems: dict[str, dict[str, Estimate]]
    """Each system's `damage` and `leak`."""
    means: dict[str, dict[str, float | None]]
    """Each system's `FIGURES`."""
    figures: dict[tuple[str, str], dict[str, Any]]
    """What is found of each (system, song), with `damage` and `leak`."""
    pairs: dict[tuple[str, str], dict[str, Difference]]
    left_out: list[str]

    @property
    def unbeaten(self) -> list[str]:
        """Return the systems than which no other is clearly better on one axis and not clearly worse on the other."""
        return [name for name in self.systems if not any(self._beats(other, name) for other in self.systems)]

    @property
    def alike(self) -> list[tuple[str, str]]:
        """Return the pairs that cannot be told apart on either axis."""
        return [pair for pair, axes in self.pairs.items() if not any(each.is_clear for each in axes.values())]

    def difference(self, first: str, second: str, axis: str) -> Difference:
        """Return how much more the first has than the second."""
        if (first, second) in self.pairs:
            return self.pairs[first, second][axis]
        found = self.pairs[second, first][axis]
        return Difference(-found.value, -found.high, -found.low, found.p_holm)

    def _beats(self, one: str, other: str) -> bool:
        if one == other:
            return False
        clear = [each.value for axis in ATTRIBUTES if (each := self.difference(one, other, axis)).is_clear]
        return bool(clear) and all(value < 0 for value in clear)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON-serialisable values."""
        return {
            "songs": self.songs,
            "systems": {
                name: {**{axis: _plain(each) for axis, each in axes.items()}, **self.means[name]}
                for name, axes in self.systems.items()
            },
            "unbeaten": self.unbeaten,
            "pairs": [
                {"first": first, "second": second, **{axis: _plain(each) for axis, each in axes.items()},
                 "told_apart": any(each.is_clear for each in axes.values())}
                for (first, second), axes in self.pairs.items()
            ],
            "rules": {"systems": INTERVAL_RULE, "pairs": PAIRS_RULE},
            "values": [
                {"system": system, "song": song, **{name: found[name] for name in (*ATTRIBUTES, *FIGURES)},
                 "defects": found["defects"]}
                for (system, song), found in self.figures.items()
            ],
            "left_out": self.left_out,
        }  # fmt: skip


def choose(outputs: Sequence[Output], objective: Path, *, report: Report = silent) -> Choice:
    """Measure every system on the songs that all have and compare them.

    `BadInput` for fewer than two systems, no song that all have, and an objective without quality and interference.
    """
    systems = list(dict.fromkeys(output.system for output in outputs))
    if len(systems) < 2:
        raise BadInput(f"{systems[0]}: is the only system; give at least two to choose from")
    judges = load_judges(objective)
    if lacking := [name for name in ATTRIBUTES.values() if name not in judges[""].attributes]:
        raise BadInput(f"{objective}: does not predict {lacking[0]}; give an objective that predicts it")
    songs, left_out = _common(outputs, systems)
    figures: dict[tuple[str, str], dict[str, Any]] = {}
    taken = [output for output in outputs if output.song in songs]
    for number, output in enumerate(taken, start=1):
        figures[output.system, output.song] = _figures(output, judges)
        report(number, len(taken))
    return compared(songs, systems, figures, left_out)


def compared(
    songs: list[str],
    systems: Sequence[str],
    figures: Mapping[tuple[str, str], dict[str, Any]],
    left_out: list[str],
) -> Choice:
    """Return the comparison of systems of which every song's figures are known."""
    values = {
        name: {axis: np.array([figures[name, song][axis] for song in songs]) for axis in ATTRIBUTES} for name in systems
    }
    order = sorted(systems, key=lambda name: sum(float(each.mean()) for each in values[name].values()))
    means = {name: {key: _mean([figures[name, song][key] for song in songs]) for key in FIGURES} for name in order}
    estimates = {name: {axis: _estimate(each) for axis, each in values[name].items()} for name in order}
    return Choice(songs, estimates, means, dict(figures), _pairs(order, values), left_out)


def _common(outputs: Sequence[Output], systems: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the songs that all systems have, and why others are left out."""
    having = {song: {each.system for each in outputs if each.song == song} for song in (o.song for o in outputs)}
    left_out = [
        f"{song}: no vocals of {', '.join(name for name in systems if name not in found)}"
        for song, found in having.items()
        if len(found) < len(systems)
    ]
    songs = [song for song, found in having.items() if len(found) == len(systems)]
    if not songs:
        raise BadInput(f"no song of which all systems have vocals; {left_out[0]}")
    return songs, left_out


def _figures(output: Output, judges: Mapping[str, Any]) -> dict[str, Any]:
    found, _ = song_figures(*output.read(), judges)
    if lacking := [name for name in ATTRIBUTES.values() if name not in found]:
        raise BadInput(f"{output.song}: nobody sings, so that no {lacking[0]} is predicted; leave the song out")
    return {**found, **{axis: 100 - found[attribute] for axis, attribute in ATTRIBUTES.items()}}


def _estimate(values: Values) -> Estimate:
    low, high = _interval(values)
    return Estimate(float(values.mean()), low, high, len(values), INTERVAL_RULE)


def _pairs(systems: Sequence[str], values: Mapping[str, Mapping[str, Values]]) -> dict[Any, dict[str, Difference]]:
    wanted = [(pair, axis) for pair in combinations(systems, 2) for axis in ATTRIBUTES]
    apart = [values[first][axis] - values[second][axis] for (first, second), axis in wanted]
    found: dict[Any, dict[str, Difference]] = {}
    for (pair, axis), each, p in zip(wanted, apart, adjusted([_p(each) for each in apart])):
        found.setdefault(pair, {})[axis] = Difference(float(each.mean()), *_interval(each), p)
    return found


def _interval(values: Values) -> tuple[float, float]:
    """Return the interval of a mean; infinite where there is one value, which says nothing of others."""
    if len(values) < 2:
        return float("-inf"), float("inf")
    half = half_width(len(values), float(values.std(ddof=1)))
    return float(values.mean()) - half, float(values.mean()) + half


def _p(values: Values) -> float | None:
    """Return the p-value of a mean other than 0 (paired t-test); None for a single value, or if all are 0."""
    if len(values) < 2 or not values.any():
        return None
    if not values.std():
        return 0.0
    return float(stats.ttest_1samp(values, 0.0).pvalue)


def _plain(each: Estimate | Difference) -> dict[str, Any]:
    """Return an interval as JSON takes it, which knows no infinity."""
    return {
        key: value if not isinstance(value, float) or isfinite(value) else None for key, value in asdict(each).items()
    }


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None
