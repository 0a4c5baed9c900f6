"""Metrics of a manifest that are measured once: values are kept by what the files hold, and by the code."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache as once
from functools import lru_cache
from pathlib import Path

import pandas as pd

from lossmodel.errors import BadInput
from lossmodel.files import read_json, sha256, write_json
from lossmodel.manifest import Pair
from lossmodel.metrics.families import NAMES
from lossmodel.metrics.measure import measure
from lossmodel.progress import Report, silent


def values(
    pairs: Sequence[Pair], *, folder: Path | None = None, only: Sequence[str] = NAMES, report: Report = silent
) -> pd.DataFrame:
    """Return one row a pair: item, condition and a column a metric, empty where it has no value.

    What was measured before, of files with the same content by the same code, is read from `folder`. A row whose
    audio cannot be measured has no values.
    """
    hashed = lru_cache(maxsize=None)(_content)
    keys = [_key(pair, only, hashed) for pair in pairs]
    known = {key: found for key in keys if (found := _recalled(key, folder)) is not None}
    new = {key: pair for key, pair in zip(keys, pairs) if key not in known}
    for key, row in zip(new, measure(list(new.values()), only=only, report=report)):
        known[key] = row.values
        if folder is not None and not row.error:
            write_json(folder / f"{key}.json", row.values)
    rows = [{"item": pair.item, "condition": pair.condition, **known[key]} for key, pair in zip(keys, pairs)]
    return pd.DataFrame(rows, columns=["item", "condition", *only])


def _key(pair: Pair, only: Sequence[str], hashed: Callable[[Path], str]) -> str:
    other = [hashed(path) if path else "none" for path in (pair.mixture, pair.accompaniment)]
    parts = [_code(), *only, hashed(pair.estimate), *other, *map(hashed, pair.references)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _recalled(key: str, folder: Path | None) -> dict[str, float] | None:
    """Return kept values; None where there are none, or damaged ones, so that they are measured again."""
    if folder is None:
        return None
    try:
        found = read_json(folder / f"{key}.json")
    except BadInput:
        return None
    return found if isinstance(found, dict) else None


def _content(path: Path) -> str:
    """Return the hash of a file; its path where it cannot be read, which `measure` says."""
    try:
        return sha256(path)
    except OSError:
        return f"unreadable: {path}"


@once
def _code() -> str:
    """Return a hash of the sources and fitted weights of all metrics."""
    sources = sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in {".py", ".json"})
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
