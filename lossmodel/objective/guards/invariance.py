"""What people do not hear changes nothing; silence is no abyss; an excerpt is judged alike alone and in company."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import torch
from torch import Tensor

from lossmodel.objective.guards.findings import Finding, Scorer, Song, given, points
from lossmodel.objective.ladders.spectra import drawn

MAX_INAUDIBLE_CHANGE_POINTS = 0.5
"""Points by which a score may differ where nobody hears a difference."""

MAX_BATCH_DIFFERENCE_POINTS = 1e-3
"""Points by which a score may differ alone and in a batch."""

OFFSET_SAMPLES = 20
"""Samples by which all signals are moved together."""


def compare(scorer: Scorer, song: Song, estimate: Tensor) -> list[Finding]:
    """Return findings on one estimate (channels, time) of a song."""
    return [*_unheard(scorer, song, estimate), *_batched(scorer, song, estimate), *_gradients(scorer, song)]


def _unheard(scorer: Scorer, song: Song, estimate: Tensor) -> Iterator[Finding]:
    before = points(scorer, song, [estimate])
    for name, change in CHANGES.items():
        signals = (song.vocals, song.accompaniment, estimate)
        vocals, others, changed = (change(each, seed) for seed, each in enumerate(signals))
        after = points(scorer, Song(song.name, vocals, others, song.rate), [changed])
        for attribute, (score,) in after.items():
            moved = abs(score - before[attribute][0])
            yield Finding(
                "invariance",
                name,
                song.name,
                attribute,
                f"differs < {MAX_INAUDIBLE_CHANGE_POINTS:g}",
                moved,
                moved <= MAX_INAUDIBLE_CHANGE_POINTS,
            )


@torch.no_grad()
def _batched(scorer: Scorer, song: Song, estimate: Tensor) -> Iterator[Finding]:
    several = [given(song, each) for each in (estimate, song.vocals, song.mixture)]
    together = scorer(*(torch.cat(each) for each in zip(*several, strict=True)))
    for attribute, alone in scorer(*several[0]).items():
        moved = abs(float(together[attribute][0] - alone[0]))
        expected = f"differs < {MAX_BATCH_DIFFERENCE_POINTS:g}"
        yield Finding(
            "invariance",
            "alone or in a batch",
            song.name,
            attribute,
            expected,
            moved,
            moved <= MAX_BATCH_DIFFERENCE_POINTS,
        )


def _gradients(scorer: Scorer, song: Song) -> Iterator[Finding]:
    """Yield whether gradients are finite where logarithms and roots may not be: seen is the share that is."""
    nothing = torch.zeros_like(song.vocals)
    mute = Song(song.name, nothing, song.accompaniment, song.rate)
    empty = Song(song.name, nothing, nothing, song.rate)
    cases = {
        "silent estimate": (song, nothing),
        "perfect estimate": (song, song.vocals),
        "silent reference": (mute, song.mixture),
        "all silent": (empty, nothing),
    }
    for name, (about, estimate) in cases.items():
        heard = estimate.clone().requires_grad_()
        for attribute, score in scorer(*given(about, heard)).items():
            (gradient,) = torch.autograd.grad(score.sum(), heard, retain_graph=True)
            share = float(gradient.isfinite().double().mean()) * float(score.isfinite().all())
            what = f"finite gradient, {name}"
            yield Finding("invariance", what, song.name, attribute, "all finite", share, share == 1)


def _dithered(signal: Tensor, seed: int) -> Tensor:
    """Return the signal with the noise of 16 bits (triangular, 2 LSB), for a peak near full scale."""
    lots = drawn(seed, 2, *signal.shape, like=signal)
    return signal + (lots[0] - lots[1]) * 2**-15


def _moved(signal: Tensor, samples: int) -> Tensor:
    return torch.nn.functional.pad(signal, (samples, -samples))


CHANGES: Final[Mapping[str, Callable[[Tensor, int], Tensor]]] = {
    "polarity of all": lambda signal, _: -signal,
    f"all {OFFSET_SAMPLES} samples late": lambda signal, _: _moved(signal, OFFSET_SAMPLES),
    f"all {OFFSET_SAMPLES} samples early": lambda signal, _: _moved(signal, -OFFSET_SAMPLES),
    "dither": _dithered,
}
"""Changes of vocals, accompaniment and estimate together (each has a seed of its own)."""
