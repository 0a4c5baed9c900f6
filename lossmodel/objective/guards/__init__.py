"""Guards: whether an objective can be trusted by something that optimises it.

`audit(scorer, songs)` takes anything that scores estimates and returns `Findings`: ladders of degradation (`descent`),
known exploits and their order (`probes`), what nobody hears (`sameness`), gradient attacks (`attack`) and direct
optimisation (`pursuit`). Each failure carries the sounds that show it, as `Constraint`s that a fit may be taught.
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
from lossmodel.objective.guards.probes import EXPECTED, ORDER, PROBES, Bounds, Probe, examine
from lossmodel.objective.guards.pursuit import AUDITORS, Auditor, asking

__all__ = [
    "AUDITORS",
    "EXPECTED",
    "GUARDS",
    "ORDER",
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
    "asking",
    "audit",
    "examine",
    "invented_songs",
    "mean_scores",
    "recorded_songs",
]
