"""A change that people do not hear must not move a score: projected gradient ascent and descent near an estimate."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import torch
from torch import Tensor

from lossmodel.objective.guards.findings import Constraint, Finding, Scorer, Song, given
from lossmodel.objective.ladders.spectra import spectrum, waveform

CHANGE_BELOW_SIGNAL_DB = 30.0
"""How far the change is under the signal."""

MAX_MOVE_POINTS = 5.0
"""Points that a score may move."""

ATTACK_STEPS = 12

Projection = Callable[[Tensor], Tensor]
"""A change (channels, time) → the nearest that is small enough."""


def attack(scorer: Scorer, song: Song, *, starts: dict[str, Tensor], steps: int = ATTACK_STEPS) -> list[Finding]:
    """Return how far each attribute was moved, up and down, from each estimate of `starts` (channels, time).

    The change is at least `CHANGE_BELOW_SIGNAL_DB` under the power of the estimate: as a whole, and once more in every
    bin of a short-time spectrum (then it is no more than a quarter of a dB anywhere, and certainly not
    heard). After Goodfellow et al. 2015 and Madry et al. 2018, with the gradient's direction for the step.
    """
    return [
        finding
        for name, start in starts.items()
        for form, limit in CHANGE_LIMITS.items()
        for attribute in _attributes(scorer, song, start)
        for finding in _both_ways(scorer, song, name, start, form, limit, attribute, steps)
    ]


def projected_gradient(
    scorer: Scorer, song: Song, start: Tensor, attribute: str, *, sign: float, limit: Projection, steps: int
) -> tuple[Tensor, float]:
    """Return the estimate that was moved furthest, up for a `sign` of 1 and down for -1, and by how many points."""
    change = limit(1e-3 * start.flip(-1))  # at a perfect estimate the gradient may be 0
    before, best, furthest = float(_score(scorer, song, start, attribute).detach()), start, 0.0
    for step in range(steps):
        tried = (start + change).detach().requires_grad_()
        score = _score(scorer, song, tried, attribute)
        if sign * (float(score.detach()) - before) > furthest:
            best, furthest = tried.detach(), sign * (float(score.detach()) - before)
        (gradient,) = torch.autograd.grad(score, tried)
        size = gradient.square().mean().sqrt() + 1e-20
        reach = start.square().mean().sqrt() * 10 ** (-CHANGE_BELOW_SIGNAL_DB / 20)
        pace = 0.5 * (1 - step / steps) + 0.05
        change = limit(change + sign * pace * reach * gradient.nan_to_num() / size)
    return best, sign * furthest


def _both_ways(
    scorer: Scorer, song: Song, name: str, start: Tensor, form: str, limit: "Limit", attribute: str, steps: int
) -> Iterator[Finding]:
    for sign, word in ((1.0, "up"), (-1.0, "down")):
        bounded = partial(limit, start=start, rate=song.rate)
        moved, points = projected_gradient(scorer, song, start, attribute, sign=sign, limit=bounded, steps=steps)
        pair = (moved, start) if sign > 0 else (start, moved)
        yield Finding(
            "attack",
            f"{name} {word}, {form}",
            song.name,
            attribute,
            f"moves < {MAX_MOVE_POINTS:g}",
            points,
            abs(points) <= MAX_MOVE_POINTS,
            Constraint(song.name, attribute, *pair),
        )


def _score(scorer: Scorer, song: Song, estimate: Tensor, attribute: str) -> Tensor:
    return scorer(*given(song, estimate))[attribute][0]


@torch.no_grad()
def _attributes(scorer: Scorer, song: Song, estimate: Tensor) -> list[str]:
    return list(scorer(*given(song, estimate)))


def _whole(change: Tensor, *, start: Tensor, rate: int) -> Tensor:
    del rate
    most = start.square().mean().sqrt() * 10 ** (-CHANGE_BELOW_SIGNAL_DB / 20)
    return change * (most / (change.square().mean().sqrt() + 1e-20)).clamp_max(1)


def _bins(change: Tensor, *, start: Tensor, rate: int) -> Tensor:
    moved, heard = spectrum(change[None], rate), spectrum(start[None], rate).abs()
    most = heard * 10 ** (-CHANGE_BELOW_SIGNAL_DB / 20)
    return waveform(moved * (most / (moved.abs() + 1e-20)).clamp_max(1), rate, change.shape[-1])[0]


Limit = Callable[..., Tensor]
CHANGE_LIMITS: Final[dict[str, Limit]] = {"whole": _whole, "every bin": _bins}
"""What is at most `CHANGE_BELOW_SIGNAL_DB` under the estimate."""
