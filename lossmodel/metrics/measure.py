"""Every metric by name, and a manifest measured with them: a row that cannot be read does not stop the rest."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from lossmodel import manifest
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.metrics import spectral, visqol
from lossmodel.metrics.aggregate import track_median
from lossmodel.metrics.bss_eval import bss_eval
from lossmodel.metrics.bss_eval_images import bss_eval_images
from lossmodel.metrics.excerpt import Excerpt, load
from lossmodel.metrics.peass import peass
from lossmodel.metrics.ratios import sd_sdr, si_sdr, snr
from lossmodel.metrics.references import best as best_match
from lossmodel.progress import Report, silent

Measure = Callable[[Tensor, Tensor, int], dict[str, Tensor]]
"""(estimate, sources, rate) → {metric: (batch,)}; estimates are (batch, channels, time), sources (batch, sources,
channels, time): the reference and, where it is known, what else the mixture holds."""


@dataclass(frozen=True)
class Family:
    """Metrics that are computed together."""

    names: tuple[str, ...]
    measure: Measure
    higher_is_better: bool


@dataclass(frozen=True)
class Measured:
    """One row: each metric's value and, where a pair has several references, which of them fitted best (from 0).

    `error` says why there is none, `remarks` what may be wrong with audio that could be measured.
    """

    pair: Pair
    values: dict[str, float] = field(default_factory=dict)
    best: dict[str, int] = field(default_factory=dict)
    error: str = ""
    remarks: tuple[str, ...] = ()


def _bss(estimate: Tensor, sources: Tensor, rate: int) -> dict[str, Tensor]:
    found = bss_eval(estimate, sources)
    return {"sdr": found.sdr} if _is_alone(sources) else {"sdr": found.sdr, "sir": found.sir, "sar": found.sar}


def _images(estimate: Tensor, sources: Tensor, rate: int) -> dict[str, Tensor]:
    """Return the medians of BSS Eval v4's windows of 1 s: NaN where no window has sound on all sides."""
    heard = sources if sources[:, 1:].any() else sources[:, :1]
    found = bss_eval_images(estimate[:, None], heard, window=rate)
    windows = {"sdr": found.sdr, "isr": found.isr}
    if not _is_alone(sources):
        windows |= {"sir": found.sir, "sar": found.sar}
    return {f"museval_{name}": track_median(each[:, 0]) for name, each in windows.items()}


def _peass(estimate: Tensor, sources: Tensor, rate: int) -> dict[str, Tensor]:
    return {} if _is_alone(sources) else vars(peass(estimate, sources, rate))


def _is_alone(sources: Tensor) -> bool:
    """Return whether nothing is known but the reference."""
    return sources.shape[1] == 1


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
ABSENT: Final = {} if visqol.installed() else {"visqol": visqol.ABSENT}
"""Metrics that need a package that is not installed: name and what to do."""


def chosen(only: str) -> tuple[str, ...]:
    """Return the metrics that a comma-separated list names (all for an empty one), or raise `BadInput`."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    if absent := [name for name in names if name in ABSENT]:
        raise BadInput(ABSENT[absent[0]])
    if unknown := [name for name in names if name not in NAMES]:
        raise BadInput(f"no metric {unknown[0]!r}; there are {', '.join(NAMES)}")
    return tuple(name for name in NAMES if name in names) or NAMES


def measure(
    pairs: Sequence[Pair], *, only: Sequence[str] = NAMES, report: Report = silent, workers: int | None = None
) -> list[Measured]:
    """Return one row a pair, in order, computed on `workers` threads (all cores).

    SIR and SAR are missing where neither mixture nor accompaniment is given. A row with unusable audio carries the
    reason in `error`.
    """
    found: dict[int, Measured] = {}
    with _pool(workers or torch.get_num_threads()) as pool:
        jobs = {pool.submit(_row, pair, only): at for at, pair in enumerate(pairs)}
        for done, job in enumerate(as_completed(jobs), start=1):
            found[jobs[job]] = job.result()
            report(done, len(pairs))
    return [found[at] for at in range(len(pairs))]


def values(excerpt: Excerpt, only: Sequence[str] = NAMES) -> tuple[dict[str, float], dict[str, int]]:
    """Return each metric of an excerpt against the reference that fits best, and which one that was.

    A metric that has no value for the excerpt (SIR without accompaniment, no window with sound) is left out.
    """
    families = [each for each in FAMILIES if set(each.names) & set(only)]
    each = [_against(excerpt, at, families) for at in range(len(excerpt.sources))]
    found: dict[str, float] = {}
    best: dict[str, int] = {}
    for name in (name for name in only if name in each[0]):
        matched = best_match(
            torch.tensor([[one[name]] for one in each], dtype=torch.float64), higher_is_better=name in HIGHER_IS_BETTER
        )
        if not matched.value.isnan():
            found[name], best[name] = matched.value.item(), int(matched.reference)
    return found, best


def write(path: Path, rows: Sequence[Measured]) -> None:
    """Write the manifest's rows in order with one column a metric, empty where there is no value.

    Where a pair has several references, `<metric>_reference` names the file that fitted best.
    """
    manifest.write(path, [row.pair for row in rows], [_columns(row) for row in rows])


def _row(pair: Pair, only: Sequence[str]) -> Measured:
    try:
        excerpt = load(pair)
        return Measured(pair, *values(excerpt, only), remarks=excerpt.remarks)
    except BadInput as error:
        return Measured(pair, error=str(error))


def _against(excerpt: Excerpt, at: int, families: Sequence[Family]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    with torch.no_grad():
        for family in families:
            measured = family.measure(excerpt.estimate[None], excerpt.sources[at][None], excerpt.rate)
            found |= {name: float(value) for name, value in measured.items()}
    return found


def _columns(row: Measured) -> dict[str, str]:
    found = {name: f"{value:.6g}" for name, value in row.values.items()}
    if len(row.pair.references) > 1:
        found |= {f"{name}_reference": row.pair.references[at].name for name, at in row.best.items()}
    return found


@contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool of threads (torch and the readers leave the interpreter's lock), one core for each."""
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)
