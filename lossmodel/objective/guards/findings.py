"""What guards are given and what they say: songs and a scorer in, findings out, with the sounds that cheated."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.objective import synthetic

Scores = Mapping[str, Tensor]
"""Points, 0-100, by attribute, each (batch,)."""

Scorer = Callable[[Tensor, Tensor, Tensor], Scores]
"""(estimate (batch, channels, time), references (batch, references, channels, time), mixture) → scores; it should be
differentiable in the estimate, and hears the rate of the songs it is given."""


@dataclass(frozen=True)
class Song:
    """Vocals and accompaniment of an excerpt, (channels, time) each, and their rate in Hz."""

    name: str
    vocals: Tensor
    accompaniment: Tensor
    rate: int

    @property
    def mixture(self) -> Tensor:
        """Return the two together."""
        return self.vocals + self.accompaniment


@dataclass(frozen=True)
class Constraint:
    """On `attribute`, `worse` must not be rated above `better`, both estimates (channels, time) of the same song."""

    song: str
    attribute: str
    worse: Tensor
    better: Tensor


@dataclass(frozen=True)
class Finding:
    """One thing that was tried on one song: what should be seen, what was seen, in points, and whether it is so."""

    guard: str
    name: str
    song: str
    attribute: str
    expected: str
    seen: float
    passed: bool
    constraint: Constraint | None = None


@dataclass(frozen=True)
class Findings:
    """All findings of an audit."""

    rows: Sequence[Finding]
    traces: Sequence["Trace"] = field(default=())

    @property
    def failed(self) -> list[Finding]:
        """Return what is not as people would have it."""
        return [row for row in self.rows if not row.passed]

    @property
    def constraints(self) -> list[Constraint]:
        """Return what a fit may be taught so that the failures go: pairs of sounds in the right order."""
        return [row.constraint for row in self.failed if row.constraint is not None]

    def table(self, *, failed_only: bool = False) -> str:
        """Return the findings as text: a summary by guard, then one line each."""
        lines = [_line("guard", "what", "song", "attribute", "expected", "seen", "")]
        shown = self.failed if failed_only else self.rows
        lines += [
            _line(r.guard, r.name, r.song, r.attribute, r.expected, f"{r.seen:.2f}", "" if r.passed else "FAILS")
            for r in shown
        ]
        return "\n".join([*_summary(self.rows), "", *lines])


@dataclass(frozen=True)
class Trace:
    """A direct optimisation: the score aimed at after each step, and what auditors say of its beginning and end."""

    song: str
    start: str
    form: str
    scores: Sequence[float]
    auditors: Mapping[str, tuple[float, float]]
    estimate: Tensor

    @property
    def gained(self) -> float:
        """Return the points gained."""
        return self.scores[-1] - self.scores[0]

    @property
    def denied_by(self) -> list[str]:
        """Return the auditors that say that it got worse."""
        return [name for name, (before, after) in self.auditors.items() if after < before]

    @property
    def deceived(self) -> bool:
        """Return whether every auditor says that it got worse."""
        return len(self.denied_by) == len(self.auditors)


def invented_songs(count: int = 2, *, seconds: float = 2.0, rate: int = 44_100, seed: int = 1) -> list[Song]:
    """Return synthetic songs, mono."""
    made = [synthetic.song(seed + number, seconds=seconds, rate=rate) for number in range(count)]
    return [Song(f"synthetic {seed + number}", *parts, rate) for number, parts in enumerate(made)]


def recorded_songs(data: Path, *, rate: int = 44_100, most: int = 4, seconds: float = 7.0) -> list[Song]:
    """Return excerpts of the published tests below `data` (the folder `HEARBACK_DATA`), mono, alternately of each.

    `BadInput` where the folder has none.
    """
    ward = [(each, each.with_name("Interferer.flac")) for each in sorted(data.glob("ward2018/sounds/*/ref.flac"))]
    sisec = [(each, each.with_name("mixture.flac")) for each in sorted(data.glob("sisec2018/sounds/*/ref_vocals.flac"))]
    paths = [pair for both in zip(ward, sisec) for pair in both][:most]
    if not paths:
        raise BadInput(f"{data}: no songs of ward2018 or sisec2018; give the folder that holds them")
    return [_recorded(vocals, mixture, rate, seconds) for vocals, mixture in paths]


@torch.no_grad()
def points(scorer: Scorer, song: Song, estimates: Sequence[Tensor]) -> dict[str, list[float]]:
    """Return the scores of estimates (channels, time) of a song, one after the other, by attribute."""
    found: dict[str, list[float]] = {}
    for estimate in estimates:
        for attribute, score in scorer(*given(song, estimate)).items():
            found.setdefault(attribute, []).append(float(score[0]))
    return found


def given(song: Song, estimate: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what a scorer is given for one estimate (channels, time)."""
    return estimate[None], song.vocals[None, None], song.mixture[None]


def _recorded(vocals: Path, mixture: Path, rate: int, seconds: float) -> Song:
    """Read a song; the mixture may be at another level: its vocals part is found by projection."""
    sung, mixed = (
        torch.from_numpy(audio.read(path, rate=rate, channels=1).samples[:, : int(seconds * rate)])
        for path in (vocals, mixture)
    )
    gain = (sung * mixed).sum() / sung.square().sum()
    return Song(vocals.parent.name, sung, mixed / gain - sung, rate)


def _summary(rows: Iterable[Finding]) -> list[str]:
    by_guard: dict[str, list[bool]] = {}
    for row in rows:
        by_guard.setdefault(row.guard, []).append(row.passed)
    return [f"{guard:<14} {sum(passed):>5} of {len(passed)} as expected" for guard, passed in by_guard.items()]


def _line(guard: str, name: str, song: str, attribute: str, expected: str, seen: str, verdict: str) -> str:
    return f"{guard:<12} {name:<34} {song[:20]:<20} {attribute:<13} {expected:<22} {seen:>8} {verdict}".rstrip()
