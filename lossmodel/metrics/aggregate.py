"""How the windows of many tracks become one figure: four ways in use, which differ by several dB on the same outputs.

Of one published Wave-U-Net on the same test tracks, the SDR of vocals is 4.46, 0.65, 4.97 or 3.73 dB, in the order of
`AGGREGATIONS`: windows in which hardly anybody sings are very low and pull a mean down. Always say which, and how many
windows and tracks had no value (`missing`): a figure over the rest is none over all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from torch import Tensor

Aggregation = Literal["median_of_windows", "mean_of_windows", "median_of_track_medians", "mean_of_track_medians"]


def aggregate(tracks: Sequence[Tensor], how: Aggregation) -> float:
    """Return one figure for tracks of windows; NaN windows, and tracks with no others, do not count.

    `median_of_windows` and `mean_of_windows` pool the windows of all tracks; `median_of_track_medians` is what museval
    and SiSEC report; `mean_of_track_medians` gives every track its weight. NaN where nothing counts. A median of an
    even number lies halfway.

    >>> tracks = [torch.tensor([1.0, 2.0, float("nan")]), torch.tensor([4.0, 5.0, 9.0])]
    >>> {how: aggregate(tracks, how) for how in AGGREGATIONS}  # doctest: +NORMALIZE_WHITESPACE
    {'median_of_windows': 4.0, 'mean_of_windows': 4.2, 'median_of_track_medians': 3.25, 'mean_of_track_medians': 3.25}

    Shape: (windows,) each.
    """
    counted = [track for each in tracks if len(track := each.double()[~each.isnan()])]
    if not counted:
        return float("nan")
    return AGGREGATIONS[how](counted)


@dataclass(frozen=True)
class Missing:
    """How much does not count in a figure: windows without a value, and tracks of which no window has one."""

    windows: int
    tracks: int


def missing(tracks: Sequence[Tensor]) -> Missing:
    """Return what `aggregate` leaves out.

    >>> missing([torch.tensor([1.0, float("nan")]), torch.tensor([float("nan")])])
    Missing(windows=2, tracks=1)

    Shape: (windows,) each.
    """
    absent = [each.isnan() for each in tracks]
    return Missing(sum(int(each.sum()) for each in absent), sum(bool(each.all()) for each in absent))


def track_median(windows: Tensor) -> Tensor:
    """Return the median over windows that are not NaN, NaN where there is none: a track's figure in museval.

    Shape: (..., windows) → (...).
    """
    return windows.nanquantile(0.5, dim=-1)


def _median(values: Tensor | list[float]) -> float:
    return float(np.median(np.asarray(values)))  # torch's own takes the lower middle


AGGREGATIONS: Final[dict[Aggregation, Callable[[Sequence[Tensor]], float]]] = {
    "median_of_windows": lambda tracks: _median(torch.cat(list(tracks))),
    "mean_of_windows": lambda tracks: float(torch.cat(list(tracks)).mean()),
    "median_of_track_medians": lambda tracks: _median([_median(each) for each in tracks]),
    "mean_of_track_medians": lambda tracks: float(np.mean([_median(each) for each in tracks])),
}
