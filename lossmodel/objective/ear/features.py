"""What a listener might go by, as numbers: each feature is one function of a `Scene`, found by its name.

A feature is (batch,), differentiable and finite on silence. It measures a distortion: 0 where the estimate is the
reference, more the more of it there is. Where they are found: against the closest remix, what quality is judged by
(`remixes`); in patches of 200 ms, leak and artefact (`patches`); against the reference itself, also blind to phase
(`likeness`);
when moments are averaged, for sounds that were made anew (`degradation`).
"""

from collections.abc import Callable, Sequence
from typing import Final

from torch import Tensor

from lossmodel.objective.ear import degradation, flaws, likeness, patches, remixes
from lossmodel.objective.ear.decomposition import Scene

VERSION = 5
"""Counts up when any feature's values change; cached features of another version are not used."""

Feature = Callable[[Scene], Tensor]

FEATURES: Final[dict[str, Feature]] = {
    **remixes.FEATURES,
    **patches.FEATURES,
    **likeness.FEATURES,
    **degradation.FEATURES,
    **flaws.FEATURES,
}
"""Every feature by the name that recipes use."""

WITHOUT_ACCOMPANIMENT: Final = frozenset(degradation.FEATURES)
"""Features that say what they have to say without a mixture."""


def compute(scene: Scene, names: Sequence[str]) -> dict[str, Tensor]:
    """Return the named features of `FEATURES`, each (batch,)."""
    return {name: FEATURES[name](scene) for name in names}
