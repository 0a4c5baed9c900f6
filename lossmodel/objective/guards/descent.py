"""Down every ladder, scores go as people's would: see `ladders.table`."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from torch import Tensor

from lossmodel.objective.guards.findings import Constraint, Finding, Scorer, Song, points
from lossmodel.objective.ladders import LADDERS, Effect, Ladder

RISE_TOLERANCE_POINTS = 2.0
"""Points by which a rung may be better than the one before it: less than the error of a panel's mean."""

CLEAR_FALL_POINTS = 5.0
"""Points that the last rung loses at least, where an attribute falls."""

HOLD_TOLERANCE_POINTS = 10.0
"""Points by which an attribute may move that people say holds."""


def descend(scorer: Scorer, song: Song, *, seed: int, ladders: Sequence[Ladder] = LADDERS) -> list[Finding]:
    """Return a finding for every ladder and attribute of one song."""
    return [finding for ladder in ladders for finding in _down(scorer, song, ladder, seed)]


def _down(scorer: Scorer, song: Song, ladder: Ladder, seed: int) -> Iterator[Finding]:
    rungs = ladder.rungs(song.vocals[None], song.accompaniment[None], song.rate, seed=seed)
    estimates = [song.vocals, *(rung[0] for rung in rungs)]
    for attribute, scores in points(scorer, song, estimates).items():
        if effect := ladder.effects.get(attribute):
            yield from _judged(song, ladder.name, attribute, effect, scores, estimates)


def _judged(
    song: Song, name: str, attribute: str, effect: Effect, scores: Sequence[float], estimates: Sequence[Tensor]
) -> Iterator[Finding]:
    """Yield what one attribute does down one ladder; where it rises, the two rungs in the right order."""
    about = ("ladder", name, song.name, attribute)
    if effect == "holds":
        moved = max(abs(score - scores[0]) for score in scores)
        yield Finding(*about, f"moves < {HOLD_TOLERANCE_POINTS:g}", moved, moved <= HOLD_TOLERANCE_POINTS)
        return
    rises = [after - before for before, after in pairwise(scores)]
    worst = max(range(len(rises)), key=rises.__getitem__)
    constraint = Constraint(song.name, attribute, estimates[worst + 1], estimates[worst])
    yield Finding(
        *about, f"no rise > {RISE_TOLERANCE_POINTS:g}", rises[worst], rises[worst] <= RISE_TOLERANCE_POINTS, constraint
    )
    if effect == "falls":
        fall, ends = scores[0] - scores[-1], Constraint(song.name, attribute, estimates[-1], estimates[0])
        yield Finding(*about, f"falls > {CLEAR_FALL_POINTS:g}", fall, fall >= CLEAR_FALL_POINTS, ends)
