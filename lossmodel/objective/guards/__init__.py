"""Guards: whether an objective can be trusted by something that optimises it.

`audit(scorer, songs)` takes anything that scores estimates and returns `Findings`: ladders of degradation (`descent`),
known exploits and their order (`probes`), what nobody hears (`invariance`), gradient attacks (`attack`), and direct
optimisation, also in pursuit from far away (`optimisation_attack`). Each failure carries the sounds that show it, as
`Constraint`s that a fit may be taught.
"""

from lossmodel.objective.guards.audit import GUARDS, audit, mean_scores
from lossmodel.objective.guards.findings import (
    Constraint,
    Finding,
    Findings,
    Scorer,
    Song,
    Trace,
    invented_songs,
    recorded_songs,
)
from lossmodel.objective.guards.optimisation_attack import AUDITORS, Auditor, auditor_of, auditor_of_ear
from lossmodel.objective.guards.probes import EXPECTED_ORDER, EXPECTED_SCORES, PROBES, Bounds, Probe, examine

__all__ = [
    "AUDITORS",
    "EXPECTED_ORDER",
    "EXPECTED_SCORES",
    "GUARDS",
    "PROBES",
    "Auditor",
    "Bounds",
    "Constraint",
    "Finding",
    "Findings",
    "Probe",
    "Scorer",
    "Song",
    "Trace",
    "audit",
    "auditor_of",
    "auditor_of_ear",
    "examine",
    "invented_songs",
    "mean_scores",
    "recorded_songs",
]
