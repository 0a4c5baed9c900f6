"""A manifest measured with every metric: whatever is wrong with a row is said there, and the other rows are done."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from lossmodel import manifest
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.metrics import missing
from lossmodel.metrics.excerpt import Excerpt, load
from lossmodel.metrics.families import FAMILIES, HIGHER_IS_BETTER, NAMES, Family
from lossmodel.metrics.references import best as best_match
from lossmodel.progress import Report, silent


@dataclass(frozen=True)
class Measured:
    """One row: each metric's value and, where a pair has several references, which of them fitted best (from 0).

    `missing` says of each metric without a value why it has none. `error` says what is wrong with the row, "" where
    values are missing for no fault of its own. `remarks` are about audio that was measured but may not be as meant.
    """

    pair: Pair
    values: dict[str, float] = field(default_factory=dict)
    best: dict[str, int] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    error: str = ""
    remarks: tuple[str, ...] = ()


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


def values(excerpt: Excerpt, only: Sequence[str] = NAMES) -> tuple[dict[str, float], dict[str, int], dict[str, str]]:
    """Return each metric of an excerpt against the reference that fits best, which one that was, and what failed.

    A metric that has no value for the excerpt (SIR without accompaniment, no window with sound) is left out; one that
    could not be computed is among the failures, with the reason.
    """
    families = [each for each in FAMILIES if set(each.names) & set(only)]
    each, failures = zip(*(_values_against(excerpt, at, families) for at in range(len(excerpt.sources))))
    found: dict[str, float] = {}
    best: dict[str, int] = {}
    for name in only:
        against = torch.tensor([[one.get(name, torch.nan)] for one in each], dtype=torch.float64)
        matched = best_match(against, higher_is_better=name in HIGHER_IS_BETTER)
        if matched.value.isfinite():
            found[name], best[name] = matched.value.item(), int(matched.reference)
    failed = {name: why for one in failures for name, why in one.items() if name in only and name not in found}
    return found, best, failed


def write(path: Path, rows: Sequence[Measured]) -> None:
    """Write the manifest's rows in order with one column a metric, empty where there is no value.

    `missing` says why, `remarks` what may be wrong with a sound that was measured. Where a pair has several
    references, `<metric>_reference` names the file that fitted best.
    """
    names = [name for name in NAMES if any(name in row.values or name in row.missing for row in rows)]
    manifest.write(path, [row.pair for row in rows], [_columns(row, names) for row in rows])


def missing_counts(rows: Sequence[Measured]) -> dict[str, int]:
    """Return in how many rows each metric has no value, for those that lack one: a mean over the rest is not of all."""
    counts = {name: sum(name in row.missing for row in rows) for name in NAMES}
    return {name: count for name, count in counts.items() if count}


def _row(pair: Pair, only: Sequence[str]) -> Measured:
    try:
        excerpt = load(pair)
        found, best, failed = values(excerpt, only)
    except BadInput as error:
        return _unmeasured(pair, only, str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other rows are worth hours
        return _unmeasured(pair, only, missing.unforeseen(error))
    absent = {name: failed.get(name) or missing.reason(name, excerpt) for name in only if name not in found}
    return Measured(pair, found, best, absent, missing.sentence(failed), excerpt.remarks)


def _unmeasured(pair: Pair, only: Sequence[str], why: str) -> Measured:
    return Measured(pair, missing=dict.fromkeys(only, why), error=why)


def _values_against(excerpt: Excerpt, at: int, families: Sequence[Family]) -> tuple[dict[str, float], dict[str, str]]:
    """Return the values against one reference, and why those are missing that could not be computed."""
    found: dict[str, float] = {}
    failed: dict[str, str] = {}
    for family in families:
        try:
            with torch.no_grad():
                measured = family.measure(excerpt.estimate[None], excerpt.sources[at][None], excerpt.rate)
            found |= {name: float(value) for name, value in measured.items()}
        except BadInput as error:
            failed |= dict.fromkeys(family.names, str(error))
        except Exception as error:  # noqa: BLE001 - one metric that fails costs the row no other
            failed |= dict.fromkeys(family.names, missing.unforeseen(error))
    return found, failed


def _columns(row: Measured, names: Sequence[str]) -> dict[str, str]:
    found = {name: f"{row.values[name]:.6g}" if name in row.values else "" for name in names}
    if len(row.pair.references) > 1:
        found |= {f"{name}_reference": row.pair.references[at].name for name, at in row.best.items()}
    why = missing.sentence(row.missing) if row.values else row.error
    return found | {"missing": why, "remarks": "; ".join(row.remarks)}


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
