"""Kinds of sounds whose judgement is known, each at several levels: what belongs to no case belongs to a kind.

A `Family` makes estimates of a song at growing levels and says where people would put each. Leaks are held against the
plain leak of the same loudness: how the accompaniment gets into an estimate is nothing that people hear.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from torch import Tensor

from lossmodel.audio import Audio, loudness
from lossmodel.objective.guards import kinds
from lossmodel.objective.guards.findings import Constraint, Finding, Scorer, Song, points
from lossmodel.objective.guards.probes import Bounds
from lossmodel.objective.ladders.bands import band_pass
from lossmodel.objective.ladders.spectra import rms

Make = Callable[[Song, Song, float], Tensor]
"""(song, another song, level) → an estimate (channels, time) of the first."""

LEAK_TOLERANCE_POINTS = 10.0
"""Points between leaks of equal loudness."""


@dataclass(frozen=True)
class Family:
    """A kind of sound, its levels in `unit`, and where people would put it, by attribute and level."""

    name: str
    unit: str
    levels: tuple[float, ...]
    make: Make
    expected: Callable[[float], Mapping[str, Bounds]]

    def label(self, level: float) -> str:
        """Return the name of one member, such as `tone -20 dB`."""
        return f"{self.name} {level:g} {self.unit}".rstrip()


def families(scorer: Scorer, songs: Sequence[Song], *, among: Sequence[Family] | None = None) -> list[Finding]:
    """Return a finding for every family, level and attribute on each song; the next one lends its accompaniment."""
    found: list[Finding] = []
    for number, song in enumerate(songs):
        other = songs[(number + 1) % len(songs)]
        for family in FAMILIES if among is None else among:
            found += _bounded(scorer, song, other, family)
        if among is None:
            found += _leaks(scorer, song, other)
    return found


def _bounded(scorer: Scorer, song: Song, other: Song, family: Family) -> Iterator[Finding]:
    for level in family.levels:
        estimate = family.make(song, other, level)
        for attribute, (seen,) in points(scorer, song, [estimate]).items():
            if bounds := family.expected(level).get(attribute):
                passed = bounds.low <= seen <= bounds.high
                yield Finding("family", family.label(level), song.name, attribute, str(bounds), seen, passed)


def _leaks(scorer: Scorer, song: Song, other: Song) -> Iterator[Finding]:
    """Yield by how many points each kind of leak differs in interference from the plain one that is as loud."""
    for level in LEAK_LEVELS_DB:
        plain = _with(song, song.accompaniment, level)
        known = points(scorer, song, [plain])
        for name, make in LEAKS.items():
            estimate = _with(song, make(song, other), level)
            found = points(scorer, song, [estimate])
            if "interference" in found:
                apart = found["interference"][0] - known["interference"][0]
                yield Finding(
                    "family", f"{name} {level:g} dB", song.name, "interference",
                    f"within {LEAK_TOLERANCE_POINTS:g} of plain", apart, abs(apart) <= LEAK_TOLERANCE_POINTS,
                    Constraint(song.name, "interference", estimate, plain),
                )  # fmt: skip


def _with(song: Song, leak: Tensor, level: float) -> Tensor:
    """Return the vocals with a leak as loud (BS.1770-4) as the accompaniment at `level` dB."""
    loud, wanted = (loudness_of(each, song.rate) for each in (leak, song.accompaniment))
    return song.vocals + 10 ** ((level + wanted - loud) / 20) * leak


def loudness_of(signal: Tensor, rate: int) -> float:
    """Return the integrated loudness of (channels, time) in LUFS."""
    return loudness(Audio(signal.numpy(force=True), rate))


def _added(song: Song, _: Song, level: float, *, sound: Callable[..., Tensor]) -> Tensor:
    """Return the vocals with a sound `level` dB over them."""
    added = sound(song.vocals, song.rate)
    return song.vocals + 10 ** (level / 20) * rms(song.vocals)[0] * added / rms(added)[0]


def _voice(song: Song, _: Song, level: float, *, change: Callable[..., Tensor]) -> Tensor:
    return change(song.vocals, song.rate, level)


def _bounds(
    quality: Bounds | None = None, interference: Bounds | None = None, similarity: Bounds | None = None
) -> Callable[[float], Mapping[str, Bounds]]:
    """Return the same bounds at every level."""
    named = {"quality": quality, "interference": interference, "similarity": similarity}
    given = {name: bounds for name, bounds in named.items() if bounds is not None}
    return lambda _: given


def _audible(level: float) -> Mapping[str, Bounds]:
    """Return what a sound in the foreground deserves that is neither voice nor band: less the louder it is."""
    bounds = Bounds(high={-20.0: 85.0, -10.0: 75.0, 0.0: 60.0}[level])
    return {"quality": bounds, "similarity": bounds}


NEVER_INTERFERENCE = Bounds(low=85.0)
UNCHANGED = Bounds(low=90.0)
MISSING = Bounds(high=60.0)
MILD = Bounds(low=60.0)
ONE_FLAW = Bounds(low=40.0, high=95.0)

NEVER = _bounds(interference=NEVER_INTERFERENCE)
HELD = _bounds(UNCHANGED, UNCHANGED, UNCHANGED)
GONE = _bounds(MISSING, NEVER_INTERFERENCE, MISSING)

FAMILIES: Final[tuple[Family, ...]] = (
    Family("tone", "dB", (-20.0, -10.0, 0.0), partial(_added, sound=kinds.tone), _audible),
    Family("hum", "dB", (-20.0, -10.0, 0.0), partial(_added, sound=kinds.hum), _audible),
    Family("end silent from", "%", (50.0, 67.0), lambda s, _, at: kinds.without(s.vocals, at / 100, 1.0), GONE),
    Family("beginning silent to", "%", (50.0,), lambda s, _, at: kinds.without(s.vocals, 0.0, at / 100), GONE),
    Family("left channel at", "x", (0.0,), lambda s, _, gain: kinds.of_channels(s.vocals, (gain, 1.0)), GONE),
    Family("right channel at", "x", (0.0,), lambda s, _, gain: kinds.of_channels(s.vocals, (1.0, gain)), GONE),
    Family(
        "right channel times", "", (-1.0,), lambda s, _, gain: kinds.of_channels(s.vocals, (1.0, gain)),
        _bounds(Bounds(low=70.0), UNCHANGED, Bounds(low=70.0)),
    ),
    Family("late by", "ms", (50.0, 150.0, 300.0), partial(_voice, change=kinds.late), HELD),
    Family(
        "skip of", "ms", (50.0, 100.0, 200.0), partial(_voice, change=kinds.skipped),
        _bounds(ONE_FLAW, NEVER_INTERFERENCE, ONE_FLAW),
    ),
    Family(
        "compressed", ": 1", (2.0, 4.0), partial(_voice, change=kinds.compressed),
        _bounds(MILD, NEVER_INTERFERENCE, MILD),
    ),
    Family("level", "dB", (-30.0, -20.0, 20.0, 30.0), lambda s, _, db: 10 ** (db / 20) * s.vocals, HELD),
    Family("pitch", "cents", (10.0, 30.0), partial(_voice, change=kinds.pitched), NEVER),
    Family("stretch", "%", (1.0, 2.0), lambda s, _, percent: kinds.stretched(s.vocals, percent), NEVER),
    Family("chorus", "ms", (1.0, 3.0), partial(_voice, change=kinds.chorus), NEVER),
    Family("formants", "%", (5.0, 10.0), partial(_voice, change=kinds.formants_moved), NEVER),
    Family(
        "low-pass", "kHz", (10.0,), lambda s, _, khz: band_pass(s.vocals, s.rate, 0, 1000 * khz),
        _bounds(Bounds(low=60.0), NEVER_INTERFERENCE, Bounds(low=60.0)),
    ),
    Family(
        "all-pass", "", (1.0,), lambda s, *_: kinds.all_passed(s.vocals),
        _bounds(Bounds(low=70.0), NEVER_INTERFERENCE, Bounds(low=70.0)),
    ),
    Family(
        "another voice", "", (1.0,), lambda _, other, __: other.vocals,
        _bounds(similarity=Bounds(high=40.0)),
    ),
    Family("silence", "", (0.0,), lambda s, *_: 0 * s.vocals, _bounds(Bounds(high=25.0), None, Bounds(high=25.0))),
)  # fmt: skip
"""What is none of these is not judged here; ladders, exploits and attacks have theirs."""

LEAK_LEVELS_DB: Final = (-20.0, -10.0, -5.0)

LEAKS: Final[Mapping[str, Callable[[Song, Song], Tensor]]] = {
    "leak upside down": lambda song, _: -song.accompaniment,
    "leak, right upside down": lambda song, _: kinds.of_channels(song.accompaniment, (1.0, -1.0)),
    "leak late": lambda song, _: kinds.late(song.accompaniment, song.rate, 150.0),
    "leak resynthesised": lambda song, _: kinds.resynthesised(song.accompaniment, song.rate),
    "leak filtered": lambda song, _: band_pass(song.accompaniment, song.rate, 300.0, 4000.0),
    "leak of another song": lambda _, other: other.accompaniment,
}
"""Ways for accompaniment to get into an estimate."""
