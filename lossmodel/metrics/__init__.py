"""Published metrics: what others use to predict ratings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.floating]


def measured(
    estimate: "Samples",
    reference: "Samples",
    rate: int,
    *,
    accompaniment: "Samples | None" = None,
    only: Sequence[str] = (),
) -> dict[str, float]:
    """Return published metrics of separated vocals by name, all or `only` some; those without a value are left out.

    SIR, SAR and PEASS need the accompaniment. Units and conventions are those of the command `metrics`. `BadInput` for
    arrays of different shapes or too short ones, and for a metric that does not exist.

    Shape: (frames,) or (channels, frames) each, in [-1, 1], at `rate` Hz.
    """
    from lossmodel.metrics import arrays, families, measure

    wanted = families.parsed_names(",".join(only))
    found, _, _ = measure.values(arrays.excerpt(estimate, reference, accompaniment, rate), wanted)
    return found
