"""All guards on all songs: the audit that an objective has to pass before anything is trained against it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from lossmodel.objective.guards import attack, descent, invariance, optimisation_attack, probes
from lossmodel.objective.guards.findings import Finding, Findings, Scorer, Scores, Song, Trace
from lossmodel.objective.guards.optimisation_attack import Auditor
from lossmodel.objective.network import Objective
from lossmodel.progress import Report, silent

GUARDS: Final = ("ladder", "exploit", "invariance", "attack", "optimisation", "pursuit")
"""What an audit consists of, quickest first; `exploit` includes the order of the probes."""


def audit(
    scorer: Scorer,
    songs: Sequence[Song],
    *,
    guards: Collection[str] = GUARDS,
    auditors: Mapping[str, Auditor] | None = None,
    attack_steps: int = attack.ATTACK_STEPS,
    optimisation_steps: int = optimisation_attack.OPTIMISATION_STEPS,
    seed: int = 1,
    report: Report = silent,
) -> Findings:
    """Return what every one of `guards` finds on every song; seeded, so that a second audit finds the same.

    `auditors` are measures that were not optimised (`optimisation_attack.AUDITORS` if not given); give a held-out
    objective of another form, or an ear (`auditor_of_ear`), where there is one. ValueError for an unknown guard.
    """
    if unknown := set(guards) - set(GUARDS):
        raise ValueError(f"no guard {min(unknown)!r}; there are {', '.join(GUARDS)}")
    rows, traces = list[Finding](), list[Trace]()
    for number, song in enumerate(songs):
        starts = optimisation_attack.starts(song, seed=seed)
        if "ladder" in guards:
            rows += descent.descend(scorer, song, seed=seed)
        if "exploit" in guards:
            rows += probes.probe(scorer, song)
        if "invariance" in guards:
            rows += invariance.compare(scorer, song, starts["mediocre"])
        if "attack" in guards:
            near = {"reference": song.vocals, "mediocre": starts["mediocre"]}
            rows += attack.attack(scorer, song, starts=near, steps=attack_steps)
        if "optimisation" in guards:
            steps = optimisation_steps
            found, made = optimisation_attack.attacks(scorer, song, starts=starts, steps=steps, auditors=auditors)
            rows, traces = [*rows, *found], [*traces, *made]
        if "pursuit" in guards:
            far = optimisation_attack.far_starts(song, songs[(number + 1) % len(songs)], seed=seed)
            found, made = optimisation_attack.pursuits(scorer, song, starts=far, auditors=auditors)
            rows, traces = [*rows, *found], [*traces, *made]
        report(number + 1, len(songs))
    return Findings(rows, traces)


def mean_scores(objective: Objective) -> Scorer:
    """Return the scorer that an objective is: its predicted means."""

    def score(*signals: object) -> Scores:
        return {attribute: prediction.mean for attribute, prediction in objective(*signals).items()}

    return score
