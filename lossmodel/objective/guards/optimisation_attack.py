"""What a separator would do with the objective, without a separator: optimise a waveform, or a mask, directly.

Where the score rises while measures of other forms all say that it got worse, the objective was deceived. A *pursuit*
begins where no separation begins, at another singer's voice and at noise; there no auditor at all may deny a gain.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

import torch
from torch import Tensor

from lossmodel.metrics.peass import peass
from lossmodel.metrics.ratios import si_sdr
from lossmodel.metrics.spectral import multi_resolution_stft
from lossmodel.objective.ear.listening import listen
from lossmodel.objective.ears import Ear, distance, refuse_member
from lossmodel.objective.guards.findings import Constraint, Finding, Scorer, Scores, Song, Trace, given, points
from lossmodel.objective.ladders import BY_NAME
from lossmodel.objective.ladders.spectra import rms, spectrum, waveform

OPTIMISATION_STEPS, PURSUIT_STEPS = 200, 300
NOTABLE_GAIN_POINTS = 2.0
"""Points of gain at which it matters what the auditors say."""

SOFTNESS = 10.0
ADAM_STEP_SIZES = {"waveform": 0.01, "mask": 0.1}
"""Adam's step: in units of the mixture's RMS, and on the logit of the mask."""

Auditor = Callable[[Song, Tensor], float]
"""What a measure that was not optimised says of an estimate (channels, time); higher is better."""


def attacks(
    scorer: Scorer,
    song: Song,
    *,
    starts: Mapping[str, Tensor],
    steps: int = OPTIMISATION_STEPS,
    auditors: Mapping[str, Auditor] | None = None,
) -> tuple[list[Finding], list[Trace]]:
    """Return findings and traces of optimising a waveform and a mask from each of `starts` (channels, time)."""
    findings, traces = [], []
    for name, start in starts.items():
        for form in ADAM_STEP_SIZES:
            trace = optimise(scorer, song, name, start, form=form, steps=steps, auditors=auditors or AUDITORS)
            passed = not (trace.gained > NOTABLE_GAIN_POINTS and trace.deceived)
            findings.append(_found(scorer, song, start, trace, "optimisation", "no gain that all deny", passed))
            traces.append(trace)
    return findings, traces


def pursuits(
    scorer: Scorer,
    song: Song,
    *,
    starts: Mapping[str, Tensor],
    steps: int = PURSUIT_STEPS,
    auditors: Mapping[str, Auditor] | None = None,
) -> tuple[list[Finding], list[Trace]]:
    """Return findings and traces of optimising the waveform from `far_starts`; no auditor may deny a gain."""
    judges = auditors or {name: AUDITORS[name] for name in ("SI-SDR", "PEASS")}
    findings, traces = [], []
    for name, start in starts.items():
        trace = optimise(scorer, song, name, start, form="waveform", steps=steps, auditors=judges)
        passed = not (trace.gained > NOTABLE_GAIN_POINTS and trace.denied_by)
        findings.append(_found(scorer, song, start, trace, "pursuit", "no gain that one denies", passed))
        traces.append(trace)
    return findings, traces


def optimise(
    scorer: Scorer, song: Song, name: str, start: Tensor, *, form: str, steps: int, auditors: Mapping[str, Auditor]
) -> Trace:
    """Return the trace of `steps` steps of Adam up the softest minimum of quality, interference and similarity."""
    free, made = PARAMETRISATIONS[form](song, start)
    optimiser = torch.optim.Adam([free], lr=ADAM_STEP_SIZES[form])
    scores = []
    for _ in range(steps):
        optimiser.zero_grad()
        score = soft_minimum(scorer(*given(song, made(free))))
        (-score).backward()
        scores.append(float(score.detach()))
        if free.grad is not None:
            free.grad.nan_to_num_()
        optimiser.step()
    with torch.no_grad():
        end, begun = made(free), made(PARAMETRISATIONS[form](song, start)[0])
        scores.append(float(soft_minimum(scorer(*given(song, end)))))
    said = {auditor: (ask(song, begun), ask(song, end)) for auditor, ask in auditors.items()}
    return Trace(song.name, name, form, scores, said, end)


def soft_minimum(scores: Scores) -> Tensor:
    """Return about the lowest of the scores, as a loss would take them together; of the first excerpt, a scalar."""
    values = torch.stack([score[0] for score in scores.values()])
    return -SOFTNESS * (torch.logsumexp(-values / SOFTNESS, 0) - torch.tensor(float(len(values))).log())


def starts(song: Song, *, seed: int) -> dict[str, Tensor]:
    """Return three places to begin from: the mixture, the low-passed mixture and a mediocre separation."""
    vocals, accompaniment = song.vocals[None], song.accompaniment[None]
    dull = BY_NAME["low-pass"].degrade(vocals + accompaniment, accompaniment, song.rate, 0.5, seed)
    masked = BY_NAME["mask"].degrade(vocals, accompaniment, song.rate, 1.0, seed)
    return {"mixture": song.mixture, "low-passed": dull[0], "mediocre": masked[0]}


def far_starts(song: Song, other: Song, *, seed: int) -> dict[str, Tensor]:
    """Return two places from which no separation begins: another singer's voice and white noise, both as loud.

    Only the second where `other` is the same song.
    """
    noise = torch.randn(song.vocals.shape, generator=torch.Generator().manual_seed(seed)).to(song.vocals)
    sounds = {} if other is song else {"another voice": other.vocals[..., : song.vocals.shape[-1]]}
    sounds["noise"] = noise
    return {name: each * rms(song.vocals)[0] / rms(each)[0] for name, each in sounds.items()}


def auditor_of_ear(ear: Ear, members: Collection[str]) -> Auditor:
    """Return the auditor that an ear is: minus its distance from the reference; `members` are the objective's ears.

    `BadInput` for an ear that is one of them: it would be judge in its own cause.
    """
    refuse_member(ear.name, members)

    def ask(song: Song, estimate: Tensor) -> float:
        estimate, references, mixture = given(song, estimate)
        with torch.no_grad():
            return -float(distance(listen(estimate, references, mixture), ear)[0])

    return ask


def auditor_of(scorer: Scorer) -> Auditor:
    """Return the auditor that a scorer is, such as a held-out objective of another form: the softest of its scores."""

    def ask(song: Song, estimate: Tensor) -> float:
        with torch.no_grad():
            return float(soft_minimum(scorer(*given(song, estimate))))

    return ask


def _waveform(song: Song, start: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    size = song.mixture.square().mean().sqrt()
    return (start / size).clone().requires_grad_(), lambda free: free * size


def _mask(song: Song, start: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Return the logit of a mask on the mixture that comes close to `start`."""
    mixed, wanted = (spectrum(each[None], song.rate) for each in (song.mixture, start))
    share = (wanted.abs() / (mixed.abs() + 1e-9)).clamp(0.02, 0.98)
    return torch.logit(share).requires_grad_(), lambda free: waveform(
        mixed * torch.sigmoid(free), song.rate, song.mixture.shape[-1]
    )[0]


