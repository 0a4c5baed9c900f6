"""Every metric by name: what is computed together, and what a silent sound counts in each.

The conventions stand in docs/metrics.md: a silent estimate has the worst value and never none, and what cannot be told
(SIR where nothing can interfere) is NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.metrics import spectral, visqol
from lossmodel.metrics.aggregate import track_median
from lossmodel.metrics.bss_eval import bss_eval
from lossmodel.metrics.bss_eval_images import bss_eval_images
from lossmodel.metrics.decibels import MAX_RATIO_DB, is_inaudible
from lossmodel.metrics.peass import peass
from lossmodel.metrics.ratios import sd_sdr, si_sdr, snr

Measure = Callable[[Tensor, Tensor, int], dict[str, Tensor]]
"""(estimate, sources, rate) → {metric: (batch,)}; estimates are (batch, channels, time), sources (batch, sources,
channels, time): the reference and, where it is known, what else the mixture holds."""


@dataclass(frozen=True)
class Family:
    """Metrics that are computed together."""

    names: tuple[str, ...]
    measure: Measure
    higher_is_better: bool


def family(name: str) -> Family:
    """Return the metrics that are computed together with the one called `name`, or raise `BadInput`."""
    for each in FAMILIES:
        if name in each.names:
            return each
    raise BadInput(f"no metric {name!r}; there are {', '.join(NAMES)}")


def parsed_names(only: str) -> tuple[str, ...]:
    """Return the metrics that a comma-separated list names (all for an empty one), or raise `BadInput`."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    if absent := [name for name in names if name in UNAVAILABLE]:
        raise BadInput(UNAVAILABLE[absent[0]])
    if unknown := [name for name in names if name not in NAMES]:
        raise BadInput(f"no metric {unknown[0]!r}; there are {', '.join(NAMES)}")
    return tuple(name for name in NAMES if name in names) or NAMES


def _bss(estimate: Tensor, sources: Tensor, rate: int) -> dict[str, Tensor]:
    found = bss_eval(estimate, _silenced(sources))
    if _is_alone(sources):
        return {"sdr": found.sdr}
    return {"sdr": found.sdr, "sir": _where_heard(found.sir, sources), "sar": found.sar}


def _images(estimate: Tensor, sources: Tensor, rate: int) -> dict[str, Tensor]:
    """Return the medians of BSS Eval v4's windows of 1 s: NaN where in no window all sources sound."""
    heard = sources[:, :1] if bool(is_inaudible(sources[:, 1:]).all()) else _silenced(sources)
    found = bss_eval_images(estimate[:, None], heard, window=rate, silent_estimate_db=-MAX_RATIO_DB)
    windows = {"sdr": found.sdr, "isr": found.isr}
    if not _is_alone(sources):
        windows |= {"sir": found.sir, "sar": found.sar}
    medians = {f"museval_{name}": track_median(each[:, 0]) for name, each in windows.items()}
    if not _is_alone(sources):
        medians["museval_sir"] = _where_heard(medians["museval_sir"], sources)
    return medians


def _peass(estimate: Tensor, sources: Tensor, rate: int) -> dict[str, Tensor]:
    if _is_alone(sources):
        return {}
    found = peass(estimate, _silenced(sources), rate)
    return {"tps": found.tps, "ips": _where_heard(found.ips, sources), "aps": found.aps}


def _is_alone(sources: Tensor) -> bool:
    """Return whether nothing is known but the reference."""
    return sources.shape[1] == 1


def _silenced(sources: Tensor) -> Tensor:
    """Return the sources, zero where nobody hears them: a filter would make a source of what is left by rounding."""
    inaudible = is_inaudible(sources)
    return sources.masked_fill(inaudible[..., None, None], 0) if inaudible.any() else sources


def _where_heard(values: Tensor, sources: Tensor) -> Tensor:
    """Return what says how much interferes, NaN where nothing is there that could."""
    return values.masked_fill(is_inaudible(sources[:, 1:]).all(1), torch.nan)


def _plain(name: str, metric: Callable[[Tensor, Tensor], Tensor], *, higher: bool) -> Family:
    return Family((name,), lambda estimate, sources, _rate: {name: metric(estimate, sources[:, 0])}, higher)


def _with_rate(name: str, metric: Callable[[Tensor, Tensor, int], Tensor], *, higher: bool) -> Family:
    return Family((name,), lambda estimate, sources, rate: {name: metric(estimate, sources[:, 0], rate)}, higher)


FAMILIES: Final = (
    Family(("sdr", "sir", "sar"), _bss, higher_is_better=True),
    Family(("museval_sdr", "museval_isr", "museval_sir", "museval_sar"), _images, higher_is_better=True),
    Family(("tps", "ips", "aps"), _peass, higher_is_better=True),
    _plain("si_sdr", si_sdr, higher=True),
    _plain("sd_sdr", sd_sdr, higher=True),
    _plain("snr", snr, higher=True),
    _plain("mrstft", spectral.multi_resolution_stft, higher=False),
    _plain("spectral_convergence", spectral.spectral_convergence, higher=False),
    _plain("log_spectral_distance", spectral.log_spectral_distance, higher=False),
    _with_rate("log_mel", spectral.log_mel_distance, higher=False),
    *([_with_rate("visqol", visqol.visqol, higher=True)] if visqol.installed() else []),
)
NAMES: Final = tuple(name for family in FAMILIES for name in family.names)
HIGHER_IS_BETTER: Final = frozenset(name for each in FAMILIES if each.higher_is_better for name in each.names)
UNAVAILABLE: Final = {} if visqol.installed() else {"visqol": visqol.NOT_INSTALLED}
"""Metrics that need a package that is not installed: name and what to do."""