def _found(scorer: Scorer, song: Song, start: Tensor, trace: Trace, guard: str, expected: str, passed: bool) -> Finding:
    before, after = (points(scorer, song, [each]) for each in (start, trace.estimate))
    most = max(after, key=lambda attribute: after[attribute][0] - before[attribute][0])
    pair = Constraint(song.name, most, trace.estimate, start)
    return Finding(
        guard, f"{trace.form} from {trace.start}", song.name, "softest", expected, trace.gained, passed, pair
    )


def _si_sdr(song: Song, estimate: Tensor) -> float:
    return float(si_sdr(estimate[None].double(), song.vocals[None].double())[0])


def _peass(song: Song, estimate: Tensor) -> float:
    sources = torch.stack([song.vocals, song.accompaniment])[None]
    found = peass(estimate[None].double(), sources.double(), song.rate)
    return float((found.tps + found.ips + found.aps)[0]) / 3


def _spectral(song: Song, estimate: Tensor) -> float:
    return -float(multi_resolution_stft(estimate[None].double(), song.vocals[None].double())[0])


AUDITORS: Final[Mapping[str, Auditor]] = {"SI-SDR": _si_sdr, "PEASS": _peass, "spectra": _spectral}
"""SI-SDR in dB, the mean of PEASS's three scores, and minus the multi-resolution spectral distance."""

PARAMETRISATIONS: Final[Mapping[str, Callable[[Song, Tensor], tuple[Tensor, Callable[[Tensor], Tensor]]]]] = {
    "waveform": _waveform,
    "mask": _mask,
}
"""What is free to move, and the estimate that it makes."""
